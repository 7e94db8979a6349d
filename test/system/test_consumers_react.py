"""What the three consumers do while a recording plays, seen from outside."""

import json

import numpy as np
import pytest
import soundfile

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')
pytest.importorskip('py_trees', reason='no py_trees: pip install -r requirements/examples.in')

from rclpy.qos import DurabilityPolicy, QoSProfile  # noqa: E402,I100
from ros_world import wait_until  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from tiny_model import LABELS, samples_for  # noqa: E402

from physioser_ros.consumers import behavior_tree, dialogue, expressions, gesture  # noqa: E402
from physioser_ros.nodes import topics  # noqa: E402
from physioser_ros.nodes.conversions import info_values, stamp_ns  # noqa: E402

#: A whole number of the frames of every detector.
PIECE_S = 0.96
#: The nodes on a recording of such pieces, at the pace of speech.
PIECES = {'segment.trigger': 'continuous', 'segment.window_s': PIECE_S, 'segment.min_s': 0.0,
          'queue.depth': 64, 'file.exit_at_end': True}
PLAYED = ('sad', 'sad', 'sad', 'happy', 'happy', 'happy', 'neutral', 'disgust')
#: Three in a row begin an emotion, two others end it.
BEHAVIORS = ['idle', 'comfort', 'idle', 'join_in', 'idle']

#: Every change, not only the last one.
LATCHED = QoSProfile(depth=50, durability=DurabilityPolicy.TRANSIENT_LOCAL)
#: An utterance is found however late a busy machine is: the nearest end before the text.
PATIENT = ('delay_s:=0.0', 'tolerance_s:=600.0', 'wait_s:=600.0')


@pytest.fixture
def played(tmp_path):
    """Return a file of pieces whose emotions are known in the tiny model."""
    path = tmp_path / 'pieces.wav'
    soundfile.write(path, np.concatenate([
        samples_for(LABELS.index(label), duration_s=PIECE_S) for label in PLAYED]), 16000)
    return path


def test_the_consumers_react_to_what_is_played(world, robots, execute, played, tiny_model):
    answers, infos = world.listen(topics.CLASSIFICATION), world.listen(topics.UTTERANCE_INFO)
    behaviors = world.listen(behavior_tree.BEHAVIOR, LATCHED)
    faces = world.listen(gesture.EXPRESSION, LATCHED)
    joined, speaker = world.listen(dialogue.TEXT_WITH_EMOTION), world.speak(dialogue.TEXT)
    consumers = [execute(name, namespace=world.namespace, parameters=parameters) for
                 name, parameters in (('behavior_tree', ()), ('gesture', ('hold_s:=3.0',)),
                                      ('dialogue', PATIENT))]
    robot = robots(world, PIECES, file=str(played), model=tiny_model)
    robot.configure()
    robot.activate('emotion_recognizer')
    for heard in (answers, infos, behaviors, faces, joined):
        heard.wait_matched()
    world.matched(speaker)
    robot.wait_heard('emotion_recognizer', topics.CLASSIFICATION, 4)
    robot.wait_heard('audio_capture', topics.UTTERANCE_INFO, 2)
    robot.activate('audio_capture')
    answers.wait(len(PLAYED))
    assert robot.processes['ser'].wait() == 0, robot.output
    assert [answer.results[0].class_id for answer in answers] == list(PLAYED)

    behaviors.wait(len(BEHAVIORS))
    assert [message.data for message in behaviors] == BEHAVIORS
    check_faces(faces, answers)
    check_dialogue(speaker, joined, answers, infos.wait(len(PLAYED)))
    assert [consumer.end() for consumer in consumers] == [0, 0, 0]
    assert all('Traceback' not in consumer.output for consumer in consumers)


def check_faces(faces, answers):
    """Check that the face shows each emotion, with the header of its utterance, and rests."""
    table = expressions.Expressions.load()
    # At rest at first, something for each utterance, and at rest at the end.
    wait_until(lambda: len(faces) >= len(answers) + 2
               and list(faces[-1].position) == list(table.rest), 'the face to rest')
    shown = {stamp_ns(face.header): list(face.position) for face in faces}
    for answer in answers:
        best = answer.results[0]
        intensity = expressions.intensity_of(best.score, 0.3, 0.9)
        assert shown[stamp_ns(answer.header)] == pytest.approx(
            table.positions(best.class_id, intensity))
    assert list(faces[0].name) == list(table.joints)


def check_dialogue(speaker, joined, answers, info):
    """Check that a text gets emotion, probabilities and times of what was said last."""
    last = answers[-1]
    assert info.header == last.header
    values = info_values(info)
    start_s, end_s = (stamp_ns(last.header) / 1e9 + float(values[name])
                      for name in ('speech_start_s', 'speech_end_s'))
    # Until it has heard of the last utterance, which was delivered before, once is enough.
    for count in range(1, len(answers) + 1):
        speaker.publish(String(data='I have burnt the soup again.'))
        answer = json.loads(joined.wait(count).data)
        if answer['start_s'] == pytest.approx(start_s, abs=1e-3):
            break
    assert answer['text'] == 'I have burnt the soup again.'
    assert answer['emotion'] == last.results[0].class_id == PLAYED[-1]
    assert answer['confidence'] == last.results[0].score
    assert answer['probabilities'] == {item.class_id: item.score for item in last.results}
    assert answer['start_s'] == pytest.approx(start_s, abs=1e-3)
    assert answer['end_s'] == pytest.approx(end_s, abs=1e-3)
