"""Both nodes through their lifecycle again and again."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import psutil

from physioser_ros.benchmark.ros_graph import Client, NodeProcess
from physioser_ros.benchmark.soak.lifecycle import Lifecycle
from physioser_ros.benchmark.soak.real_time import NODES, played
from physioser_ros.benchmark.soak.watch import growth, look, Sample, span
from physioser_ros.benchmark.sound import REFERENCE_S, synthetic_speech
from physioser_ros.benchmark.tables import table

#: What one cycle is: the transitions up, until an utterance is answered, and down again.
WAYS = {
    'configure to cleanup': (('configure', 'activate'), ('deactivate', 'cleanup')),
    'activate, deactivate': (('activate',), ('deactivate',)),
}


class Turned(NamedTuple):
    """What cycles left behind in a process."""

    way: str
    """Key of `WAYS`."""
    process: str
    """Which node."""
    samples: Tuple[Sample, ...]
    """The process after each cycle; their hours are numbers of cycles."""


def turn(model: Path, cycles: int, device: Optional[str],
         advance: Callable[[str], None]) -> List[Turned]:
    """
    Take both nodes, in processes of their own, through cycles.

    :param model: model file, listed in the manifest beside it
    :param cycles: how many of each way
    :param device: microphone that is opened each time; None: a file
    :param advance: called with what is done
    :raises Absent: ROS 2 is missing, a node ended, refused a transition or gave no answer
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        source: Dict[str, Any] = {'source': 'device', 'device': device}
        if device is None:
            source = {'source': 'file', 'file.path': played(None, folder / 'room.wav', 60.0),
                      'file.loop': True}
        nodes = _Nodes(stack, {'audio_capture': source,
                               'emotion_recognizer': {'model.path': model}}, folder)
        found = []
        for way, (up, down) in WAYS.items():
            if 'configure' not in up:
                nodes.change('configure')
            samples: Dict[str, List[Sample]] = {name: [] for name in NODES}
            for number in range(cycles):
                for transition in up:
                    nodes.change(transition)
                nodes.say()
                for transition in down:
                    nodes.change(transition)
                for name, sample in nodes.look(number + 1):
                    samples[name].append(sample)
                advance(f'{way}: {number + 1} of {cycles}')
            found += [Turned(way, name, tuple(samples[name])) for name in NODES]
        return found


class _Nodes:
    """Both nodes, unconfigured, and whoever changes their state and speaks to them."""

    def __init__(self, stack: ExitStack, parameters: Dict[str, Dict[str, Any]],
                 folder: Path) -> None:
        from physioser_ros.nodes import topics

        self._client = Client()
        stack.callback(self._client.close)
        self._answers = self._client.hear(topics.CLASSIFICATION)
        self._voice = self._client.publisher(topics.UTTERANCE)
        self._sound = synthetic_speech(REFERENCE_S)
        self._processes = []
        for name in NODES:
            self._processes.append(NodeProcess(
                name, self._client.namespace, {'autostart': False, **parameters[name]},
                folder / name))
            stack.callback(self._processes[-1].close)
        self._lifecycle = Lifecycle(self._client, self._processes)
        self._lifecycle.wait()
        self._watched = {process.name: psutil.Process(process.pid)
                         for process in self._processes}

    def change(self, transition: str) -> None:
        """Change the state of both, of the one that hears first on the way up."""
        up = transition in ('configure', 'activate')
        for name in reversed(NODES) if up else NODES:
            self._lifecycle.change(name, transition)

    def say(self) -> None:
        """Say a sentence and wait for the answer."""
        from physioser_ros.nodes.conversions import audio_message, header

        self._client.until(lambda: self._answers.publishers
                           and self._voice.get_subscription_count(),
                           'the recogniser to listen', self._processes)
        self._answers.clear()
        self._voice.publish(audio_message(self._sound, header(10 ** 9)))
        self._client.until(lambda: self._answers, 'the answer', self._processes)

    def look(self, number: int) -> List[Tuple[str, Sample]]:
        """Return what each process holds after so many cycles."""
        return [(name, look(process, name, float(number)))
                for name, process in self._watched.items()]


def page(found: List[Turned]) -> str:
    """Return the table."""
    rows = []
    for way, process, samples in found:
        resident = [sample.resident_mib for sample in samples]
        late = samples[len(samples) // 4:]
        rows.append([way, process, str(len(samples)), f'{late[0].resident_mib:.1f} MiB',
                     f'{resident[-1]:.1f} MiB', f'{growth(resident):+.1f} MiB',
                     *(span([getattr(sample, what) for sample in late])
                       for what in ('threads', 'descriptors'))])
    return table(['cycle', 'process', 'cycles', 'after a quarter', 'at the end', 'growth',
                  'threads', 'files'], rows)
