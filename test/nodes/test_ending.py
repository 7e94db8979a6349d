"""The end of the process after a file: with code 0 only where every utterance was answered."""

import logging

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from physioser_ros.nodes import ser  # noqa: E402,I100


class FakeCaptureNode:
    """A capture that published two utterances."""

    utterances = 2


class FakeRecognizerNode:
    """A recognizer that has settled so many; its timer is the test."""

    steady_clock = None

    def __init__(self, settled, is_active=True):
        self.settled, self.is_active = settled, is_active
        self.waited = 0
        self.poll = None

    def guarded(self, callback):
        """Pass it on."""
        return callback

    def create_timer(self, period_s, callback, clock):
        """Keep the callback."""
        self.poll = callback

    def wait_until_heard(self, timeout_s):
        """Count."""
        self.waited += 1

    def get_logger(self):
        """Return any logger."""
        return logging.getLogger('recognizer')


def make(recognizer):
    codes = []
    ending = ser.Ending(codes.append)
    ending.recognizer, ending.capture = recognizer, FakeCaptureNode()
    ending.begin(0)
    recognizer.poll()
    return codes


def test_it_waits_until_every_utterance_is_answered_and_heard():
    recognizer = FakeRecognizerNode(settled=1)
    codes = make(recognizer)
    assert not codes and not recognizer.waited
    recognizer.settled = 2
    recognizer.poll()
    assert codes == [0] and recognizer.waited == 1


def test_a_recognizer_that_does_not_answer_in_time_is_a_failure(monkeypatch):
    monkeypatch.setattr(ser, 'ANSWER_S', -1.0)
    assert make(FakeRecognizerNode(settled=1)) == [1]


def test_a_recognizer_that_is_not_active_is_a_failure():
    assert make(FakeRecognizerNode(settled=0, is_active=False)) == [1]
