"""
Emotions for a robot that keeps its people by ROS4HRI (REP-155), where hri_msgs is installed.

REP-155 has no message for the emotion of a voice; the one for facial expressions is used, with
its own words for the emotions.
"""

import re
import threading

from rclpy.qos import QoSProfile

from physioser_ros.nodes.conversions import header, message_type
from physioser_ros.nodes.parameters import ParameterError

#: Expressions of hri_msgs by label; a label that is missing here is not published.
EXPRESSIONS = {
    'angry': 'angry', 'anger': 'angry', 'disgust': 'disgusted', 'fear': 'scared',
    'happy': 'happy', 'joy': 'happy', 'neutral': 'neutral', 'sad': 'sad', 'sadness': 'sad',
    'surprise': 'surprised',
}
TRACKED = 'humans/voices/tracked'
PERIOD_S = 1.0
#: Depths of the queues, all reliable.
LIST_DEPTH, VALUE_DEPTH = 1, 10

_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')


def follow(node, on_voice):
    """
    Hear which voice a tracker follows; return the subscription.

    :param node: the node.
    :param on_voice: takes the id of the only voice there is, '' for none and for several.
    :raises ImportError: without hri_msgs.
    """
    return node.create_subscription(
        message_type('hri_msgs/IdsList'), TRACKED,
        node.guarded(lambda message: on_voice(only(message.ids))), QoSProfile(depth=LIST_DEPTH))


def only(ids):
    """Return the one id in a list, '' where there is none or where there are several."""
    return ids[0] if len(ids) == 1 else ''


def check_voice_id(voice_id):
    """Raise ParameterError unless `voice_id` can be part of the name of a topic."""
    if not _NAME.fullmatch(voice_id):
        raise ParameterError(
            f"'ros4hri.voice_id' cannot be {voice_id!r}, for it is part of the topics "
            'humans/voices/<id>/…: write letters, digits and underscores, no digit first')


class Voice:
    """Publishes one voice at a time under humans/voices."""

    def __init__(self, node, voice_id, tracked_here=True):
        """
        Start to publish.

        :param node: the node.
        :param voice_id: id while nobody tells who speaks.
        :param tracked_here: False where a tracker says which voices there are and which speak.
        :raises ImportError: without hri_msgs.
        """
        self._node = node
        self._ids_list = message_type('hri_msgs/IdsList')
        self._expression = message_type('hri_msgs/Expression')
        self._bool = message_type('std_msgs/Bool')
        self._anonymous = voice_id
        self._voices = {}
        # Results come from the engine's thread while the executor changes voices.
        self._lock = threading.Lock()
        self._tracked = node.create_publisher(
            self._ids_list, TRACKED, QoSProfile(depth=LIST_DEPTH)) if tracked_here else None
        self.track('')
        self._timer = node.create_timer(PERIOD_S, node.guarded(self._publish_list),
                                        clock=node.steady_clock)

    def track(self, speaker_id):
        """
        Publish another voice from now on; runs in the executor.

        :param speaker_id: its id; one that cannot be part of a topic counts as nobody's.
        """
        voice_id = speaker_id if _NAME.fullmatch(speaker_id) else self._anonymous
        if voice_id not in self._voices:
            with self._lock:
                self._remove_voices()
                self._voices = {voice_id: self._publishers(voice_id)}
        self._publish_list()

    def speaks(self, speaking):
        """Publish whether the voice speaks."""
        for publishers in self._voices.values():
            for publisher in publishers[1:]:
                publisher.publish(self._bool(data=speaking))

    def feels(self, result, message_header):
        """
        Publish the expression of an EmotionResult, if there is a word for it.

        Valence and arousal stay 0: the model does not give them.
        """
        expression = EXPRESSIONS.get(result.label)
        if expression is None:
            return
        with self._lock:
            for publishers in self._voices.values():
                publishers[0].publish(self._expression(
                    header=message_header, expression=expression, confidence=result.confidence))

    def close(self):
        """Remove everything."""
        self._node.destroy_timer(self._timer)
        if self._tracked is not None:
            self._node.destroy_publisher(self._tracked)
        self._remove_voices()

    def _remove_voices(self):
        for publishers in self._voices.values():
            for publisher in publishers:
                self._node.destroy_publisher(publisher)
        self._voices = {}

    def _publishers(self, voice_id):
        """Return the publisher of the expression, and that of speaking where it is ours."""
        kinds = [('expression', self._expression)]
        if self._tracked is not None:
            kinds.append(('is_speaking', self._bool))
        return [self._node.create_publisher(kind, f'humans/voices/{voice_id}/{name}', VALUE_DEPTH)
                for name, kind in kinds]

    def _publish_list(self):
        if self._tracked is None:
            return
        now = self._node.get_clock().now().nanoseconds
        self._tracked.publish(self._ids_list(header=header(now), ids=list(self._voices)))
