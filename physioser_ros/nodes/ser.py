"""Both nodes in one process and one executor."""

import time

from physioser_ros.nodes.audio_capture import AudioCapture
from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer

POLL_S = 0.05
#: Longest wait for the answers to the last utterances of a file, in s.
ANSWER_S = 30.0
#: Time for subscribers to acknowledge the last answers, in s.
DELIVERY_S = 5.0


class Ending:
    """Ends the process after a file, when its last utterance is answered and delivered."""

    def __init__(self, end):
        """
        Prepare the end.

        :param end: called with the exit code.
        """
        self._end = end
        self._code = 0
        self._deadline = None
        self.capture = None
        self.recognizer = None

    def begin(self, code):
        """
        Start to wait for the answers, then end; runs in the executor.

        :param code: exit code where every utterance is answered; 1 where one is not.
        """
        self._code = code
        self._deadline = time.monotonic() + ANSWER_S
        self.recognizer.create_timer(POLL_S, self.recognizer.guarded(self._poll),
                                     clock=self.recognizer.steady_clock)

    def _poll(self):
        recognizer = self.recognizer
        late = time.monotonic() > self._deadline
        if late:
            recognizer.get_logger().warning(
                f'{recognizer.settled} of {self.capture.utterances} utterances are answered '
                f'{ANSWER_S:.0f} s after the file: leaving')
        done = recognizer.settled >= self.capture.utterances
        if late or done or not recognizer.is_active:
            recognizer.wait_until_heard(DELIVERY_S)
            self._end(self._code if done else 1)


def create_nodes(end):
    """Return the nodes, the recognizer first: it must listen before anybody speaks."""
    ending = Ending(end)
    ending.recognizer = EmotionRecognizer()
    ending.capture = AudioCapture(on_finished=ending.begin)
    return [ending.recognizer, ending.capture]
