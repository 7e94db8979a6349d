"""The capture node: what the capture hands it becomes messages, and the other way round."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from fake_capture import block, FakeCapture, utterance  # noqa: E402,I100
from ros_world import diagnostics_of, values_of, wait_until  # noqa: E402

from physioser_ros.audio.errors import AudioError  # noqa: E402
from physioser_ros.nodes import audio_capture, conversions, topics  # noqa: E402

NODE = 'audio_capture'


@pytest.fixture
def create(world, monkeypatch):
    """Return a function that creates an unconfigured node on a fake capture."""
    monkeypatch.setattr(audio_capture, 'Capture', FakeCapture)
    monkeypatch.setattr(FakeCapture, 'failure', None)

    def create(parameters=None, **options):
        return world.add(audio_capture.AudioCapture, parameters, **options)
    return create


@pytest.fixture
def start(world, create):
    """Return a function that starts an active node, matched with listeners."""
    def start(parameters=None, listen=(), **options):
        received = {topic: world.listen(topic) for topic in listen}
        node = create(parameters, **options)
        assert world.transition(NODE, 'configure'), node.problem
        assert world.transition(NODE, 'activate'), node.problem
        world.connected(node, received)
        return node, received
    return start


def test_an_utterance_travels_with_its_stamp_its_sound_and_its_flags(start):
    _, received = start({'frame_id': 'head'}, (topics.UTTERANCE, topics.UTTERANCE_INFO))
    FakeCapture.last.on_utterance(utterance())
    message = received[topics.UTTERANCE].wait()
    assert conversions.stamp_ns(message.header) == 2_500_000_000
    assert message.header.frame_id == 'head'
    assert np.array_equal(conversions.samples_of(message), utterance().samples)
    info = received[topics.UTTERANCE_INFO].wait()
    assert info.header == message.header
    values = conversions.info_values(info)
    assert values['flags'] == 'split'
    assert [float(values[name]) for name in (
        'duration_s', 'speech_start_s', 'speech_end_s')] == [1.0, 0.25, 0.75]


def test_a_late_subscriber_gets_the_format_and_the_voice(start, world):
    start()
    FakeCapture.last.on_voice(True)
    assert world.listen(topics.VOICE_DETECTED).wait().data is True
    info = world.listen(topics.AUDIO_INFO).wait()
    assert (info.channels, info.sample_rate, info.sample_format, info.bitrate,
            info.coding_format) == (1, 16000, 'S16LE', 256000, 'WAVE')


def test_voice_is_published_on_change_only_and_ends_with_the_node(start, world):
    _, received = start(listen=(topics.VOICE_DETECTED,))
    # One by one: the topic keeps only the newest.
    for count, voice in ((2, True), (2, True), (3, False), (4, True)):
        FakeCapture.last.on_voice(voice)
        received[topics.VOICE_DETECTED].wait(count)
    assert world.transition(NODE, 'deactivate')
    received[topics.VOICE_DETECTED].wait(5)
    assert [message.data for message in received[topics.VOICE_DETECTED]] == [
        False, True, False, True, False]


def test_the_stream_is_private_unless_it_is_asked_for(start, world):
    start()
    assert FakeCapture.last.on_block is None
    name = world.observer.resolve_topic_name(topics.AUDIO_STREAM.name)
    assert world.observer.count_publishers(name) == 0


def test_the_stream_can_be_published(start):
    _, received = start({'publish_stream': True}, (topics.AUDIO_STREAM,))

    def publish_again():
        # The topic is best effort: a message may be lost.
        FakeCapture.last.on_block(block(stamp_ns=7))
        return received[topics.AUDIO_STREAM]
    wait_until(publish_again, 'a block', pause_s=0.2)
    message = received[topics.AUDIO_STREAM][0]
    assert conversions.stamp_ns(message.header) == 7
    assert len(conversions.samples_of(message)) == 480


def test_the_utterance_so_far_goes_to_its_own_topic(start):
    early = (topics.UTTERANCE_PARTIAL, topics.UTTERANCE_ANTICIPATED)
    _, received = start(listen=(*early, topics.UTTERANCE))
    FakeCapture.last.on_partial(utterance(count=8000))
    FakeCapture.last.on_anticipated(utterance(count=9000))
    assert [len(conversions.samples_of(received[topic].wait())) for topic in early] == [
        8000, 9000]
    assert not received[topics.UTTERANCE]


def test_a_microphone_that_is_not_found_keeps_the_node_unconfigured_until_it_is(create, world):
    diagnostics = world.listen(topics.DIAGNOSTICS)
    node = create()
    diagnostics.wait_matched()
    FakeCapture.failure = AudioError('no input device matches "Jabra"; there are: USB mic')
    assert not world.transition(NODE, 'configure')
    assert world.state(NODE) == 'unconfigured'
    assert FakeCapture.last.calls == ['configure', 'close']
    wait_until(lambda: any(status.level == b'\x02' and 'no input device' in status.message
                           for status in diagnostics_of(
                               diagnostics, node.get_fully_qualified_name())), 'the cause')
    FakeCapture.failure = None
    assert world.transition(NODE, 'configure')


def test_the_stream_is_opened_last_and_closed_first(start, world):
    start()
    assert FakeCapture.last.calls == ['configure', 'start']
    assert world.transition(NODE, 'deactivate')
    assert world.transition(NODE, 'cleanup')
    assert FakeCapture.last.calls == ['configure', 'start', 'stop', 'close']


def test_diagnostics_show_what_the_capture_says(start, world):
    diagnostics = world.listen(topics.DIAGNOSTICS)
    node, _ = start()
    diagnostics.wait_matched()

    def seen():
        return [status for status in diagnostics_of(
            diagnostics, node.get_fully_qualified_name())
            if values_of(status)['state'] == 'active']
    status = wait_until(seen, 'the status of the capture')[0]
    assert status.hardware_id == 'a microphone of air'
    assert values_of(status)['overflows'] == '3'
    assert status.message == 'listening'


def test_the_robots_voice_is_handed_on(start, world):
    speaker = world.speak(topics.ROBOT_SPEAKING)
    start()
    world.matched(speaker)
    speaker.publish(conversions.message_type('std_msgs/Bool')(data=True))
    wait_until(lambda: ('set_robot_speaking', True) in FakeCapture.last.calls, 'the gate')


def test_the_end_of_the_robots_voice_is_heard_while_the_node_is_inactive(start, world):
    speaker = world.speak(topics.ROBOT_SPEAKING)
    start()
    world.matched(speaker)
    assert world.transition(NODE, 'deactivate')
    speaker.publish(conversions.message_type('std_msgs/Bool')(data=False))
    wait_until(lambda: ('set_robot_speaking', False) in FakeCapture.last.calls, 'the gate')


def test_services_reach_the_capture_and_say_no_without_one(start, create, world):
    from std_srvs.srv import SetBool, Trigger

    create()
    answer = world.call(f'{NODE}/set_enabled', SetBool, data=False)
    assert (answer.success, answer.message) == (
        False, 'the node is unconfigured: configure it first')
    assert world.transition(NODE, 'configure')
    assert world.call(f'{NODE}/set_enabled', SetBool, data=False).success
    assert world.call(f'{NODE}/push_to_talk', SetBool, data=True).success
    assert world.call(f'{NODE}/reset', Trigger).success
    assert FakeCapture.last.calls[-3:] == [('set_enabled', False), ('push_to_talk', True),
                                           'reset']


def test_a_muted_microphone_stays_muted_when_it_is_configured_anew(start, world):
    from std_srvs.srv import SetBool

    start()
    muted = FakeCapture.last
    assert world.call(f'{NODE}/set_enabled', SetBool, data=False).success
    for label in ('deactivate', 'cleanup', 'configure', 'activate'):
        assert world.transition(NODE, label)
    assert FakeCapture.last is not muted
    calls = FakeCapture.last.calls
    assert calls.index(('set_enabled', False)) < calls.index('start')
    assert ('set_enabled', True) not in calls


def test_a_stream_of_another_driver_is_handed_on_in_its_own_rate(start, world):
    info, stream = world.speak(topics.INPUT_INFO), world.speak(topics.INPUT_STREAM)
    declared = conversions.audio_info_message()
    declared.sample_rate, declared.channels = 44100, 2
    info.publish(declared)
    node, _ = start({'source': 'topic'})
    world.matched(stream)
    wait_until(lambda: node._input_info is not None, 'the declared format')
    message = conversions.audio_message(np.arange(8, dtype=np.int16), conversions.header(9))

    def publish_again():
        stream.publish(message)
        return FakeCapture.last.pushed()
    (_, samples, stamp_ns, arguments, options) = wait_until(
        publish_again, 'sound to arrive', pause_s=0.2)[0]
    assert samples.shape == (4, 2)
    assert stamp_ns == 9
    assert 44100 in (*arguments, *options.values())


def test_a_compressed_stream_is_refused_and_counted(start, world):
    info, stream = world.speak(topics.INPUT_INFO), world.speak(topics.INPUT_STREAM)
    declared = conversions.audio_info_message()
    declared.coding_format = 'mp3'
    info.publish(declared)
    node, _ = start({'source': 'topic'})
    world.matched(stream)
    wait_until(lambda: node._input_info is not None, 'the declared format')

    def publish_again():
        stream.publish(conversions.audio_message(np.arange(8, dtype=np.int16),
                                                 conversions.header(9)))
        return node.report()[3]['bad_format']
    wait_until(publish_again, 'the refusal', pause_s=0.2)
    assert not FakeCapture.last.pushed()
    assert 'mp3' in node.report()[1]


def test_a_file_waits_for_a_subscriber_and_its_end_is_told_after_the_last_utterance(
        start, world):
    ended = []
    node, _ = start({'source': 'file', 'file.path': '/speech.wav', 'file.exit_at_end': True},
                    on_finished=lambda code: ended.append((code, node.utterances)))
    wait_until(lambda: 'waiting for a subscriber' in node.report()[1], 'the wait')
    assert 'start' not in FakeCapture.last.calls
    received = world.listen(topics.UTTERANCE)
    wait_until(lambda: 'start' in FakeCapture.last.calls, 'the start')
    world.connected(node, {topics.UTTERANCE: received})
    FakeCapture.last.on_utterance(utterance())
    FakeCapture.last.finish()
    wait_until(lambda: ended, 'the end')
    assert ended == [(0, 1)]
    received.wait()


def test_a_file_that_is_gone_when_somebody_subscribes_is_an_error_and_the_end(start, world):
    ended = []
    node, _ = start({'source': 'file', 'file.path': '/speech.wav', 'file.exit_at_end': True},
                    on_finished=ended.append)
    FakeCapture.failure = AudioError('there is no audio file /speech.wav')
    FakeCapture.last.start = FakeCapture.last.configure
    received = world.listen(topics.UTTERANCE)
    wait_until(lambda: ended, 'the end')
    assert ended == [1]
    assert not received
    assert 'there is no audio file /speech.wav' in node.problem
    assert node.callback_errors == 0


def test_a_microphone_needs_real_time(create, world):
    node = create({'use_sim_time': True})
    assert not world.transition(NODE, 'configure')
    assert 'a live microphone has no simulated time' in node.problem


def test_a_file_source_needs_a_file(create, world):
    node = create({'source': 'file'})
    assert not world.transition(NODE, 'configure')
    assert 'file.path is empty' in node.problem


def test_a_live_change_is_handed_on_and_a_senseless_one_refused(start, world):
    from rclpy.parameter import Parameter

    node, _ = start()
    (accepted,) = node.set_parameters([Parameter('segment.hangover_s', value=0.4)])
    assert accepted.successful
    assert FakeCapture.last.calls[-1][0] == 'update'
    (refused,) = node.set_parameters([Parameter('segment.stop_threshold', value=0.9)])
    assert not refused.successful
    assert 'stop_threshold' in refused.reason
    (refused,) = node.set_parameters([Parameter('vad.backend', value='webrtc')])
    assert 'while the node is active' in refused.reason


def test_notices_of_the_capture_are_logged_and_errors_in_it_do_not_end_it(start):
    node, _ = start()
    for level in ('info', 'warn', 'error'):
        FakeCapture.last.on_notice(level, 'an overflow')
    FakeCapture.last.on_utterance('no utterance at all')
    assert node.callback_errors == 1


def test_cycles_on_a_real_file_leave_no_thread_behind(world, tmp_path):
    import threading
    import soundfile

    soundfile.write(tmp_path / 'quiet.wav', np.zeros(16000 * 60, np.int16), 16000)
    node = world.add(audio_capture.AudioCapture, {
        'source': 'file', 'file.path': str(tmp_path / 'quiet.wav'), 'vad.backend': 'webrtc',
        'file.wait_for_subscriber': False})

    def cycle():
        for label in ('configure', 'activate', 'deactivate', 'activate', 'deactivate',
                      'cleanup'):
            assert world.transition(NODE, label), node.problem
    cycle()
    threads = threading.active_count()
    endpoints = len(list(node.publishers)), len(list(node.subscriptions)), len(list(node.timers))
    for _ in range(10):
        cycle()
    assert threading.active_count() == threads
    assert (len(list(node.publishers)), len(list(node.subscriptions)),
            len(list(node.timers))) == endpoints


def test_a_file_that_is_none_is_explained(world, tmp_path):
    (tmp_path / 'text.wav').write_text('no sound')
    node = world.add(audio_capture.AudioCapture, {
        'source': 'file', 'file.path': str(tmp_path / 'text.wav')})
    assert not world.transition(NODE, 'configure')
    assert 'text.wav is no audio file that can be read' in node.problem


def test_an_unknown_microphone_is_explained(world):
    node = world.add(audio_capture.AudioCapture, {'device': 'no such microphone'})
    assert not world.transition(NODE, 'configure')
    assert 'no such microphone' in node.problem
    assert world.state(NODE) == 'unconfigured'
