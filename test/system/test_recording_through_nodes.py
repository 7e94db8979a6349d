"""A recording through the launched nodes: from its file, from a microphone, from a bag."""

from dataclasses import dataclass
import json
import time
from typing import Dict, List

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from processes import Process  # noqa: E402,I100
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from robot import Robot  # noqa: E402
from ros_world import World  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from virtual_microphone import plugged_in, why_absent  # noqa: E402

from physioser_ros.nodes import conversions, topics  # noqa: E402
from physioser_ros.nodes.conversions import samples_of, stamp_ns  # noqa: E402

RATE = 16000
BOUNDARY_S = 0.06
STAMP_S = 0.02
#: The virtual sound card itself loses sound once in some twenty recordings.
ATTEMPTS = 3
#: A queue that a busy machine cannot fill; dropping is tested elsewhere.
PATIENT = {'queue.depth': 64}


@dataclass
class Played:
    """A recording that was played through the nodes in real time, and what was heard of it."""

    samples: np.ndarray
    predicted: List[Dict]
    utterances: List
    answers: List
    asked_ns: int
    first_heard_ns: int


@pytest.fixture(scope='module')
def predicted(prefix, tmp_path_factory, recording, model):
    """Return what `physioser predict` says of the recording, a dict an utterance."""
    process = Process([prefix / 'lib' / 'physioser_ros' / 'physioser', 'predict', '--segment',
                       '--json', '--model', model, recording[0]],
                      tmp_path_factory.mktemp('predict') / 'log')
    try:
        assert process.wait() == 0, process.output
    finally:
        process.kill()
    answers = [json.loads(line) for line in process.output.splitlines()]
    assert len(answers) > 2
    return answers


@pytest.fixture(scope='module')
def played(ros, prefix, tmp_path_factory, recording, model, predicted):
    """Play the recording through two launched processes; this is the third."""
    path, samples = recording
    world = World()
    robot = Robot(world, prefix, tmp_path_factory.mktemp('robot'),
                  {**PATIENT, 'file.exit_at_end': True}, composition='false', file=str(path),
                  model=model)
    try:
        utterances, answers = world.listen(topics.UTTERANCE), world.listen(topics.CLASSIFICATION)
        robot.configure()
        connect(robot, utterances, answers)
        asked_ns = time.time_ns()
        robot.activate('audio_capture')
        utterances.wait()
        first_heard_ns = time.time_ns()
        utterances.wait(len(predicted))
        answers.wait(len(predicted))
        # Its end means that the file is over and that all of it was delivered.
        assert robot.processes['audio_capture'].wait() == 0, robot.output
        utterances.wait_left()
        assert robot.processes['emotion_recognizer'].end() == 0
        answers.wait_left()
        assert '[ERROR]' not in robot.output
        assert 'Traceback' not in robot.output
    finally:
        robot.kill()
        world.close()
    return Played(samples, predicted, list(utterances), list(answers), asked_ns, first_heard_ns)


def connect(robot, utterances, answers):
    """Activate the recognizer and wait until everybody hears everything."""
    robot.activate('emotion_recognizer')
    utterances.wait_matched()
    answers.wait_matched()
    robot.wait_heard('emotion_recognizer', topics.CLASSIFICATION, 1)
    robot.wait_heard('audio_capture', topics.UTTERANCE, 2)


def place(samples, part):
    """Return where in a recording a part of it begins, NaN if it is nowhere or twice there."""
    lead = np.flatnonzero(part)[0]
    needle = part[lead:][:400]
    starts = [index - lead for index in np.flatnonzero(samples == needle[0])
              if np.array_equal(samples[index:index + len(needle)], needle)]
    return starts[0] if len(starts) == 1 else np.nan


def speech(samples):
    """Return begin and end of every stretch of the recording that is louder than its pauses."""
    loud = np.flatnonzero(abs(samples.astype(int)) > 0.05 * abs(samples.astype(int)).max())
    gaps = np.flatnonzero(np.diff(loud) > RATE)
    return list(zip(loud[np.r_[0, gaps + 1]], loud[np.r_[gaps, len(loud) - 1]] + 1))


def boundaries(samples, utterances):
    """
    Return where in a recording utterances begin and end, in s.

    Their first and last sounds are looked for in it: a sound card that loses a moment of the
    silence between them shifts the times of all that follows, but no boundary.
    """
    found = []
    for message in utterances:
        sound = samples_of(message)
        found.append(place(samples, sound))
        found.append(len(samples) - place(samples[::-1], sound[::-1]))
    return np.array(found) / RATE


def labels(answers):
    """Return the most probable label of each Classification."""
    return [answer.results[0].class_id for answer in answers]


