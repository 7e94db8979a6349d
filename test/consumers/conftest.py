"""What consumers hear, in the small world of the node tests."""

import pytest


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
