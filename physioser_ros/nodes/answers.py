"""What the recogniser publishes of each answer."""

from dataclasses import dataclass
import time
from typing import Any

from physioser_ros.inference import UNCERTAIN
from physioser_ros.nodes import conversions, topics
from physioser_ros.nodes.conversions import message_type


@dataclass(frozen=True)
class Heard:
    """What is remembered of an utterance while the engine works on it."""

    #: Header of the message, handed on unchanged.
    header: Any
    #: Capture time of the end of the last sample, in ns.
    end_ns: int
    #: Whether the utterance was not over yet.
    partial: bool
    #: When the message came, in s of the monotonic clock.
    arrived_s: float
    #: Whose it is, '' for the one anonymous speaker.
    speaker_id: str = ''


class Answers:
    """Publishes results whose context is a :class:`Heard`, as the parameters ask for."""

    def __init__(self, node, published):
        """
        Publish from now on.

        :param node: the node, for its parameters and its clock.
        :param published: dict of its publishers by topic.
        """
        self._parameters = node.parameters
        self._clock = node.get_clock()
        self._published = published

    def publish(self, result):
        """
        Publish the answer to a whole utterance, last the classification.

        :return: times to the answer in s: from the end of the sound, and from its arrival.
        """
        header = result.context.header
        self._publish_attention(result)
        self._publish(topics.CONFIDENCE, message_type('std_msgs/Float32')(data=result.confidence))
        if result.label != UNCERTAIN or self._parameters['publish.label_when_uncertain']:
            self._publish(topics.LABEL, message_type('std_msgs/String')(data=result.label))
        # A clock that is set back meanwhile must not make it negative.
        latency_s = max(0, self._clock.now().nanoseconds - result.context.end_ns) / 1e9
        answer_s = time.monotonic() - result.context.arrived_s
        self._publish(topics.RESULT_INFO, conversions.info_message(
            'emotion', result.label, {**conversions.result_values(result),
                                      'latency_ms': latency_s * 1000,
                                      'answer_ms': answer_s * 1000,
                                      'speaker': result.context.speaker_id}, header))
        self._publish(topics.CLASSIFICATION, conversions.classification_message(result, header))
        self._publish(topics.PROCESSING_TIME,
                      message_type('std_msgs/Float64')(data=result.processing_s * 1000))
        return latency_s, answer_s

    def publish_early(self, result):
        """Publish the answer to an utterance that is not over yet."""
        self._publish(topics.PARTIAL, conversions.classification_message(
            result, result.context.header))

    def publish_components(self, result):
        """Publish the component saliency of a result that has one."""
        self._publish(topics.COMPONENTS, conversions.components_message(result))

    def publish_labels(self, labels, threshold):
        """
        Publish which labels there are.

        :param labels: names, in the order of the model.
        :param threshold: confidence below which the label is `uncertain`.
        """
        self._publish(topics.LABEL_INFO, conversions.label_info_message(
            labels, threshold, conversions.header(self._clock.now().nanoseconds)))

    def _publish_attention(self, result):
        if self._parameters['publish.attention']:
            self._publish(topics.BRANCHES, conversions.branches_message(result))
            self._publish(topics.VAP_FRAMES, conversions.vap_frames_message(result))
        if result.component_saliency is not None:
            self.publish_components(result)
        if self._parameters['publish.attention_image']:
            self._publish(topics.ATTENTION_MAP, conversions.attention_map_message(
                result, result.context.header))

    def _publish(self, topic, message):
        self._published[topic].publish(message)
