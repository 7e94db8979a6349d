"""The consumers as nodes: real messages in, real messages out."""

import json

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')

from physioser_ros.consumers.dialogue import Dialogue, TEXT, TEXT_WITH_EMOTION  # noqa: E402
from physioser_ros.consumers.gesture import EXPRESSION, Gesture  # noqa: E402
from physioser_ros.nodes import conversions, topics  # noqa: E402

S = 10**9


def test_the_behavior_tree_reacts_to_anger_that_lasts(world, classify):
    pytest.importorskip('py_trees')
    from physioser_ros.consumers.behavior_tree import BEHAVIOR, BehaviorTree

    node = world.add(BehaviorTree, {'start_count': 2, 'start_s': 0.0, 'stop_count': 1})
    behaviors = world.listen(BEHAVIOR)
    assert behaviors.wait(1).data == 'idle'
    world.connected(node, {BEHAVIOR: behaviors})
    classify(1 * S, angry=0.9, neutral=0.1)
    classify(2 * S, angry=0.8, neutral=0.2)
    assert behaviors.wait(2).data == 'give_space'
    classify(3 * S, neutral=0.9, angry=0.1)
    assert behaviors.wait(3).data == 'idle'
    assert [message.data for message in behaviors] == ['idle', 'give_space', 'idle']


def test_the_behavior_tree_forgets_in_silence(world, classify):
    pytest.importorskip('py_trees')
    from physioser_ros.consumers.behavior_tree import BEHAVIOR, BehaviorTree

    node = world.add(BehaviorTree, {'start_count': 1, 'forget_s': 0.5})
    behaviors = world.listen(BEHAVIOR)
    behaviors.wait(1)
    world.connected(node, {BEHAVIOR: behaviors})
    classify(1 * S, sad=0.9, neutral=0.1)
    behaviors.wait(3)
    assert [message.data for message in behaviors] == ['idle', 'comfort', 'idle']


def test_the_dialogue_hook_adds_the_emotion_of_the_speech_before_the_text(
        world, classify, heard):
    # Wide limits: on a busy machine a text may come late.
    node = world.add(Dialogue, {'delay_s': 1.0, 'tolerance_s': 120.0, 'wait_s': 120.0})
    answers = world.listen(TEXT_WITH_EMOTION)
    info, texts = world.speak(topics.UTTERANCE_INFO), world.speak(TEXT)
    world.connected(node, {TEXT_WITH_EMOTION: answers})
    for publisher in (info, texts):
        heard(publisher)
    stamp_ns = node.get_clock().now().nanoseconds - 3 * S
    info.publish(conversions.info_message(
        'utterance', '', {'speech_start_s': 0.5, 'speech_end_s': 2.0, 'flags': ''},
        conversions.header(stamp_ns)))
    texts.publish(conversions.message_type(TEXT.type)(data='Geh weg, schnöde Welt!'))
    classify(stamp_ns, angry=0.75, sad=0.25)
    answer = json.loads(answers.wait(1).data)
    assert answer == {'text': 'Geh weg, schnöde Welt!', 'emotion': 'angry', 'confidence': 0.75,
                      'probabilities': {'angry': 0.75, 'sad': 0.25},
                      'start_s': (stamp_ns + S // 2) / S, 'end_s': (stamp_ns + 2 * S) / S}


def test_a_text_without_an_utterance_goes_on_without_an_emotion(world, heard):
    node = world.add(Dialogue, {'wait_s': 0.0})
    answers, texts = world.listen(TEXT_WITH_EMOTION), world.speak(TEXT)
    world.connected(node, {TEXT_WITH_EMOTION: answers})
    heard(texts)
    texts.publish(conversions.message_type(TEXT.type)(data='hello'))
    answer = json.loads(answers.wait(1).data)
    assert answer['text'] == 'hello'
    assert [answer[name] for name in ('emotion', 'confidence', 'start_s')] == [None] * 3


def test_the_face_shows_the_emotion_and_goes_back_to_rest(world, classify):
    node = world.add(Gesture, {'hold_s': 0.2, 'min_confidence': 0.2, 'full_confidence': 0.8})
    faces = world.listen(EXPRESSION)
    rest = faces.wait(1)
    world.connected(node, {EXPRESSION: faces})
    said = classify(7 * S, happy=0.5, sad=0.5 - 1e-9)
    shown = faces.wait(2)
    assert shown.header == said.header
    assert list(shown.name) == list(rest.name)
    assert dict(zip(shown.name, shown.position))['mouth_smile'] == pytest.approx(0.5)
    assert set(rest.position) == {0.0}
    assert faces.wait(3).position == rest.position


@pytest.mark.parametrize('kind, parameters, why', [
    (Gesture, {'min_confidence': 0.9}, 'min_confidence is 0.9'),
    (Gesture, {'hold_s': 0.0}, 'hold_s is 0.0'),
    (Gesture, {'expressions': '/nowhere.yaml'}, '/nowhere.yaml'),
    (Dialogue, {'delay_s': -1.0}, 'delay_s is -1.0'),
])
def test_a_wrong_parameter_is_refused_by_name(ros, kind, parameters, why):
    from rclpy.parameter import Parameter

    with pytest.raises((ValueError, OSError), match=why):
        kind(parameter_overrides=[Parameter(name, value=value)
                                  for name, value in parameters.items()])
