"""
What a node says about itself on /diagnostics, once a second and at once when it changes.

A small publisher of its own: diagnostic_updater is no part of the wheels, and its Python side
does no more.
"""

from physioser_ros.nodes import topics
from physioser_ros.nodes.conversions import diagnostic_message, header, message_type
from physioser_ros.nodes.conversions import status_message
from physioser_ros.nodes.qos import profile

OK, WARN, ERROR = 0, 1, 2
LEVELS = {'ok': OK, 'warn': WARN, 'error': ERROR}

PERIOD_S = 1.0


class Diagnostics:
    """Publishes the status of a node; works in every state of its lifecycle."""

    def __init__(self, node, report):
        """
        Start to publish.

        :param node: the node.
        :param report: called without arguments, returns level (OK, WARN or ERROR), text,
            hardware id and a dict of values.
        """
        self._node = node
        self._report = report
        topic = topics.DIAGNOSTICS
        self._publisher = node.create_publisher(
            message_type(topic.type), topic.name, profile(topic.qos))
        self._timer = node.create_timer(PERIOD_S, node.guarded(self.publish),
                                        clock=node.steady_clock)

    def publish(self):
        """Publish the status as it is now."""
        level, text, hardware_id, values = self._report()
        name = f'{self._node.get_fully_qualified_name().lstrip("/")}: status'
        self._publisher.publish(diagnostic_message(
            status_message(level, name, text, values, hardware_id),
            header(self._node.get_clock().now().nanoseconds)))
