"""Findings of a machine that does not exist, complete."""

import numpy as np

from physioser_ros.benchmark import cuts, findings as names
from physioser_ros.benchmark.answers import Answering
from physioser_ros.benchmark.contestant import Readiness
from physioser_ros.benchmark.counts import Work
from physioser_ros.benchmark.crowds import Crowd
from physioser_ros.benchmark.findings import Findings, model_name, ModelFile, part_name
from physioser_ros.benchmark.machine import Machine
from physioser_ros.benchmark.nodes import Latency, Memory, Running
from physioser_ros.benchmark.timing import Timing
from physioser_ros.benchmark.turns import Outcome


def timing(cpu_ms):
    """Return five rounds that took the same time."""
    seconds = np.full(5, cpu_ms / 1000)
    return Timing(seconds, seconds)


def findings():
    """Return findings in which nothing is missing."""
    costs = {names.PEAK: 20.0, model_name('balanced'): 40.0, names.OPENSMILE: 100.0,
             names.SPEECHBRAIN: 9.0, part_name('encoder'): 3.0, part_name('backbone'): 30.0,
             part_name('quartet'): 3.0, names.NUMPY_QUARTET: 2.0, names.SEGMENTER: 50.0}
    outcome = Outcome({name: timing(cost) for name, cost in costs.items()},
                      {name: Readiness(1.0, 100.0, {'flop': 2e9, 'sound_s': 20.0})
                       for name in costs}, {'a peer': 'not installed'})
    figures = {'by_corpus': {'mean': {'ua': 0.785, 'wa': 0.797}}}
    crowd = Crowd(np.full(4, 0.05), 5, 0.1, 0.2, 300.0, 2.5)
    return Findings(
        machine=Machine('made up', 2, 8192, 'Linux x86_64', '3.11', {'numpy': '2.0'},
                        '2026-01-01'),
        load_average_before=0.1,
        models={'balanced': ModelFile('balanced', 'float32', 24.9, figures,
                                      'whisper-base 1, 2, 3')},
        utterance_s=3.0, one_thread=outcome, two_threads=outcome,
        work={'encoder': Work(1e8, 1e6), 'backbone': Work(3e9, 1e7)},
        cuts=Outcome({name: timing(cost) for name, cost in {
            model_name('balanced'): 40.0, 'stem': 5.0, 'layer 1': 15.0, 'layer 3': 30.0,
            cuts.TOGETHER: 114.0}.items()}, {}, {}),
        recalls={'stem': 0.5, 'layer 3': 0.75},
        lengths={1.0: timing(20), 3.0: timing(40), 10.0: timing(110)},
        latency=Latency(np.full(9, 0.046), np.full(9, 0.041), np.full(9, 0.001), 2.0),
        memory=Memory(np.array([200.0, 210, 210, 210.5]), 320),
        running={1: Running(0.02, 0.06, 40.0, (0.01, 0.02))},
        answers={3.0: Answering(np.full(3, 0.004), np.full(3, 0.046)),
                 10.0: Answering(np.full(3, 0.004), np.full(3, 0.120))},
        captures={1: crowd, 4: crowd}, robots={1: crowd, 4: crowd},
        absent={'turns: a peer': 'not installed'}, background={'turns': 0.05})
