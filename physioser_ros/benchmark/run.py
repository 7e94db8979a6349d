"""The stages of the benchmark, from a list of models to findings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from physioser_ros.benchmark import findings as names
from physioser_ros.benchmark.contestant import Absent, Contestant, Entry
from physioser_ros.benchmark.counts import count
from physioser_ros.benchmark.findings import Findings, model_name, ModelFile, part_name
from physioser_ros.benchmark.machine import describe, LoadWatch
from physioser_ros.benchmark.nodes import recogniser, running
from physioser_ros.benchmark.ours import model_feed, recorded_configuration
from physioser_ros.benchmark.parts import PARTS, read_graph
from physioser_ros.benchmark.sound import REFERENCE_S
from physioser_ros.benchmark.timing import judge, Timing
from physioser_ros.benchmark.turns import take_turns, WARM_UP_ROUNDS

#: Stages and what they measure, in their order.
STAGES = {
    'model': 'each model file as a whole',
    'parts': 'the parts of the default model',
    'voice': 'voice activity detectors and segmenter',
    'peers': 'what else could be installed',
    'threads': 'models and peers on two threads',
    'growth': 'cost against the length of the utterance',
    'latency': 'from node to node, and memory over a soak',
    'running': 'both nodes in a quiet room and in speech',
}
#: Lengths of the utterance for the growth, in s.
LENGTHS_S = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 12.0, 15.0)

_OURS = 'physioser_ros.benchmark.ours:'
_PEERS = 'physioser_ros.benchmark.peers:'


@dataclass(frozen=True)
class Effort:
    """How much a run measures."""

    rounds: int
    """Turns of each contestant."""
    utterances: int
    """Utterances whose latency is measured."""
    soak: int
    """Utterances of the soak."""
    running_s: float
    """Seconds for which the running nodes are watched, each time."""


FULL = Effort(rounds=25, utterances=100, soak=320, running_s=20.0)
QUICK = Effort(rounds=5, utterances=10, soak=32, running_s=4.0)


@dataclass(frozen=True)
class Given:
    """What the user gave."""

    models: Mapping[str, Path]
    """Model files by name, the default one first; their digests are in the manifests."""
    effort: Effort
    speech: Optional[Path] = None
    """A recording of speech, None for the demonstration."""


def measure(given: Given, stages: Sequence[str],
            advance: Callable[[str, str], None] = lambda stage, text: None) -> Findings:
    """
    Run stages and judge their noise.

    :param given: models and effort
    :param stages: some of `STAGES`
    :param advance: called with the stage and what was done in it, see `steps`
    :raises ModelError: a model cannot be loaded
    """
    watch = LoadWatch()
    found = Findings(describe(), watch.load_average_before, _models(given), REFERENCE_S)
    default = next(iter(given.models.values()))
    config = _config(default, found)
    entries = _entries(given, stages, config)
    if entries:
        found.one_thread = take_turns(entries, given.effort.rounds,
                                      advance=lambda text: advance('turns', text))
        found.absent.update(found.one_thread.absent)
    if 'parts' in stages:
        _attempt(found, 'counts', lambda: found.work.update(
            count(read_graph(default), model_feed(str(default), REFERENCE_S))))
    if 'threads' in stages:
        found.two_threads = take_turns(_threaded(given, stages, config), given.effort.rounds,
                                       advance=lambda text: advance('threads', text))
    if 'growth' in stages:
        _attempt(found, 'growth', lambda: found.lengths.update(
            _growth(default, given.effort, lambda text: advance('growth', text))))
    parameters = {'model.path': str(default)}
    if 'latency' in stages:
        def latency() -> None:
            found.latency, found.memory = recogniser(
                parameters, given.effort.utterances, given.effort.soak,
                lambda text: advance('latency', text))
        _attempt(found, 'latency', latency)
    if 'running' in stages:
        for processes in (1, 2):
            def run(processes: int = processes) -> None:
                found.running[processes] = running(
                    parameters, processes, given.effort.running_s, given.speech,
                    lambda text: advance('running', text))
            _attempt(found, f'both nodes, {processes} process{"es" * (processes > 1)}', run)
    found.background_cores = watch.background_cores()
    found.noise = judge(_judged(found), found.background_cores)
    return found


def steps(given: Given, stages: Sequence[str]) -> Dict[str, int]:
    """Return how often `measure` advances in each kind of work, for a progress bar."""
    effort = given.effort
    amounts = {}
    entries = _entries(given, stages, {})
    if entries:
        amounts['turns'] = len(entries) + effort.rounds
    if 'threads' in stages:
        amounts['threads'] = len(_threaded(given, stages, {})) + effort.rounds
    if 'growth' in stages:
        amounts['growth'] = effort.rounds
    if 'latency' in stages:
        amounts['latency'] = effort.utterances + effort.soak // max(1, effort.soak // 32)
    if 'running' in stages:
        amounts['running'] = 4
    return amounts


def _models(given: Given) -> Dict[str, ModelFile]:
    from physioser_ros.inference import load_model

    files = {}
    for name, path in given.models.items():
        metadata = load_model(path).metadata
        figures = metadata.raw.get('figures')
        files[name] = ModelFile(name, metadata.precision, path.stat().st_size / 1e6,
                                figures if isinstance(figures, dict) else {})
    return files


def _config(path: Path, found: Findings) -> Mapping[str, Any]:
    try:
        return recorded_configuration(path)
    except Absent as error:
        found.absent['configuration'] = f'{error}; peers of its size have the default one'
        return {}


def _entries(given: Given, stages: Sequence[str], config: Mapping[str, Any]) -> List[Entry]:
    """Return all contestants on one thread; those that are compared stand side by side."""
    default = str(next(iter(given.models.values())))
    speech = str(given.speech or '')
    entries: List[Entry] = []
    if set(stages) & {'model', 'parts', 'peers'}:
        entries += _common(given, 1)
    if 'peers' in stages:
        entries += _peers(config, 1, with_conversion=True)
        entries.append(Entry(names.SPEECHBRAIN, f'{_PEERS}speechbrain_encoder',
                             {'config': config}))
    if 'parts' in stages:
        entries += [Entry(part_name(part), f'{_OURS}part', {'path': default, 'name': part})
                    for part in PARTS]
        entries.append(Entry(names.NUMPY_QUARTET, f'{_OURS}numpy_quartet',
                             {'options': config.get('quartet', {})}))
    if 'voice' in stages:
        entries += [Entry(f'voice activity {name}', f'{_OURS}voice_activity',
                          {'name': name, 'speech': speech})
                    for name in ('webrtc', 'silero', 'cascade')]
        entries.append(Entry(names.SEGMENTER, f'{_OURS}segmentation', {'speech': speech}))
    return entries


def _common(given: Given, threads: int) -> List[Entry]:
    return [Entry(names.PEAK, f'{_OURS}fma_peak', threads=threads),
            *(Entry(model_name(name), f'{_OURS}model', {'path': str(path)}, threads)
              for name, path in given.models.items())]


def _peers(config: Mapping[str, Any], threads: int, *, with_conversion: bool) -> List[Entry]:
    entries = [Entry(names.OPENSMILE, f'{_PEERS}opensmile_svm', threads=threads),
               Entry(names.BACKBONE_TORCH, f'{_PEERS}backbone_torch', {'config': config},
                     threads),
               Entry(names.BACKBONE_ORT, f'{_PEERS}backbone_onnxruntime', {'config': config},
                     threads),
               Entry(names.WAV2VEC2_TORCH, f'{_PEERS}wav2vec2_torch', threads=threads)]
    if with_conversion:
        entries.append(Entry(names.WAV2VEC2_ORT, f'{_PEERS}wav2vec2_onnxruntime',
                             threads=threads))
    return entries


def _threaded(given: Given, stages: Sequence[str], config: Mapping[str, Any]) -> List[Entry]:
    entries = _common(given, 2)
    if 'peers' in stages:
        entries += _peers(config, 2, with_conversion=False)
    return entries


def _attempt(found: Findings, name: str, action: Callable[[], Any]) -> None:
    """Do something whose absence the page tells."""
    try:
        action()
    except Absent as error:
        found.absent[name] = str(error)


def _growth(path: Path, effort: Effort, advance: Callable[[str], None]) -> Dict[float, Timing]:
    """Return the timing of a model at each length that it takes, all lengths in turn."""
    from physioser_ros.inference import load_model

    metadata = load_model(path).metadata
    fits = [length for length in LENGTHS_S
            if metadata.min_samples <= length * metadata.sample_rate <= metadata.max_samples]
    taken: Dict[float, List[Tuple[float, float]]] = {length: [] for length in fits}
    with Contestant(Entry('growth', f'{_OURS}model', {'path': str(path)})) as contestant:
        contestant.readiness()
        for number in range(-WARM_UP_ROUNDS, effort.rounds):
            for length in fits:
                turn = contestant.turn(length)
                if number >= 0:
                    taken[length].append(turn)
            if number >= 0:
                advance(f'round {number + 1} of {effort.rounds}')
    return {length: Timing(*np.array(turns).T) for length, turns in taken.items()}


def _judged(found: Findings) -> Dict[str, Timing]:
    timings: Dict[str, Timing] = {}
    for suffix, outcome in (('', found.one_thread), (', two threads', found.two_threads)):
        if outcome:
            timings.update({f'{name}{suffix}': timing
                            for name, timing in outcome.timings.items()})
    timings.update({f'{length:g} s of sound': timing
                    for length, timing in found.lengths.items()})
    return timings
