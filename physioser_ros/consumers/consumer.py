"""What the example consumers share: parameters, subscriptions and the life of their process."""

import sys

from rcl_interfaces.msg import ParameterDescriptor
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from physioser_ros.nodes.conversions import message_type
from physioser_ros.nodes.process import Spinner, start_ros, StartError
from physioser_ros.nodes.qos import profile


class Consumer(Node):
    """A node that hears the recognizer and says something of its own."""

    def read(self, **parameters):
        """
        Declare parameters and return their values by name.

        They are read once, so they are read-only: a change that does nothing is refused.

        :param parameters: name to (default, description).
        """
        return {name: self.declare_parameter(
            name, default, ParameterDescriptor(description=text, read_only=True)).value
            for name, (default, text) in parameters.items()}

    def hear(self, topic, callback):
        """Subscribe to an entry of :mod:`physioser_ros.nodes.topics`."""
        return self.create_subscription(
            message_type(topic.type), topic.name, callback, profile(topic.qos))

    def speak(self, topic):
        """Return a publisher of such an entry."""
        return self.create_publisher(message_type(topic.type), topic.name, profile(topic.qos))

    def close(self):
        """Stop; a consumer has nothing that runs beside the executor."""


def probabilities_of(classification):
    """Return the probabilities of a vision_msgs/Classification by label, descending."""
    return {item.class_id: item.score for item in classification.results}


def run(create_node, stops, args=None):
    """
    Run one consumer until SIGINT or SIGTERM.

    :param create_node: called without arguments; a ValueError of it is a wrong parameter.
    :param stops: the Stops that listens to signals already.
    :param args: command line, sys.argv by default.
    :return: exit code: 0 after a signal, 1 where ROS cannot be started or the node created.
    """
    try:
        start_ros(args)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        node = create_node()
    except (ParameterException, ValueError, OSError) as error:
        rclpy.logging.get_logger('physioser_ros').fatal(str(error))
        rclpy.try_shutdown()
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinner = Spinner(executor, on_error=lambda: stops.end(1))
    spinner.start()
    code = stops.wait()
    spinner.stop()
    node.close()
    node.destroy_node()
    rclpy.try_shutdown()
    return code
