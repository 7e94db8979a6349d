"""Adds to a recognised text the emotion with which it was said."""

import json

from std_msgs.msg import String

from physioser_ros.consumers.consumer import Consumer, probabilities_of
from physioser_ros.consumers.matching import MatchOptions, NANOSECONDS, TextMatcher
from physioser_ros.nodes import topics
from physioser_ros.nodes.conversions import info_values, stamp_ns

TEXT = topics.Topic(
    'text', 'std_msgs/String', 'results',
    'What was said, from a speech recogniser; remap it to the topic of yours.')
TEXT_WITH_EMOTION = topics.Topic(
    'text_with_emotion', 'std_msgs/String', 'results',
    'JSON: text, emotion, confidence, probabilities, start_s and end_s of the speech; null '
    'where no utterance fits.')

POLL_S = 0.05
DEFAULTS = MatchOptions()
PARAMETERS = {
    'delay_s': (DEFAULTS.delay_s, 'Usual time from the end of speech to the text, in s.'),
    'tolerance_s': (DEFAULTS.tolerance_s,
                    'Most that a text may come earlier or later than that, in s.'),
    'wait_s': (DEFAULTS.wait_s, 'Longest time that a text waits for its emotion, in s.'),
}


def as_json(text, heard):
    """Return a text and its :class:`physioser_ros.consumers.matching.Heard`, or None, as JSON."""
    values = dict.fromkeys(('emotion', 'confidence', 'probabilities', 'start_s', 'end_s'))
    if heard is not None:
        emotion = max(heard.probabilities, key=heard.probabilities.get)
        values = {'emotion': emotion, 'confidence': heard.probabilities[emotion],
                  'probabilities': heard.probabilities,
                  'start_s': heard.start_ns / NANOSECONDS, 'end_s': heard.end_ns / NANOSECONDS}
    return json.dumps({'text': text, **values}, ensure_ascii=False)


class Dialogue(Consumer):
    """Joins texts, times of speech and classifications."""

    def __init__(self, **options):
        """
        Read the parameters and subscribe.

        :param options: arguments of Node.
        :raises ValueError: for a wrong parameter.
        """
        super().__init__('dialogue', **options)
        self._matcher = TextMatcher(MatchOptions(**self.read(**PARAMETERS)))
        self._publisher = self.speak(TEXT_WITH_EMOTION)
        self.hear(topics.UTTERANCE_INFO, self._on_utterance_info)
        self.hear(topics.CLASSIFICATION, self._on_classification)
        self.hear(TEXT, self._on_text)
        self.create_timer(POLL_S, self._publish)

    def _on_utterance_info(self, message):
        values, begin_ns = info_values(message), stamp_ns(message.header)
        start_ns, end_ns = (begin_ns + round(float(values[name]) * NANOSECONDS)
                            for name in ('speech_start_s', 'speech_end_s'))
        self._matcher.add(begin_ns, start_ns=start_ns, end_ns=end_ns)
        self._publish()

    def _on_classification(self, message):
        self._matcher.add(stamp_ns(message.header), probabilities=probabilities_of(message))
        self._publish()

    def _on_text(self, message):
        self._matcher.hear(message.data, self._now_ns())
        self._publish()

    def _now_ns(self):
        return self.get_clock().now().nanoseconds

    def _publish(self):
        for text, heard in self._matcher.take(self._now_ns()):
            self._publisher.publish(String(data=as_json(text, heard)))
