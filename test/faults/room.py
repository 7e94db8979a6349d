"""Both nodes in this process, or one of them, and an observer who hears all they say."""

from rclpy.qos import QoSProfile
from ros_world import diagnostics_of, values_of, wait_until

from physioser_ros.nodes import topics
from physioser_ros.nodes.audio_capture import AudioCapture
from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer

OK, WARN, ERROR = b'\x00', b'\x01', b'\x02'
HEARD = (topics.UTTERANCE, topics.UTTERANCE_INFO, topics.VOICE_DETECTED, topics.CLASSIFICATION,
         topics.RESULT_INFO)
#: More than any test says: the observer loses nothing, however busy the machine is.
PATIENT = QoSProfile(depth=1000)


class Room:
    """Real nodes on real middleware, not yet configured."""

    def __init__(self, world, capture=None, recognizer=None):
        """
        Create the nodes.

        :param world: a World
        :param capture: parameters of the capture by name, None for no capture
        :param recognizer: parameters of the recogniser, None for none
        """
        self.world = world
        self.heard = {topic: world.listen(topic, PATIENT) for topic in HEARD}
        self._states = world.listen(topics.DIAGNOSTICS, PATIENT)
        self.recognizer = self.capture = None
        if recognizer is not None:
            self.recognizer = world.add(EmotionRecognizer, recognizer)
        if capture is not None:
            self.capture = world.add(AudioCapture, capture)
        self.nodes = [node for node in (self.recognizer, self.capture) if node is not None]

    @property
    def utterances(self):
        """Return the utterances that were heard."""
        return self.heard[topics.UTTERANCE]

    @property
    def infos(self):
        """Return what was told of each."""
        return self.heard[topics.UTTERANCE_INFO]

    @property
    def answers(self):
        """Return the classifications that were heard."""
        return self.heard[topics.CLASSIFICATION]

    def start(self, *nodes):
        """Configure and activate, the recogniser first, and wait until everybody hears."""
        for node in nodes or self.nodes:
            assert self.world.transition(node.get_name(), 'configure'), node.problem
            self._connect(node)
            assert self.world.transition(node.get_name(), 'activate'), node.problem
        return self

    def stop(self, node):
        """Deactivate and clean up one node."""
        for label in ('deactivate', 'cleanup'):
            assert self.world.transition(node.get_name(), label), node.problem

    def play(self, path):
        """Let the capture hear a file to its end, in the place of the one before."""
        from rclpy.parameter import Parameter

        node = self.capture
        if node.is_active:
            self.stop(node)
        (done,) = node.set_parameters([Parameter('file.path', value=path)])
        assert done.successful, done.reason
        self.start(node)
        wait_until(lambda: node._capture is None or node._capture.finished.is_set(), 'the end')
        self.utterances.until(node.utterances)
        if self.recognizer is not None:
            wait_until(lambda: self.recognizer.settled >= node.utterances, 'the answers')
            self.answers.until(self.recognizer._engine.status().results)

    def _connect(self, node):
        """Wait until nothing that a node says can be missed."""
        self.world.connected(node, {topic: heard for topic, heard in self.heard.items()
                                    if topic in node._published})
        if node is self.capture and self.recognizer is not None:
            self.world.matched(node._published[topics.UTTERANCE], 2)

    def level(self, node, level, words=''):
        """Wait for a level of a node's newest diagnostics, and return the status."""
        before = len(self._states)

        def found():
            return next((status for status in diagnostics_of(
                self._states[before:], node.get_fully_qualified_name())
                if status.level == level and words in status.message), None)
        return wait_until(found, f'{node.get_name()} to be {level} {words}')

    def values(self, node):
        """Return the values of the diagnostics as of now."""
        return {key: str(value) for key, value in node.report()[3].items()}


def status_values(status):
    """Return the values of a status."""
    return values_of(status)
