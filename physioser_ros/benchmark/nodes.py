"""Latency, memory and running cost of the nodes, as their users see them."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from physioser_ros.benchmark.contestant import Absent
from physioser_ros.benchmark.ros_graph import (
    ACTIVE_S, Client, fields, Heard, NodeProcess, stamp, usage)
from physioser_ros.benchmark.sound import recording, REFERENCE_S, SAMPLE_RATE, synthetic_speech

#: Noise of a quiet room, of full scale.
ROOM_NOISE = 3e-4
#: Time for the nodes to calm down before something is measured, in s.
SETTLE_S = 2.0
#: Shortest and longest utterance of the soak in s.
SOAK_S = (1.0, 10.0)

_Advance = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Latency:
    """From `audio/utterance` published to `emotion/classification` received, two processes."""

    total_s: np.ndarray
    """float64 (utterances,): elapsed time in s."""
    model_s: np.ndarray
    """float64 (utterances,): the model's own time as the node tells it, in s."""
    queued_s: np.ndarray
    """float64 (utterances,): waiting in the recogniser, in s."""
    start_s: float
    """From the start of the recogniser's process to its first answer in s."""


@dataclass(frozen=True, eq=False)
class Memory:
    """Resident memory of the recogniser over a soak."""

    resident_mib: np.ndarray
    """float64 (samples,): MiB after equally many utterances each."""
    utterances: int
    """How many utterances of random length it answered."""

    @property
    def growth_mib(self) -> float:
        """Return the growth over the last three quarters in MiB."""
        return growth(self.resident_mib)


@dataclass(frozen=True)
class Running:
    """What both nodes use while they run."""

    idle_cores: float
    """Share of a core while nobody speaks."""
    speech_cores: float
    """Share of a core while somebody speaks most of the time, recognition included."""
    idle_wakeups: float
    """How often a second their threads go to sleep, while nobody speaks."""
    answer_s: Tuple[float, ...]
    """From `audio/utterance` to `emotion/classification`, both as another process hears them."""


