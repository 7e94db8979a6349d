"""Several capture nodes at one recogniser, and several robots on one graph."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np

from physioser_ros.benchmark.nodes import answer_times, SETTLE_S
from physioser_ros.benchmark.ros_graph import Client, Heard, NodeProcess
from physioser_ros.benchmark.sound import recording, SAMPLE_RATE

#: Longest time for all to become active, in s; they start at the same time.
ALL_ACTIVE_S = 180.0
#: How many capture nodes, and how many robots, are tried.
COUNTS = (1, 2, 4)


@dataclass(frozen=True, eq=False)
class Crowd:
    """What several nodes do while somebody speaks to each of them most of the time."""

    answer_s: np.ndarray
    """float64 (answers,): from `audio/utterance` to `emotion/classification`, both heard, in s."""
    utterances: int
    """Utterances heard; those that were not answered are missing in `answer_s`."""
    recognition_cores: float
    """Share of a core of what recognises; for robots, of both their nodes."""
    capture_cores: float
    """Share of a core of the capture nodes together; 0 for robots."""
    resident_mib: float
    """Resident memory of all processes in MiB; what they share counts in each."""
    start_s: float
    """From the first start until all are active and seen, in s."""


def captures(model: Mapping[str, str], count: int, seconds: float,
             speech: Optional[Path]) -> Crowd:
    """
    Measure one recogniser that hears several capture nodes, each a process.

    :param model: parameters of the recogniser, see `nodes.recogniser`
    :param count: capture nodes
    :param seconds: how long they are watched
    :param speech: a recording, None for the demonstration
    :raises Absent: ROS 2 is missing or a node does not work
    """
    def start(folder: Path, client: Client, source: Mapping[str, Any]) -> List[NodeProcess]:
        space = client.namespace
        return [NodeProcess('emotion_recognizer', space, model, folder / 'log'),
                *(NodeProcess('audio_capture', space, source, folder / f'log{number}',
                              node=f'audio_capture_{number}') for number in range(count))]
    return _watch(start, [''], 1, count, seconds, speech)


def robots(model: Mapping[str, str], count: int, seconds: float,
           speech: Optional[Path]) -> Crowd:
    """
    Measure robots that share a graph, each with both nodes in a process and its own namespace.

    :param count: robots; the others as for `captures`
    """
    spaces = [f'/robot_{number}' for number in range(count)]

    def start(folder: Path, client: Client, source: Mapping[str, Any]) -> List[NodeProcess]:
        return [NodeProcess('ser', space, {**model, **source}, folder / f'log{number}')
                for number, space in enumerate(spaces)]
    return _watch(start, spaces, count, 1, seconds, speech)


def _watch(start: Callable[..., List[NodeProcess]], spaces: Sequence[str], recognisers: int,
           publishers: int, seconds: float, speech: Optional[Path]) -> Crowd:
    """Start processes, those that recognise first, and watch them."""
    import soundfile

    from physioser_ros.nodes import topics

    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        soundfile.write(folder / 'sound.wav', recording(speech), SAMPLE_RATE)
        source = {'source': 'file', 'file.path': folder / 'sound.wav', 'file.loop': True,
                  'file.wait_for_subscriber': True}
        client = Client()
        stack.callback(client.close)
        heard = [(client.hear(topics.UTTERANCE, space), client.hear(topics.CLASSIFICATION, space))
                 for space in spaces]
        started_s = time.perf_counter()
        processes = start(folder, client, source)
        for process in processes:
            stack.callback(process.close)
        client.until(lambda: all(utterances.publishers == publishers and answers.publishers
                                 for utterances, answers in heard),
                     'all nodes', processes, ALL_ACTIVE_S)
        start_s = time.perf_counter() - started_s
        client.spin_for(SETTLE_S)
        cores = _cores(processes, lambda: client.spin_for(seconds))
        # What was said last is answered within this time, or is lost.
        client.spin_for(SETTLE_S)
        for process in processes:
            process.check()
        return Crowd(
            np.array(_times(heard)), sum(len(utterances) for utterances, _ in heard),
            sum(cores[:recognisers]), sum(cores[recognisers:]),
            sum(process.resident_mib for process in processes), start_s)


def _cores(processes: Sequence[NodeProcess], wait: Callable[[], None]) -> List[float]:
    """Return the share of a core that each process uses while `wait` runs."""
    started_s, before = time.monotonic(), [process.cpu_s for process in processes]
    wait()
    elapsed_s = time.monotonic() - started_s
    return [(process.cpu_s - cpu_s) / elapsed_s for process, cpu_s in zip(processes, before)]


def _times(heard: Sequence[Sequence[Heard]]) -> List[float]:
    return [taken for utterances, answers in heard for taken in answer_times(utterances, answers)]


def per_robot(robots_: Mapping[int, Crowd]) -> Dict[int, float]:
    """Return the share of a core that each robot needs, by how many there are."""
    return {count: crowd.recognition_cores / count for count, crowd in robots_.items()}
