"""Both nodes while more is asked of them than usual: twenty voices, bursts, deafness, no time."""

from contextlib import ExitStack
import os
from pathlib import Path
import signal
import subprocess
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from physioser_ros.benchmark.ros_graph import ACTIVE_S, Client, NodeProcess, stamp
from physioser_ros.benchmark.soak.lifecycle import Lifecycle
from physioser_ros.benchmark.soak.real_time import NODES, played, values_by_node
from physioser_ros.benchmark.sound import REFERENCE_S, synthetic_speech
from physioser_ros.benchmark.tables import table

VOICES = 20
#: Each voice says a sentence of `REFERENCE_S` once in this time, in s.
PERIOD_S = 6.0
#: How long the last answers are waited for, in s.
SETTLE_S = 60.0

#: Busy loops that starve a machine of as many cores.
BUSY_LOOPS = 2
#: Ends by itself, should nobody be left to end it.
_BUSY = 'import sys, time\nend_s = time.monotonic() + float(sys.argv[1])\n' \
        'while time.monotonic() < end_s:\n    pass'


class Case(NamedTuple):
    """What is asked of the nodes."""

    name: str
    """What it is called in the table."""
    voices: int = VOICES
    """Voices beside the one that the capture hears."""
    together: bool = False
    """Whether all of them end their sentence at the same moment; else one after the other."""
    deaf: bool = False
    """Whether subscribers of everything are stopped and never read."""
    starved: bool = False
    """Whether busy loops run beside."""


CASES = {
    'quiet': Case('nobody else', voices=0),
    'voices': Case('20 voices, one after the other'),
    'bursts': Case('20 voices at the same moment', together=True),
    'deaf': Case('20 voices, and subscribers that never read', deaf=True),
    'starved': Case('20 voices, and two busy loops', starved=True),
}


class Loaded(NamedTuple):
    """What became of it."""

    heard: int
    """Utterances that the capture heard meanwhile."""
    sent: int
    """Utterances of the voices."""
    counts: Dict[str, int]
    """How those of both ended, by the recogniser's own diagnostics."""
    in_order: bool
    """Whether each voice got its answers in the order in which it spoke."""
    answer_s: np.ndarray
    """float64 (answers,): from sending to the answer in s, of the voices."""
    block_age_s: float
    """Oldest last block that the capture told of while it listened, in s."""
    resident_mib: Tuple[float, float]
    """Memory of the recogniser before and after."""

    @property
    def missing(self) -> int:
        """Return how many utterances nobody can account for."""
        return self.heard + self.sent - sum(self.counts.values())


def load(model: Path, case: Case, seconds: float, recordings: Optional[Path]) -> Loaded:
    """
    Put a load on both nodes, each in a process of its own.

    :param model: model file, listed in the manifest beside it
    :param case: which load
    :param seconds: for how long
    :param recordings: what the capture hears, see `sentences`
    :raises Absent: ROS 2 is missing or a node ended
    """
    with ExitStack() as stack:
        crowd = _Crowd(stack, model, case, seconds, recordings)
        before = crowd.recogniser.resident_mib
        crowd.speak(seconds)
        counts, heard = crowd.settle()
        return Loaded(heard, len(crowd.sent), counts, crowd.in_order, crowd.answer_s,
                      crowd.block_age_s, (before, crowd.recogniser.resident_mib))


