"""The installed executables: started as launch starts them, seen and ended from outside."""

import signal

from launch_evaluation import evaluate
import numpy as np
from processes import launch_command, Process
import pytest
from ros_world import diagnostics_of, values_of, wait_until
import soundfile
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.nodes import conversions, topics

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')


def wait_for_status(world, messages, process, node, condition, what):
    """Wait until a DiagnosticStatus of a node meets a condition; the process must live."""
    def seen():
        assert not process.has_ended(), process.output
        return any(condition(status) for status in diagnostics_of(
            messages, f'{world.namespace}/{node}'))
    wait_until(seen, what)


def wait_for_state(world, messages, process, node, state):
    """Wait until the diagnostics of a node show a lifecycle state."""
    wait_for_status(world, messages, process, node,
                    lambda status: values_of(status)['state'] == state, f'{node} to be {state}')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_active_recognizer_without_a_trace(world, execute, tiny_model, number):
    diagnostics = world.listen(topics.DIAGNOSTICS)
    process = execute('emotion_recognizer', parameters=[f'model.path:={tiny_model}'])
    wait_for_state(world, diagnostics, process, 'emotion_recognizer', 'active')
    assert process.end(number) == 0
    assert 'Traceback' not in process.output


def test_a_signal_in_the_middle_of_an_inference_ends_it_too(world, execute, tmp_path):
    model = write_tiny_model(tmp_path / 'slow.onnx', busy=10**6)
    diagnostics = world.listen(topics.DIAGNOSTICS)
    speaker = world.speak(topics.UTTERANCE)
    process = execute('emotion_recognizer', parameters=[
        f'model.path:={model}', 'model.warmup:=false'])
    world.matched(speaker)
    speaker.publish(conversions.audio_message(samples_for(1), conversions.header(1)))
    wait_for_status(world, diagnostics, process, 'emotion_recognizer',
                    lambda status: values_of(status).get('utterances') == '1',
                    'the inference to begin')
    assert process.end() == 0
    assert 'Traceback' not in process.output


def test_a_failed_autostart_leaves_the_node_answering(world, execute, tiny_model):
    diagnostics = world.listen(topics.DIAGNOSTICS)
    process = execute('emotion_recognizer', parameters=['model.path:=/nowhere.onnx'])
    wait_for_status(
        world, diagnostics, process, 'emotion_recognizer',
        lambda status: status.level == b'\x02' and 'no model /nowhere.onnx' in status.message,
        'the cause in the diagnostics')
    assert world.state('emotion_recognizer') == 'unconfigured'
    assert process.end() == 0
    assert 'Traceback' not in process.output


def test_a_failed_autostart_ends_the_process_where_that_is_asked_for(execute):
    process = execute('emotion_recognizer', parameters=[
        'model.path:=/nowhere.onnx', 'on_autostart_failure:=exit'])
    assert process.wait() == 1
    assert 'there is no model /nowhere.onnx' in process.output
    assert 'Traceback' not in process.output


@pytest.mark.parametrize('parameter, sentence', [
    ('queue.depth:=many', "'queue.depth' must be an integer, not 'many'"),
    ('queue.depth', "Couldn't parse parameter override rule: '-p queue.depth'"),
])
def test_a_wrong_parameter_ends_the_process_with_one_sentence(execute, parameter, sentence):
    process = execute('emotion_recognizer', parameters=[parameter])
    assert process.wait() == 1
    assert sentence in process.output.splitlines()[-1]
    assert 'Traceback' not in process.output


#: A whole number of the frames of every detector.
PIECE_S = 0.96


@pytest.fixture(scope='module')
def speech(tmp_path_factory):
    """Return a file of pieces with known labels in the tiny model, and the labels."""
    order = (5, 0, 7, 2, 2)
    path = tmp_path_factory.mktemp('speech') / 'speech.wav'
    pieces = [samples_for(index, duration_s=PIECE_S) for index in order]
    soundfile.write(path, np.concatenate(pieces), 16000, subtype='PCM_16')
    return path, [LABELS[index] for index in order]


#: Cut the file into its pieces, whatever a detector of voices thinks of square waves.
PIECES = {'segment.trigger': 'continuous', 'segment.window_s': PIECE_S, 'segment.min_s': 0.0,
          'queue.depth': 64}


@pytest.fixture
def launch(prefix, world, tmp_path):
    """Return a function that starts what the launch file describes, with its command lines."""
    started = []

    def launch(parameters, **arguments):
        path = prefix / 'share' / 'physioser_ros' / 'launch' / 'ser.launch.py'
        _, nodes = evaluate(path, namespace=world.namespace, **arguments)
        for node in nodes:
            command = launch_command(prefix, node, tmp_path, parameters)
            started.append(Process(command, tmp_path / f'{node.executable}.log'))
        return started
    yield launch
    for process in started:
        process.kill()


def test_a_file_through_the_launched_process_is_heard_outside_and_ends_it(
        world, launch, execute, speech, tiny_model):
    path, labels = speech
    answers, diagnostics = world.listen(topics.CLASSIFICATION), world.listen(topics.DIAGNOSTICS)
    listener = execute('listen', '--count', str(len(labels)))
    (process,) = launch({**PIECES, 'file.exit_at_end': True, 'file.realtime': False},
                        file=str(path), model=tiny_model, autostart='false')
    for node in ('emotion_recognizer', 'audio_capture'):
        assert world.transition(node, 'configure'), process.output
    # Both hear everything, before there is anything to hear.
    for node, topic, count in (('emotion_recognizer', topics.CLASSIFICATION, 2),
                               ('emotion_recognizer', topics.RESULT_INFO, 1),
                               ('audio_capture', topics.UTTERANCE_INFO, 1)):
        wait_for_status(
            world, diagnostics, process, node, lambda status: values_of(status).get(
                f'subscribers.{topic.name}') == str(count), f'{count} hear {topic.name}')
    answers.wait_matched()
    for node in ('emotion_recognizer', 'audio_capture'):
        assert world.transition(node, 'activate'), process.output
    answers.wait(len(labels))
    assert [answer.results[0].class_id for answer in answers] == labels
    assert process.wait() == 0
    assert listener.wait() == 0
    lines = listener.output.splitlines()
    assert [line.split()[3] for line in lines] == labels
    assert 'Traceback' not in process.output + listener.output


def test_two_launched_processes_pass_a_recording_on_and_end_by_signals(
        world, launch, speech, tiny_model):
    path, labels = speech
    diagnostics = world.listen(topics.DIAGNOSTICS)
    answers = world.listen(topics.CLASSIFICATION)
    recognizer, capture = launch({**PIECES, 'file.loop': True}, file=str(path), model=tiny_model,
                                 composition='false', log_level='warn')
    wait_for_state(world, diagnostics, recognizer, 'emotion_recognizer', 'active')
    wait_for_state(world, diagnostics, capture, 'audio_capture', 'active')
    answers.wait(2)
    assert capture.end(signal.SIGINT) == 0
    assert recognizer.end(signal.SIGTERM) == 0
    assert capture.output + recognizer.output == ''


def test_the_monitor_draws_and_ends(world, execute):
    process = execute('monitor')
    speaker = world.speak(topics.CLASSIFICATION)
    world.matched(speaker)
    assert process.end() == 0
    assert 'speech emotion' in process.output
    assert 'Traceback' not in process.output


def test_the_listener_ends_by_a_signal(world, execute):
    process = execute('listen')
    speaker = world.speak(topics.CLASSIFICATION)
    world.matched(speaker)
    assert process.end(signal.SIGTERM) == 0
    assert process.output == ''
