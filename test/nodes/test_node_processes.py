"""The installed executables: started as launch starts them, seen and ended from outside."""

import signal

import pytest
from ros_world import diagnostics_of, values_of, wait_until

from physioser_ros.nodes import topics

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
    from tiny_model import samples_for, write_tiny_model
    from physioser_ros.nodes import conversions

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


def test_a_wrong_parameter_ends_the_process_with_one_sentence(execute):
    process = execute('emotion_recognizer', parameters=['queue.depth:=many'])
    assert process.wait() == 1
    assert "'queue.depth' must be an integer, not 'many'" in process.output
    assert 'Traceback' not in process.output
