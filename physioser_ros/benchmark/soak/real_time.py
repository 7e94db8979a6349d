"""Both nodes in processes of their own while people speak, in real time."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import numpy as np
import psutil

from physioser_ros.benchmark.ros_graph import ACTIVE_S, Client, fields, NodeProcess
from physioser_ros.benchmark.soak.scene import scene, sentences
from physioser_ros.benchmark.soak.watch import Log, look, Sample

#: Length of the recording that is played again and again, in s.
PLAYED_S = 600.0
NODES = ('audio_capture', 'emotion_recognizer')


class Lived(NamedTuple):
    """What an hour came to."""

    hours: float
    """Elapsed time in hours."""
    utterances: int
    """Utterances that the capture published, by its own count."""
    answers: int
    """Classifications that arrived here."""
    diagnostics: Dict[str, Dict[str, str]]
    """The last values of each node's diagnostics."""
    codes: Dict[str, Optional[int]]
    """Exit code of each node after SIGINT; None: it had to be killed."""


def played(recordings: Optional[Path], path: Path, seconds: float = PLAYED_S) -> Path:
    """Write a recording of a room with people, whose end and beginning fit together."""
    import soundfile

    parts: List[np.ndarray] = []
    for part in scene(sentences(recordings)):
        parts.append(part)
        if sum(map(len, parts)) > seconds * 16000:
            break
    soundfile.write(path, np.concatenate(parts), 16000, subtype='PCM_16')
    return path


def live(model: Path, hours: float, recordings: Optional[Path], device: Optional[str],
         folder: Path, period_s: float, advance: Callable[[str], None]) -> Lived:
    """
    Let both nodes work and write `processes.csv` and `answers.csv` as they go.

    :param model: model file, listed in the manifest beside it
    :param hours: how long
    :param recordings: see `sentences`
    :param device: microphone that hears the people; None: a file is played in a loop
    :param folder: for the files
    :param period_s: time between two Samples
    :param advance: called with what is done, once a Sample
    :raises Absent: ROS 2 is missing or a node ended
    """
    from physioser_ros.nodes import topics

    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        source: Dict[str, Any] = {'source': 'device', 'device': device}
        if device is None:
            source = {'source': 'file', 'file.loop': True,
                      'file.path': played(recordings, scratch / 'room.wav')}
        client = Client()
        stack.callback(client.close)
        notes, states = client.hear(topics.RESULT_INFO), client.hear(topics.DIAGNOSTICS)
        processes = []
        for name, parameters in zip(NODES, (source, {'model.path': model})):
            processes.append(NodeProcess(name, client.namespace, parameters,
                                         folder / f'{name}.log'))
            stack.callback(processes[-1].close)
        client.until(lambda: len(values_by_node(states)) == 2 and all(
            values['state'] == 'active' for values in values_by_node(states).values()),
            'both nodes', processes, ACTIVE_S)
        answers = _watch(client, processes, notes, states, hours, folder, period_s, advance)
        values = values_by_node(states)
        codes = {process.name: process.end() for process in reversed(processes)}
    return Lived(hours, int(values['audio_capture']['published']), answers, values, codes)


def _watch(client: Client, processes: List[NodeProcess], notes: Any, states: Any, hours: float,
           folder: Path, period_s: float, advance: Callable[[str], None]) -> int:
    """Write rows until the time is over; return how many answers came."""
    held = Log(folder / 'processes.csv', Sample._fields)
    answers = Log(folder / 'answers.csv', ('hours', 'latency_ms', 'processing_ms'))
    watched = {process.name: psutil.Process(process.pid) for process in processes}
    started_s, count = time.perf_counter(), 0
    while time.perf_counter() - started_s < hours * 3600:
        client.spin_for(period_s)
        for process in processes:
            process.check()
        now = (time.perf_counter() - started_s) / 3600
        for arrived_s, message in notes:
            told = fields(message)
            answers.add(((arrived_s - started_s) / 3600, float(told['latency_ms']),
                         float(told['processing_ms'])))
        count += len(notes)
        notes.clear()
        # The last statuses stay, for whoever asks for them.
        del states[:-8]
        for name, process in watched.items():
            held.add(look(process, name, now))
        advance(f'{now * 60:.1f} min, {count} answers')
    held.close()
    answers.close()
    return count


def values_by_node(states: Any) -> Dict[str, Dict[str, str]]:
    """Return the newest values of each node, of what was heard of diagnostics."""
    found = {}
    for _, message in states:
        for name in NODES:
            if f'{name}: ' in message.status[0].name:
                found[name] = fields(message)
    return found
