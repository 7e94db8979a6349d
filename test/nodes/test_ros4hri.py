"""One voice under humans/voices, without hri_msgs: its messages are stood in for."""

from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')

from physioser_ros.nodes import ros4hri  # noqa: E402
from physioser_ros.nodes.parameters import ParameterError  # noqa: E402


class Publisher(list):
    """Keeps what is published."""

    publish = list.append


class FakeNode:
    """Keeps publishers by topic."""

    steady_clock = None

    def __init__(self):
        self.publishers = {}
        self.subscriptions = {}
        self.timers = []

    def create_publisher(self, kind, topic, qos):
        self.publishers[topic] = Publisher()
        return self.publishers[topic]

    def create_subscription(self, kind, topic, callback, qos):
        self.subscriptions[topic] = callback

    def destroy_publisher(self, publisher):
        self.publishers = {topic: other for topic, other in self.publishers.items()
                           if other is not publisher}

    def create_timer(self, period_s, callback, clock):
        self.timers.append(callback)
        return callback

    def destroy_timer(self, timer):
        self.timers.remove(timer)

    def guarded(self, callback):
        return callback

    def get_clock(self):
        return SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=7))


@pytest.fixture
def voice(monkeypatch):
    monkeypatch.setattr(ros4hri, 'message_type', lambda name: SimpleNamespace)
    return ros4hri.Voice(FakeNode(), 'anonymous_speaker')


def test_a_voice_says_who_it_is_whether_it_speaks_and_what_it_expresses(voice):
    node = voice._node
    assert node.publishers['humans/voices/tracked'][-1].ids == ['anonymous_speaker']
    voice.track('ann')
    node.timers[0]()
    assert node.publishers['humans/voices/tracked'][-1].ids == ['ann']
    assert set(node.publishers) == {'humans/voices/tracked', 'humans/voices/ann/is_speaking',
                                    'humans/voices/ann/expression'}
    voice.speaks(True)
    assert node.publishers['humans/voices/ann/is_speaking'][-1].data is True
    for label in ('fear', 'other', 'uncertain'):
        voice.feels(SimpleNamespace(label=label, confidence=0.7), 'header')
    [expression] = node.publishers['humans/voices/ann/expression']
    assert (expression.header, expression.expression, expression.confidence) == (
        'header', 'scared', 0.7)


def test_an_id_that_cannot_be_a_topic_is_nobodys_and_closing_leaves_nothing(voice):
    node = voice._node
    voice.track('not a name')
    assert node.publishers['humans/voices/tracked'][-1].ids == ['anonymous_speaker']
    voice.close()
    assert not node.publishers and not node.timers


def test_beside_a_tracker_only_the_expression_is_ours(monkeypatch):
    monkeypatch.setattr(ros4hri, 'message_type', lambda name: SimpleNamespace)
    voice = ros4hri.Voice(FakeNode(), 'anonymous_speaker', tracked_here=False)
    voice.track('ann')
    voice.speaks(True)
    voice.feels(SimpleNamespace(label='sad', confidence=0.7), 'header')
    assert list(voice._node.publishers) == ['humans/voices/ann/expression']
    voice.close()
    assert not voice._node.publishers


def test_the_only_voice_that_a_tracker_follows_is_the_speaker(monkeypatch):
    monkeypatch.setattr(ros4hri, 'message_type', lambda name: SimpleNamespace)
    node, heard = FakeNode(), []
    ros4hri.follow(node, heard.append)
    for ids in (['ann'], ['ann', 'bob'], []):
        node.subscriptions['humans/voices/tracked'](SimpleNamespace(ids=ids))
    assert heard == ['ann', '', '']


@pytest.mark.parametrize('voice_id', ['', 'my voice', '1st', 'a/b', 'ünal'])
def test_a_voice_id_that_cannot_be_part_of_a_topic_is_refused(voice_id):
    with pytest.raises(ParameterError, match='ros4hri.voice_id.*write letters'):
        ros4hri.check_voice_id(voice_id)
