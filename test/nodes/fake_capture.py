"""A capture without sound: it does what a test tells it and remembers what the node asked."""

from dataclasses import dataclass
import threading

import numpy as np

from physioser_ros.audio.block import AudioBlock, Utterance


@dataclass(frozen=True)
class FakeStatus:
    """The part of a CaptureStatus that a node needs to know."""

    level: str = 'ok'
    text: str = 'listening'
    state: str = 'listening'
    device: str = 'a microphone of air'
    overflows: int = 3


class FakeCapture:
    """Stands for :class:`physioser_ros.audio.capture.Capture`."""

    #: Set by a test to let the next configure or start fail.
    failure = None
    #: The capture created last.
    last = None

    def __init__(self, options, *, now_ns, on_utterance, on_voice, on_block=None,
                 on_partial=None, on_anticipated=None, on_notice=None, on_finished=None):
        self.options, self.now_ns = options, now_ns
        self.on_utterance, self.on_voice, self.on_block = on_utterance, on_voice, on_block
        self.on_partial, self.on_anticipated = on_partial, on_anticipated
        self.on_notice, self.on_finished = on_notice, on_finished
        self.finished = threading.Event()
        self.calls = []
        FakeCapture.last = self

    def configure(self):
        """Fail if the test wants it."""
        self.calls.append('configure')
        if FakeCapture.failure is not None:
            raise FakeCapture.failure

    def start(self):
        """Remember."""
        self.calls.append('start')

    def stop(self):
        """Remember."""
        self.calls.append('stop')

    def close(self):
        """Remember."""
        self.calls.append('close')

    def update(self, *arguments, **changes):
        """Remember."""
        self.calls.append(('update', arguments, changes))

    def push(self, samples, stamp_ns, *arguments, **options):
        """Remember."""
        self.calls.append(('push', np.array(samples), stamp_ns, arguments, options))

    def set_robot_speaking(self, speaking):
        """Remember."""
        self.calls.append(('set_robot_speaking', speaking))

    def set_enabled(self, enabled):
        """Remember."""
        self.calls.append(('set_enabled', enabled))

    def push_to_talk(self, pressed):
        """Remember."""
        self.calls.append(('push_to_talk', pressed))

    def reset(self):
        """Remember."""
        self.calls.append('reset')

    def status(self):
        """Return a status of which every field is known."""
        return FakeStatus()

    def finish(self):
        """Come to the end of the sound."""
        self.finished.set()
        self.on_finished()

    def pushed(self):
        """Return the calls of `push`."""
        return [call for call in self.calls if call[0] == 'push']


def utterance(stamp_ns=2_500_000_000, count=16000, flags=('split',)):
    """Return an utterance of rising samples, speech from 0.25 s to 0.75 s."""
    samples = (np.arange(count) % 1000).astype(np.int16)
    return Utterance(samples, stamp_ns, 0, 4000, 12000, frozenset(flags), 0.9)


def block(stamp_ns=1, count=480):
    """Return a block of ones."""
    return AudioBlock(np.ones(count, np.int16), 0, stamp_ns)
