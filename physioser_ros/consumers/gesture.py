"""Shows on a humanoid's face and posture that it has heard an emotion."""

import time

from sensor_msgs.msg import JointState

from physioser_ros.consumers.consumer import Consumer, probabilities_of
from physioser_ros.consumers.expressions import Expressions, intensity_of
from physioser_ros.nodes import topics
from physioser_ros.nodes.conversions import header

EXPRESSION = topics.Topic(
    'expression', 'sensor_msgs/JointState', 'latched',
    'Names and wanted positions of the joints of face and posture; the header is that of the '
    'utterance.')

POLL_S = 0.05
PARAMETERS = {
    'expressions': ('', 'YAML file with the table of expressions; empty: the one of the package.'),
    'min_confidence': (0.3, 'Probability up to which nothing is shown.'),
    'full_confidence': (0.9, 'Probability from which the whole expression is shown.'),
    'hold_s': (4.0, 'Time after the last answer in which the face goes back to rest, in s.'),
}


class Gesture(Consumer):
    """Maps each classification to positions, and goes back to rest."""

    def __init__(self, **options):
        """
        Read the parameters and the table, and take the position of rest.

        :param options: arguments of Node.
        :raises ValueError: for a wrong parameter or table.
        :raises OSError: if the table cannot be read.
        """
        super().__init__('gesture', **options)
        values = self.read(**PARAMETERS)
        self._limits = values['min_confidence'], values['full_confidence']
        if not 0 <= self._limits[0] < self._limits[1] <= 1:
            raise ValueError('min_confidence is {} and full_confidence {}: 0 <= min_confidence < '
                             'full_confidence <= 1 is needed'.format(*self._limits))
        if not values['hold_s'] > 0:
            raise ValueError(f'hold_s is {values["hold_s"]}, more than 0 is needed')
        self._hold_s = values['hold_s']
        self._expressions = Expressions.load(values['expressions'])
        self._shown_s = None
        self._publisher = self.speak(EXPRESSION)
        self._rest()
        self.hear(topics.CLASSIFICATION, self._on_classification)
        self.create_timer(POLL_S, self._poll)

    def _on_classification(self, message):
        probabilities = probabilities_of(message)
        if not probabilities:
            return
        label = max(probabilities, key=probabilities.get)
        intensity = intensity_of(probabilities[label], *self._limits)
        self._shown_s = time.monotonic()
        self._show(message.header, label, intensity)

    def _poll(self):
        if self._shown_s is not None and time.monotonic() - self._shown_s > self._hold_s:
            self._shown_s = None
            self._rest()

    def _rest(self):
        self._show(header(self.get_clock().now().nanoseconds), '', 0.0)

    def _show(self, message_header, label, intensity):
        self._publisher.publish(JointState(
            header=message_header, name=list(self._expressions.joints),
            position=list(self._expressions.positions(label, intensity))))