def growth(resident: np.ndarray) -> float:
    """
    Return the last value minus the one after the first quarter.

    :param resident: float (samples,), 4 at least
    """
    return float(resident[-1] - resident[len(resident) // 4])


def recogniser(model: Mapping[str, str], rounds: int, soak: int,
               advance: _Advance) -> Tuple[Latency, Memory]:
    """
    Measure latency and memory of the recogniser in its own process.

    :param model: its parameters `model.path` and, where needed, `model.sha256`
    :param rounds: utterances of 3 s whose latency is measured
    :param soak: utterances of random length afterwards
    :param advance: called with what is done
    :raises Absent: ROS 2 is missing or the node does not work
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        started_s = time.perf_counter()
        talk, process = start_recogniser(stack, model, folder)
        talk.say(REFERENCE_S)
        first_s = time.perf_counter() - started_s
        talks = []
        for number in range(rounds):
            talks.append(talk.say(REFERENCE_S))
            advance(f'utterance {number + 1} of {rounds}')
        return (Latency(*np.array(talks).T, start_s=first_s),
                _soak(talk, process, soak, advance))


def start_recogniser(stack: ExitStack, model: Mapping[str, str],
                     folder: Path) -> Tuple['Talk', NodeProcess]:
    """
    Start a recogniser and whoever talks to it.

    :param stack: what ends both
    :param model: see `recogniser`
    :param folder: for its log
    """
    from physioser_ros.nodes import topics

    client = Client()
    stack.callback(client.close)
    answers, notes = client.hear(topics.CLASSIFICATION), client.hear(topics.RESULT_INFO)
    early = client.hear(topics.PARTIAL)
    utterances = client.publisher(topics.UTTERANCE)
    candidates = client.publisher(topics.UTTERANCE_ANTICIPATED)
    process = NodeProcess('emotion_recognizer', client.namespace, model, folder / 'log')
    stack.callback(process.close)
    client.until(lambda: answers.publishers and notes.publishers and early.publishers
                 and utterances.get_subscription_count()
                 and candidates.get_subscription_count(),
                 'the recogniser', [process], ACTIVE_S)
    return Talk(client, utterances, candidates, answers, notes, early, [process]), process


class Talk:
    """Says one utterance after the other and waits for each answer."""

    def __init__(self, client: Client, publisher: Any, candidates: Any, answers: Heard,
                 notes: Heard, early: Heard, processes: Sequence[NodeProcess]) -> None:
        self._client, self._publisher, self._processes = client, publisher, processes
        self._candidates = candidates
        self._answers, self._notes, self._early = answers, notes, early
        self._count = 0
        self._sounds: Dict[float, np.ndarray] = {}

    def say(self, seconds: float) -> Tuple[float, float, float]:
        """Return total, model and queue time in s of one utterance."""
        return self._publish(self._message(seconds))

    def say_ahead(self, seconds: float, pause_s: float) -> float:
        """
        Return the total time in s of an utterance that was announced before its end.

        :param seconds: its length
        :param pause_s: from the announcement to the end
        """
        message = self._message(seconds)
        self._early.clear()
        self._candidates.publish(message)
        self._client.spin_for(pause_s)
        return self._publish(message)[0]

    def _message(self, seconds: float) -> Any:
        from physioser_ros.nodes.conversions import audio_message, header

        if seconds not in self._sounds:
            self._sounds[seconds] = synthetic_speech(seconds)
        # Far enough apart that each is an utterance of its own.
        self._count += 1
        return audio_message(self._sounds[seconds], header(self._count * 60 * 10 ** 9, 'bench'))

    def _publish(self, message: Any) -> Tuple[float, float, float]:
        self._answers.clear()
        self._notes.clear()
        sent_s = time.perf_counter()
        self._publisher.publish(message)
        self._client.until(lambda: self._answers and self._notes, 'an answer', self._processes)
        arrived_s, _ = self._answers[0]
        told = fields(self._notes[-1][1])
        return (arrived_s - sent_s, float(told['processing_ms']) / 1000,
                float(told['queued_ms']) / 1000)


def _soak(talk: Talk, process: NodeProcess, utterances: int, advance: _Advance) -> Memory:
    random = np.random.default_rng(0)
    every = max(1, utterances // 32)
    resident: List[float] = [process.resident_mib]
    for number in range(utterances):
        talk.say(round(float(random.uniform(*SOAK_S)), 1))
        if (number + 1) % every == 0:
            resident.append(process.resident_mib)
            advance(f'soak {number + 1} of {utterances}')
    return Memory(np.array(resident), utterances)


def running(model: Mapping[str, str], processes: int, seconds: float,
            speech: Optional[Path], advance: _Advance) -> Running:
    """
    Measure what both nodes use, fed in real time with a quiet room and then with speech.

    :param model: see `recogniser`
    :param processes: 1 for the executable with both nodes, 2 for one each
    :param seconds: how long each is measured
    :param speech: a recording, None for the demonstration
    :param advance: called with what is done
    :raises Absent: ROS 2 is missing or a node does not work
    """
    noise = np.random.default_rng(0).standard_normal(round(10 * SAMPLE_RATE))
    room = np.rint(noise * ROOM_NOISE * 32767).astype(np.int16)
    idle, wakeups, _ = _fed(model, processes, seconds, room)
    advance(f'quiet room, {processes} process(es)')
    busy, _, answers = _fed(model, processes, seconds, recording(speech))
    advance(f'speech, {processes} process(es)')
    return Running(idle, busy, wakeups, tuple(answers))


def _fed(model: Mapping[str, str], processes: int, seconds: float,
         sound: np.ndarray) -> Tuple[float, float, List[float]]:
    """Return share of a core, sleeps a second and answer times in s over a looped sound."""
    import soundfile

    from physioser_ros.nodes import topics

    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        soundfile.write(folder / 'sound.wav', sound, SAMPLE_RATE)
        source = {'source': 'file', 'file.path': folder / 'sound.wav', 'file.loop': True,
                  'file.wait_for_subscriber': True}
        client = Client()
        stack.callback(client.close)
        utterances, answers = client.hear(topics.UTTERANCE), client.hear(topics.CLASSIFICATION)
        started = []
        executables = (('ser', {**model, **source}),) if processes == 1 else (
            ('emotion_recognizer', model), ('audio_capture', source))
        for number, (module, parameters) in enumerate(executables):
            started.append(NodeProcess(module, client.namespace, parameters,
                                       folder / f'log{number}'))
            stack.callback(started[-1].close)
        client.until(lambda: utterances.publishers and answers.publishers, 'both nodes',
                     started, ACTIVE_S)
        client.spin_for(SETTLE_S)
        cores, sleeps = usage(started, lambda: client.spin_for(seconds))
        for process in started:
            process.check()
        return cores, sleeps, answer_times(utterances, answers)


def answer_times(utterances: Heard, answers: Heard) -> List[float]:
    """Return from each utterance to its answer in s, both as they were heard."""
    heard = {stamp(message): arrived_s for arrived_s, message in utterances}
    return [arrived_s - heard[stamp(message)] for arrived_s, message in answers
            if stamp(message) in heard]


def percentile_ms(values_s: Sequence[float], share: float) -> float:
    """
    Return a percentile in ms.

    :param values_s: seconds, one at least
    :param share: in percent
    :raises Absent: there is no value
    """
    if not len(values_s):
        raise Absent('nothing was answered')
    return 1000 * float(np.percentile(np.asarray(values_s), share))
