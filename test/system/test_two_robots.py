"""Two robots in one graph: each hears itself, and answers with its own model."""

import numpy as np
import pytest
import soundfile
from tiny_model import LABELS, samples_for, write_tiny_model

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from ros_world import World  # noqa: E402,I100

from physioser_ros.nodes import topics  # noqa: E402

#: A whole number of the frames of every detector.
PIECE_S = 0.96
#: Cut a file into its pieces, whatever a detector of voices thinks of square waves.
PIECES = {'segment.trigger': 'continuous', 'segment.window_s': PIECE_S, 'segment.min_s': 0.0,
          'queue.depth': 64, 'file.realtime': False, 'file.exit_at_end': True}

#: What is said to each robot, as indexes of levels, and how its model calls these levels.
SAID = {'left': (0, 6, 1, 3), 'right': (5, 5, 2)}
LABELS_OF = {'left': LABELS, 'right': tuple(f'{label} too' for label in reversed(LABELS))}


@pytest.fixture
def worlds(world):
    """Return a World for each of the two robots."""
    other = World()
    yield {'left': world, 'right': other}
    other.close()


def test_two_robots_with_two_models_do_not_hear_each_other(worlds, robots, tmp_path):
    started, utterances, answers = {}, {}, {}
    for name, world in worlds.items():
        path = tmp_path / f'{name}.wav'
        soundfile.write(path, np.concatenate([
            samples_for(index, duration_s=PIECE_S) for index in SAID[name]]), 16000)
        model = write_tiny_model(tmp_path / f'{name}.onnx', labels=LABELS_OF[name])
        utterances[name] = world.listen(topics.UTTERANCE)
        answers[name] = world.listen(topics.CLASSIFICATION)
        started[name] = robots(world, PIECES, file=str(path), model=str(model))
    for name, robot in started.items():
        robot.configure()
        robot.activate('emotion_recognizer')
        utterances[name].wait_matched()
        answers[name].wait_matched()
        robot.wait_heard('emotion_recognizer', topics.CLASSIFICATION, 1)
        # The observer and its own recognizer, not that of the other robot.
        robot.wait_heard('audio_capture', topics.UTTERANCE, 2)
    for robot in started.values():
        robot.activate('audio_capture')
    for name, robot in started.items():
        assert robot.processes['ser'].wait() == 0, robot.output
        utterances[name].wait(len(SAID[name]))
        answers[name].wait(len(SAID[name]))
        # What came too much is here by now.
        answers[name].wait_left()
        assert [answer.results[0].class_id for answer in answers[name]] == [
            LABELS_OF[name][index] for index in SAID[name]]
        assert [answer.header for answer in answers[name]] == [
            utterance.header for utterance in utterances[name]]
        assert '[ERROR]' not in robot.output
        assert 'Traceback' not in robot.output