class _Crowd:
    """The nodes, and voices that speak to the recogniser past the capture."""

    def __init__(self, stack: ExitStack, model: Path, case: Case, seconds: float,
                 recordings: Optional[Path]) -> None:
        from physioser_ros.nodes import topics

        folder = Path(stack.enter_context(TemporaryDirectory()))
        self._case, self._client = case, Client()
        stack.callback(self._client.close)
        self._answers = self._client.hear(topics.CLASSIFICATION)
        self._states = self._client.hear(topics.DIAGNOSTICS)
        publishers = [self._client.publisher(topics.UTTERANCE) for _ in range(case.voices)]
        source = {'source': 'file', 'file.loop': True,
                  'file.path': played(recordings, folder / 'room.wav', 60.0)}
        self._processes = [
            self._start(stack, 'emotion_recognizer', {'model.path': model}, folder),
            self._start(stack, 'audio_capture', source, folder)]
        self.recogniser, self._lifecycle = self._processes[0], Lifecycle(
            self._client, self._processes[:2])
        if case.deaf:
            self._processes += [
                self._start(stack, 'listen', {}, folder),
                self._start(stack, 'emotion_recognizer', {'model.path': model}, folder, 'deaf')]
        self._client.until(
            lambda: self._answers.publishers and self._both_active() and all(
                publisher.get_subscription_count() >= 1 + case.deaf for publisher in publishers),
            'both nodes and who hears them', self._processes, ACTIVE_S)
        for process in self._processes[2:]:
            os.kill(process.pid, signal.SIGSTOP)
            stack.callback(os.kill, process.pid, signal.SIGCONT)
        for _ in range(case.starved * BUSY_LOOPS):
            busy = subprocess.Popen([sys.executable, '-c', _BUSY, str(seconds + SETTLE_S)])
            stack.callback(busy.wait)
            stack.callback(busy.kill)
        self._voices = self._turns(publishers)
        #: Stamp and time of each utterance that was sent.
        self.sent: Dict[Tuple[int, int], float] = {}
        self.block_age_s = 0.0

    def _start(self, stack: ExitStack, name: str, parameters: Dict[str, Any], folder: Path,
               node: str = '') -> NodeProcess:
        process = NodeProcess(name, self._client.namespace, parameters,
                              folder / f'{node or name}.log', node)
        stack.callback(process.close)
        return process

    def _turns(self, publishers: List[Any]) -> Iterator[Callable[[], None]]:
        """Yield what lets the next voice speak, without end."""
        from physioser_ros.nodes.conversions import audio_message, header

        sounds = [synthetic_speech(REFERENCE_S, seed=seed) for seed in range(len(publishers))]
        number = 0
        while publishers:
            for publisher, sound in zip(publishers, sounds):
                number += 1
                message = audio_message(sound, header(number * 10 ** 9))

                def say(publisher: Any = publisher, message: Any = message) -> None:
                    self.sent[stamp(message)] = time.perf_counter()
                    publisher.publish(message)
                yield say

    def speak(self, seconds: float) -> None:
        """Let the voices speak, as often whatever time that takes."""
        together = self._case.voices if self._case.together else 1
        pause_s = PERIOD_S * together / max(1, self._case.voices)
        started_s = time.monotonic()
        for number in range(1, round(seconds / pause_s) + 1):
            for _, say in zip(range(together), self._voices):
                say()
            self._client.spin_for(started_s + number * pause_s - time.monotonic())
            age_s = self._values().get('audio_capture', {}).get('last_block_age_s', 0.0)
            self.block_age_s = max(self.block_age_s, float(age_s))

    def settle(self) -> Tuple[Dict[str, int], int]:
        """Wait for the last answers; return how utterances ended, and how many were heard."""
        self._lifecycle.change('audio_capture', 'deactivate')
        self._states.clear()
        deadline_s = time.monotonic() + SETTLE_S
        while True:
            self._client.spin_for(0.5)
            values = self._values()
            if len(values) < len(NODES):
                continue
            counts, heard = _ends(values['emotion_recognizer']), int(
                values['audio_capture']['published'])
            if sum(counts.values()) >= heard + len(self.sent) or time.monotonic() > deadline_s:
                return counts, heard

    @property
    def in_order(self) -> bool:
        """Return whether each voice got its answers in the order in which it spoke."""
        came = [stamp(message)[0] for _, message in self._answers if stamp(message) in self.sent]
        voices = [[number for number in came if number % self._case.voices == voice]
                  for voice in range(self._case.voices)]
        return all(numbers == sorted(numbers) for numbers in voices)

    @property
    def answer_s(self) -> np.ndarray:
        """Return the time to each answer to a voice, in s."""
        return np.array([arrived_s - self.sent[stamp(message)] for arrived_s, message
                         in self._answers if stamp(message) in self.sent])

    def _both_active(self) -> bool:
        values = self._values()
        return len(values) == len(NODES) and all(
            value['state'] == 'active' for value in values.values())

    def _values(self) -> Dict[str, Dict[str, str]]:
        del self._states[:-8]
        return values_by_node(self._states)


def _ends(values: Dict[str, str]) -> Dict[str, int]:
    """Return how utterances ended, by the diagnostics of the recogniser."""
    dropped = sum(int(value) for name, value in values.items() if name.startswith('dropped.'))
    return {'answered': int(values['results']), 'dropped': dropped, 'lost': int(values['lost']),
            'failed': int(values['errors']) + int(values['bad_format'])}


def busyness() -> str:
    """Return how busy the machine is, in a sentence."""
    cores = os.cpu_count() or 1
    return (f'Load of the machine right before: {os.getloadavg()[0] / cores:.1f} processes for '
            f'each of {cores} cores.')


def page(found: Dict[str, Loaded], busy: str) -> str:
    """
    Return the table.

    :param found: what became of each case, by its key
    :param busy: what `busyness` said before
    """
    head = ['beside the capture', 'utterances', 'answered', 'dropped', 'lost', 'unaccounted',
            'in order', 'to the answer: median', '95 %', 'longest', 'oldest block',
            "recogniser's memory"]
    rows = []
    for key, one in found.items():
        times = [f'{value:.2f} s' for value in (
            np.percentile(one.answer_s, (50, 95, 100)) if len(one.answer_s) else ())]
        before, after = one.resident_mib
        rows.append([
            CASES[key].name, f'{one.sent} + {one.heard}',
            *(str(one.counts[name]) for name in ('answered', 'dropped', 'lost')),
            str(one.missing), 'yes' if one.in_order else '**no**', *(times or ['–'] * 3),
            f'{one.block_age_s:.2f} s', f'{after:.1f} MiB ({after - before:+.1f})'])
    return f'{busy}\n\n{table(head, rows)}'
