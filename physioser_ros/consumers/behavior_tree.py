"""A behaviour tree that reacts when an emotion lasts."""

import time

from std_msgs.msg import String

from physioser_ros.consumers import tree
from physioser_ros.consumers.consumer import Consumer, probabilities_of
from physioser_ros.consumers.sustained import SustainedEmotion, SustainedOptions
from physioser_ros.nodes import topics
from physioser_ros.nodes.conversions import stamp_ns

BEHAVIOR = topics.Topic(
    'behavior', 'std_msgs/String', 'latched', 'Name of the behaviour, on change only.')

DEFAULTS = SustainedOptions()
PARAMETERS = {
    'behaviors': (['angry:give_space', 'fear:reassure', 'sad:comfort', 'happy:join_in'],
                  'Behaviours by emotion, LABEL:BEHAVIOR, the most important one first.'),
    'otherwise': ('idle', 'Behaviour while no emotion lasts.'),
    'tick_s': (0.1, 'Time between two ticks of the tree.'),
}
SUSTAINED = {
    'start_confidence': 'Probability from which an utterance counts towards a beginning.',
    'start_count': 'Utterances in a row that make a beginning.',
    'start_s': 'Seconds of the same emotion, in two utterances or more, that make one; 0: never.',
    'stop_confidence': 'Probability below which an utterance counts towards the end.',
    'stop_count': 'Utterances in a row that make an end.',
    'forget_s': 'Seconds without an utterance after which everything is forgotten.',
}


class BehaviorTree(Consumer):
    """Ticks a tree and publishes the behaviour that it chose."""

    def __init__(self, **options):
        """
        Read the parameters and build the tree.

        :param options: arguments of Node.
        :raises ValueError: for a wrong parameter.
        """
        super().__init__('behavior_tree', **options)
        values = self.read(**PARAMETERS)
        sustained = SustainedOptions(**self.read(**{
            name: (getattr(DEFAULTS, name), text) for name, text in SUSTAINED.items()}))
        if not values['tick_s'] > 0:
            raise ValueError(f'tick_s is {values["tick_s"]}, more than 0 is needed')
        behaviors = tree.parse_behaviors(values['behaviors'])
        self._forget_s = sustained.forget_s
        self._emotion = SustainedEmotion(sustained, behaviors)
        self._heard_s = time.monotonic()
        self._blackboard = tree.blackboard(self.get_fully_qualified_name())
        self._tree = tree.create_tree(behaviors, values['otherwise'])
        self._published = None
        self._publisher = self.speak(BEHAVIOR)
        self.hear(topics.CLASSIFICATION, self._on_classification)
        self.create_timer(values['tick_s'], self._tick)

    def _on_classification(self, message):
        self._heard_s = time.monotonic()
        # How long it lasts is counted in stamps: a slow inference changes nothing.
        self._emotion.hear(probabilities_of(message), stamp_ns(message.header) / 1e9)
        self._tick()

    def _tick(self):
        if time.monotonic() - self._heard_s > self._forget_s:
            self._emotion.forget()
        self._blackboard.set(tree.EMOTION, self._emotion.label)
        self._tree.tick_once()
        behavior = self._blackboard.get(tree.BEHAVIOR)
        if behavior != self._published:
            self._published = behavior
            self.get_logger().info(f'behavior {behavior}')
            self._publisher.publish(String(data=behavior))
