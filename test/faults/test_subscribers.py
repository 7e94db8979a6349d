"""Subscribers that are absent, late, deaf or ask for something else; more voices than one."""

import os
import signal

import numpy as np
import pytest
from tiny_model import LABELS, samples_for, write_tiny_model

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: E402,I100
from ros_world import wait_until  # noqa: E402

from physioser_ros.nodes import conversions, topics  # noqa: E402
from physioser_ros.nodes.qos import profile  # noqa: E402

PIECE_S, COUNT = 0.96, 30
#: Pieces of a file as fast as they go.
PIECES = {'source': 'file', 'file.realtime': False, 'file.wait_for_subscriber': False,
          'segment.trigger': 'continuous', 'segment.window_s': PIECE_S, 'segment.min_s': 0.0}


@pytest.fixture
def pieces(write):
    """Return the path of a file of pieces."""
    return write('pieces.wav', np.concatenate([
        samples_for(number % 8, duration_s=PIECE_S) for number in range(COUNT)]))


@pytest.mark.fault(12, 'a subscriber whose process is stopped (SIGSTOP) and one that never takes '
                   'a message, beside the recogniser')
def test_a_subscriber_that_never_reads_holds_nobody_up(
        world, room, execute, pieces, seen):
    from ros_world import World

    frozen = execute('listen')
    never = World()
    never._spinner.stop()
    never.observer.create_subscription(
        conversions.message_type(topics.UTTERANCE.type),
        f'{world.namespace}/{topics.UTTERANCE.name}', print, profile(topics.UTTERANCE.qos))
    nodes = room({**PIECES, 'file.path': pieces}, {'queue.depth': 64})
    nodes.start(nodes.recognizer)
    assert world.transition('audio_capture', 'configure')
    world.matched(nodes.capture._published[topics.UTTERANCE_INFO], 2)
    world.matched(nodes.capture._published[topics.UTTERANCE], 3)
    os.kill(frozen._process.pid, signal.SIGSTOP)
    try:
        assert world.transition('audio_capture', 'activate')
        nodes.answers.wait(COUNT)
    finally:
        os.kill(frozen._process.pid, signal.SIGCONT)
        never.observer.destroy_node()
    assert nodes.capture.utterances == COUNT
    seen(f'{COUNT} of {COUNT} utterances published and answered meanwhile')


@pytest.mark.fault(12, 'a late subscriber, and one that asks for less reliability than it '
                   'needs: best effort offered, reliable asked for')
def test_a_late_subscriber_gets_the_labels_and_a_mismatch_is_named(world, room, seen):
    nodes = room(None, {}).start()
    late = world.listen(topics.LABEL_INFO)
    assert [item.class_name for item in late.wait().class_map] == list(LABELS)
    world.observer.create_publisher(
        conversions.message_type(topics.UTTERANCE.type), topics.UTTERANCE.name,
        QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
    (sentence,) = wait_until(lambda: list(nodes.recognizer.incompatible), 'the mismatch')
    assert f'{world.namespace}/observer publishes' in sentence and 'reliability' in sentence
    seen(f'labels delivered late; "{sentence.replace(world.namespace, "")}"')


@pytest.mark.fault(10, 'bursts of 20 voices that speak at once, to a recogniser that takes 0.1 s '
                   'for each')
def test_twenty_voices_at_once_are_answered_or_counted(world, room, tmp_path, seen):
    voices, rounds = 20, 3
    model = write_tiny_model(tmp_path / 'slow.onnx', busy=2000)
    speakers = [world.speak(topics.UTTERANCE) for _ in range(voices)]
    nodes = room(None, {'model.path': str(model)}).start()
    for speaker in speakers:
        world.matched(speaker)
    node = nodes.recognizer
    for number in range(rounds):
        for voice, speaker in enumerate(speakers):
            speaker.publish(conversions.audio_message(
                samples_for(voice % 8), conversions.header(1 + number * 100 + voice)))
    total = voices * rounds
    wait_until(lambda: node.settled + node._lost.count >= total, 'the end of the burst')
    values = nodes.values(node)
    answered, dropped = int(values['results']), int(values.get('dropped.queue_full', 0))
    assert answered + dropped + int(values['lost']) == total
    assert int(values['waiting']) == 0 and answered >= 1
    nodes.answers.wait(answered)
    assert all(answer.results[0].class_id in LABELS for answer in nodes.answers)
    # The one that came last is never the one that is dropped.
    assert nodes.answers[-1].header.stamp.nanosec == 1 + (rounds - 1) * 100 + voices - 1
    seen(f'{total} utterances: {answered} answered, {dropped} dropped and counted, '
         f'{values["lost"]} lost on the way and counted')


def test_messages_that_are_lost_on_the_way_are_counted():
    from physioser_ros.nodes.lost import LostMessages

    lost = LostMessages()
    for publisher, number in ((b'a', 5), (b'b', 1), (b'a', 6), (b'a', 9), (b'b', 2), (b'a', 9)):
        lost.note({'publication_sequence_number': number, 'publisher_gid': {'data': publisher}})
    lost.note({})
    assert lost.count == 2
