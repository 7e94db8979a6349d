"""Transitions of a node, asked for from another one."""

import pytest
from ros_world import diagnostics_of, wait_until

from physioser_ros.nodes import topics
from physioser_ros.nodes.conversions import message_type
from physioser_ros.nodes.diagnostics import WARN

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')

NODE = 'emotion_recognizer'
#: States that a working node can be brought to, and how.
PATHS = {'unconfigured': (), 'inactive': ('configure',), 'active': ('configure', 'activate'),
         'finalized': ('configure', 'activate', 'shutdown')}
TRANSITIONS = {'configure': ('unconfigured', 'inactive'), 'activate': ('inactive', 'active'),
               'deactivate': ('active', 'inactive'), 'cleanup': ('inactive', 'unconfigured')}


@pytest.fixture
def recognizer(world, tiny_model):
    """Return an unconfigured recognizer."""
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer

    return world.add(EmotionRecognizer, {'model.path': tiny_model})


@pytest.mark.parametrize('state', PATHS)
def test_every_transition_from_every_state(world, recognizer, state):
    for label in PATHS[state]:
        assert world.transition(NODE, label)
    assert world.state(NODE) == state
    for label, (origin, goal) in TRANSITIONS.items():
        if origin != state:
            assert not world.transition(NODE, label)
            assert world.state(NODE) == state
    for label, (origin, goal) in TRANSITIONS.items():
        if origin == state:
            assert world.transition(NODE, label)
            assert world.state(NODE) == goal
            break


def test_twenty_cycles_leave_no_thread_and_no_endpoint_behind(world, recognizer):
    import threading

    def cycle():
        for label in ('configure', 'activate', 'deactivate', 'cleanup'):
            assert world.transition(NODE, label), label
    cycle()
    threads = threading.active_count()
    endpoints = len(list(recognizer.publishers)), len(list(recognizer.subscriptions))
    for _ in range(20):
        cycle()
    assert threading.active_count() == threads
    assert (len(list(recognizer.publishers)), len(list(recognizer.subscriptions))) == endpoints


def test_an_unexpected_error_fails_the_transition_and_the_next_attempt_may_succeed(
        world, recognizer, monkeypatch):
    diagnostics = world.listen(topics.DIAGNOSTICS)
    diagnostics.wait_matched()

    def broken():
        raise ZeroDivisionError('an error nobody thought of')
    with monkeypatch.context() as patch:
        patch.setattr(recognizer, 'begin', broken)
        assert world.transition(NODE, 'configure')
        assert not world.transition(NODE, 'activate')
        assert world.state(NODE) == 'inactive'
        wait_until(lambda: any(
            status.level == b'\x02' and 'an error nobody thought of' in status.message
            for status in diagnostics_of(diagnostics, recognizer.get_fully_qualified_name())),
            'the cause in the diagnostics')
    assert world.transition(NODE, 'activate')


def test_an_error_while_stopping_releases_everything(world, recognizer, monkeypatch):
    assert world.transition(NODE, 'configure') and world.transition(NODE, 'activate')

    def broken():
        raise ZeroDivisionError('an error nobody thought of')
    with monkeypatch.context() as patch:
        patch.setattr(recognizer, 'halt', broken)
        assert not world.transition(NODE, 'deactivate')
    assert world.state(NODE) == 'unconfigured'
    assert world.transition(NODE, 'configure') and world.transition(NODE, 'activate')


def test_an_exception_in_a_callback_is_counted_and_the_node_hears_on(world, recognizer,
                                                                     monkeypatch):
    from tiny_model import samples_for
    from physioser_ros.nodes import conversions

    speaker, received = world.speak(topics.UTTERANCE), world.listen(topics.CLASSIFICATION)
    assert world.transition(NODE, 'configure') and world.transition(NODE, 'activate')
    world.matched(speaker)
    world.connected(recognizer, {topics.CLASSIFICATION: received})
    message = conversions.audio_message(samples_for(1), conversions.header(1))
    with monkeypatch.context() as patch:
        patch.setattr(conversions, 'check_utterance_format', lambda info: 1 / 0)
        speaker.publish(message)
        wait_until(lambda: recognizer.callback_errors == 1, 'the error to be counted')
    level, text, _, _ = recognizer._report()
    assert (level, text) == (WARN, 'a callback failed, the log says where')
    speaker.publish(message)
    received.wait()


def test_an_incompatible_subscription_is_reported_by_name(world, recognizer):
    from rclpy.qos import DurabilityPolicy, QoSProfile

    assert world.transition(NODE, 'configure')
    world.listen(topics.CLASSIFICATION,
                 QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))
    (sentence,) = wait_until(lambda: list(recognizer.incompatible), 'the report')
    assert f'{world.namespace}/observer' in sentence
    assert f'{world.namespace}/emotion/classification' in sentence
    assert 'with a durability that is not offered' in sentence, sentence


def test_an_incompatible_publisher_is_reported_by_name(world, recognizer):
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    assert world.transition(NODE, 'configure') and world.transition(NODE, 'activate')
    world.observer.create_publisher(
        message_type(topics.UTTERANCE.type), topics.UTTERANCE.name,
        QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
    (sentence,) = wait_until(lambda: list(recognizer.incompatible), 'the report')
    assert sentence.startswith(
        f'{world.namespace}/observer publishes {world.namespace}/audio/utterance with a '
        'reliability that is less than asked for')


def test_qos_can_be_overridden(world, tiny_model):
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer
    from rclpy.qos import ReliabilityPolicy

    name = f'{world.namespace}/emotion/classification'
    world.add(EmotionRecognizer, {
        'model.path': tiny_model,
        f'qos_overrides.{name}.publisher.reliability': 'best_effort'})
    assert world.transition(NODE, 'configure')
    (info,) = wait_until(lambda: world.observer.get_publishers_info_by_topic(name),
                         'the publisher')
    assert info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT


def test_two_robots_in_one_graph_do_not_hear_each_other(world, tiny_model):
    from physioser_ros.nodes import conversions
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer
    from tiny_model import samples_for
    from ros_world import World

    other = World()
    try:
        heard = []
        for place in (world, other):
            place.add(EmotionRecognizer, {'model.path': tiny_model})
            assert place.transition(NODE, 'configure') and place.transition(NODE, 'activate')
            heard.append(place.listen(topics.CLASSIFICATION))
            place.connected(place.nodes[0], {topics.CLASSIFICATION: heard[-1]})
        for stamp, place in enumerate((world, other)):
            speaker = place.speak(topics.UTTERANCE)
            place.matched(speaker)
            speaker.publish(conversions.audio_message(samples_for(stamp),
                                                      conversions.header(stamp)))
        for stamp, received in enumerate(heard):
            assert received.wait().header.stamp.nanosec == stamp
        assert [len(received) for received in heard] == [1, 1]
    finally:
        other.close()
