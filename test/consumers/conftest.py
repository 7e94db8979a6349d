"""The small world of the node tests, for the consumers."""

import os
from pathlib import Path
import sys

import pytest

# ros_world, launch_evaluation and processes live beside the tests of the nodes.
sys.path.append(str(Path(__file__).resolve().parent.parent / 'nodes'))


@pytest.fixture(scope='module')
def ros():
    """Initialise rclpy in a domain of this process, or skip where ROS 2 is not sourced."""
    rclpy = pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
    pytest.importorskip('vision_msgs.msg', reason='no message packages: source tools/env.sh')
    if rclpy.ok():
        # Another room's tests are not finished with it.
        yield rclpy
        return
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    yield rclpy
    rclpy.shutdown()


@pytest.fixture
def world(ros):
    """Return a World of its own for the test."""
    from ros_world import World

    created = World()
    yield created
    created.close()


@pytest.fixture
def heard(world):
    """Return a function that waits until a publisher and the nodes under test are connected."""
    from ros_world import wait_until

    def heard(publisher):
        world.matched(publisher)
        for node in world.nodes:
            for subscription in node.subscriptions:
                # Humble cannot tell, and the side of the publisher must do.
                count = getattr(subscription, 'get_publisher_count', lambda: 1)
                if subscription.topic_name == publisher.topic_name:
                    wait_until(count, f'the publisher of {publisher.topic_name}')
    return heard


@pytest.fixture
def classify(world, heard):
    """Return a function that publishes a classification, once its listeners are there."""
    from physioser_ros.nodes import conversions, topics

    publisher = world.speak(topics.CLASSIFICATION)

    def classify(stamp_ns, **probabilities):
        heard(publisher)
        message = conversions.message_type(topics.CLASSIFICATION.type)(
            header=conversions.header(stamp_ns, 'microphone'))
        hypothesis = conversions.message_type('vision_msgs/ObjectHypothesis')
        message.results = [hypothesis(class_id=label, score=value)
                           for label, value in probabilities.items()]
        publisher.publish(message)
        return message
    return classify
