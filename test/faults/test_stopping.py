"""Signals, transitions and death at every stage: gone at once, and free for the next start."""

import signal
import time

import pytest
from tiny_model import samples_for, write_tiny_model

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from ros_world import diagnostics_of, values_of, wait_until  # noqa: E402,I100
from virtual_microphone import plugged_in, why_absent  # noqa: E402

from physioser_ros.nodes import conversions, topics  # noqa: E402

#: The promise, on a machine that has time for it.
END_S = 2.0
#: Inference that never ends by itself, yet loads at once.
FOR_EVER = 10 ** 8


@pytest.fixture
def endless(tmp_path):
    """Return a model that computes for ever as soon as it hears something."""
    return write_tiny_model(tmp_path / 'endless.onnx', busy=FOR_EVER)


def waiting_for(world, process, node, condition, what):
    """Wait until the diagnostics of a node in a process meet a condition."""
    messages = world.listen(topics.DIAGNOSTICS)

    def met():
        assert not process.has_ended(), process.output
        return any(condition(values_of(status)) for status in diagnostics_of(
            messages, f'{world.namespace}/{node}'))
    wait_until(met, what)


def ended(process, number):
    """Send a signal; return exit code and time in s."""
    sent_s = time.monotonic()
    return process.end(number), time.monotonic() - sent_s


def has_children(process):
    """Return whether a process of the same group as an ended one still lives."""
    pid = process._process.pid
    try:
        with open(f'/proc/{pid}/stat'):
            return True
    except OSError:
        return False


@pytest.mark.fault(13, 'SIGINT and SIGTERM to the recogniser in the middle of an inference that '
                   'never ends')
def test_a_signal_ends_an_endless_inference(world, execute, endless, seen):
    speaker, told = world.speak(topics.UTTERANCE), []
    late = False
    processes = [execute('emotion_recognizer', model__path=endless) for _ in range(2)]
    world.matched(speaker, 2)
    speaker.publish(conversions.audio_message(samples_for(1), conversions.header(1)))
    for process, number in zip(processes, (signal.SIGINT, signal.SIGTERM)):
        waiting_for(world, process, 'emotion_recognizer',
                    lambda values: values.get('utterances') == '1', 'the inference')
        code, seconds = ended(process, number)
        assert code == 0 and 'Traceback' not in process.output
        assert not has_children(process)
        late |= seconds > END_S
        told.append(f'{number.name}: code {code} after {seconds:.1f} s')
    seen('; '.join(told), late)


def hears_signals(process):
    """Return whether a process has taken over SIGTERM, from which on it promises its end."""
    with open(f'/proc/{process._process.pid}/status', encoding='ascii') as file:
        caught = next(line for line in file if line.startswith('SigCgt'))
    return int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1


@pytest.mark.fault(13, 'SIGINT and SIGTERM while ROS, the nodes and the model are being loaded, '
                   '0, 0.3 and 0.9 s after the process listens to signals')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_the_start_ends_it(execute, tiny_model, number, seen):
    took = []
    for delay_s in (0, 0.3, 0.9):
        process = execute('ser', model__path=tiny_model, source='topic')
        wait_until(lambda: hears_signals(process), 'the process to listen to signals')
        # Whatever it does at that moment.
        time.sleep(delay_s)
        code, seconds = ended(process, number)
        assert code == 0 and 'Traceback' not in process.output, process.output
        took.append(seconds)
    seen(f'{number.name}: code 0 after {max(took):.1f} s at most, no traceback',
         max(took) > END_S)


@pytest.mark.fault(13, 'deactivate in the middle of an inference that never ends, then again '
                   'activate; ten cycles in the same process')
def test_deactivating_in_mid_inference_is_quick_and_leaves_nothing(
        room, world, tiny_model, endless, seen):
    import threading

    nodes = room(None, {'model.path': str(endless)})
    node, took = nodes.recognizer, []
    assert world.transition('emotion_recognizer', 'configure')
    speaker = world.speak(topics.UTTERANCE)
    threads = None
    for number in range(10):
        assert world.transition('emotion_recognizer', 'activate')
        world.matched(speaker, 2)
        speaker.publish(conversions.audio_message(samples_for(1), conversions.header(1)))
        wait_until(lambda: node._engine.status().busy, 'the inference')
        started_s = time.monotonic()
        assert world.transition('emotion_recognizer', 'deactivate')
        took.append(time.monotonic() - started_s)
        # The observer listens on.
        wait_until(lambda: speaker.get_subscription_count() == 1, 'it to listen no more')
        threads = threads or threading.active_count()
    assert threading.active_count() == threads
    seen(f'10 cycles, deactivated within {max(took):.1f} s, {threads} threads after the first '
         'and the last', max(took) > END_S)


def loads_the_model(process):
    """Return whether onnxruntime is in a process, which happens right before the model is read."""
    with open(f'/proc/{process._process.pid}/maps', encoding='utf-8') as file:
        return 'onnxruntime' in file.read()


@pytest.mark.fault(13, 'kill -9 to both nodes while the microphone is open and an inference under '
                   'way, and kill -9 to the next ones while they load the model')
@pytest.mark.skipif(bool(why_absent()), reason=why_absent())
def test_after_a_crash_the_microphone_is_free(
        world, execute, tmp_path_factory, tiny_model, endless, seen):
    def hears(process):
        waiting_for(world, process, 'audio_capture',
                    lambda values: float(values.get('zero_s', 0)) > 0.3, 'the microphone')

    with plugged_in(tmp_path_factory.mktemp('pulse')):
        speaker = world.speak(topics.UTTERANCE)
        process = execute('ser', model__path=endless, device='pulse')
        hears(process)
        world.matched(speaker)
        speaker.publish(conversions.audio_message(samples_for(1), conversions.header(1)))
        waiting_for(world, process, 'emotion_recognizer',
                    lambda values: values.get('utterances') == '1', 'the inference')
        codes = [process.end(signal.SIGKILL)]
        process = execute('ser', model__path=tiny_model, device='pulse')
        wait_until(lambda: loads_the_model(process), 'it to load the model')
        codes.append(process.end(signal.SIGKILL))
        process = execute('ser', model__path=tiny_model, device='pulse')
        hears(process)
        codes.append(process.end(signal.SIGINT))
        assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
        assert 'Traceback' not in process.output and not has_children(process)
        seen('the start after them hears the microphone at once; then SIGINT: code 0')