def test_every_sample_of_speech_arrives_once_with_its_time(played):
    samples = played.samples
    origins, covered, last_end = [], np.zeros(len(samples), bool), 0
    for message in played.utterances:
        sound = samples_of(message)
        begin = int(place(samples, sound))
        end = begin + len(sound)
        assert np.array_equal(samples[begin:end], sound)
        assert begin >= last_end
        covered[begin:end] = True
        last_end = end
        origins.append(stamp_ns(message.header) - begin * 1e9 / RATE)
    for begin, end in speech(samples):
        assert covered[begin:end].all(), (begin / RATE, end / RATE)
    assert np.ptp(origins) <= STAMP_S * 1e9
    # The file began after it was asked for, and nothing is heard before it was said.
    first = played.utterances[0]
    assert played.asked_ns <= origins[0] + STAMP_S * 1e9
    assert stamp_ns(first.header) + len(samples_of(first)) * 1e9 / RATE <= (
        played.first_heard_ns + STAMP_S * 1e9)


def test_the_node_answers_as_predict_does(played):
    assert len(played.answers) == len(played.utterances) == len(played.predicted)
    for answer, utterance, predicted in zip(played.answers, played.utterances,
                                            played.predicted):
        assert answer.header == utterance.header
        found = {item.class_id: item.score for item in answer.results}
        assert found == pytest.approx(predicted['probabilities'], rel=0, abs=1e-6)
        duration_s = predicted['end_s'] - predicted['start_s']
        assert len(samples_of(utterance)) / RATE == pytest.approx(duration_s, abs=1e-4)


def test_a_bag_of_utterances_is_answered_twice_as_it_was_live(
        played, ros, world, execute, model, tmp_path):
    write_bag(tmp_path / 'bag', world, played.utterances)
    answers, speaker = world.listen(topics.CLASSIFICATION), world.speak(topics.UTTERANCE)
    process = execute('emotion_recognizer', namespace=world.namespace,
                      parameters=[f'model.path:={model}'])
    answers.wait_matched()
    world.matched(speaker)
    live = [(answer.header, list(answer.results)) for answer in played.answers]
    for _ in range(2):
        del answers[:]
        for count, utterance in enumerate(read_bag(tmp_path / 'bag'), start=1):
            speaker.publish(utterance)
            answers.wait(count)
        assert [(answer.header, list(answer.results)) for answer in answers] == live
        assert world.call('emotion_recognizer/reset', Trigger).success
    assert process.end() == 0
    assert 'Traceback' not in process.output


def write_bag(path, world, utterances):
    """Record utterances as a subscriber does."""
    rosbag2 = pytest.importorskip('rosbags.rosbag2', reason='no rosbags')
    from physioser_ros.commands.bag_types import typestore

    kind = conversions.message_type(topics.UTTERANCE.type).__name__
    with rosbag2.Writer(path, version=8) as writer:
        connection = writer.add_connection(
            world.observer.resolve_topic_name(topics.UTTERANCE.name),
            f'audio_common_msgs/msg/{kind}', typestore=typestore())
        for message in utterances:
            writer.write(connection, stamp_ns(message.header), serialize_message(message))


def read_bag(path):
    """Yield the utterances of a bag."""
    from rosbags.rosbag2 import Reader

    with Reader(path) as reader:
        for _, _, data in reader.messages():
            yield deserialize_message(data, conversions.message_type(topics.UTTERANCE.type))


@pytest.mark.skipif(bool(why_absent()), reason=why_absent())
def test_a_microphone_is_heard_and_answered_as_the_file(
        played, ros, world, robots, model, tmp_path_factory):
    with plugged_in(tmp_path_factory.mktemp('pulse')) as machine:
        robot = robots(world, PATIENT, composition='false', source='device', device='pulse',
                       model=model)
        utterances = world.listen(topics.UTTERANCE)
        answers = world.listen(topics.CLASSIFICATION)
        robot.configure()
        connect(robot, utterances, answers)
        robot.activate('audio_capture')
        for _ in range(ATTEMPTS):
            before = wait_for_silence(robot)
            assert machine.play(played.samples).wait(60) == 0
            after = wait_for_silence(robot)
            heard = utterances.until(after)[before:]
            answered = answers.until(after)[before:]
            elsewhere_s = difference_s(played.samples, heard, played.utterances)
            if elsewhere_s <= BOUNDARY_S and labels(answered) == labels(played.answers):
                break
            assert world.call('emotion_recognizer/reset', Trigger).success
        assert elsewhere_s <= BOUNDARY_S
        assert labels(answered) == labels(played.answers)
        assert [process.end() for process in robot.processes.values()] == [0, 0]


def difference_s(samples, found, expected):
    """Return by how much boundaries or stamps are off at most; infinite for another number."""
    if len(found) != len(expected):
        return np.inf
    places = boundaries(samples, found)
    # When the recording began, as each stamp tells it.
    origins = np.array([stamp_ns(message.header) for message in found]) / 1e9 - places[::2]
    return max(abs(places - boundaries(samples, expected)).max(), np.ptp(origins) / 2)


def wait_for_silence(robot):
    """Wait until nobody can be speaking any more; return the number of utterances so far."""
    values = robot.wait_status(
        'audio_capture', lambda values: float(values.get('zero_s', 0)) > 1.6, 'silence',
        since=robot.count_diagnostics())
    return int(values['published'])
