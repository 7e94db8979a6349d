"""What may happen to a microphone, by a real PortAudio on a sound server that is ours."""

import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from room import ERROR, OK  # noqa: E402,I100
from ros_world import wait_until  # noqa: E402
from virtual_microphone import plugged_in, why_absent  # noqa: E402

from physioser_ros.nodes import conversions, topics  # noqa: E402

pytestmark = pytest.mark.skipif(bool(why_absent()), reason=why_absent())


@pytest.fixture(scope='module')
def machine(tmp_path_factory):
    """Return a machine with a virtual microphone, for the processes and this one."""
    with plugged_in(tmp_path_factory.mktemp('pulse')) as created:
        yield created


@pytest.fixture
def listening(room, machine):
    """Return a room whose capture hears the microphone."""
    room = room({'device': 'pulse', 'partial.period_s': 0.5}).start()
    yield room
    room.capture.close()


def says(room, machine, sound):
    """Say something and wait until it begins to be heard."""
    voices = room.heard[topics.VOICE_DETECTED]
    before = len(voices)
    player = machine.play(sound)
    wait_until(lambda: any(message.data for message in voices[before:]), 'a voice')
    return player


@pytest.mark.fault(1, 'the sound server is killed while somebody speaks, and started again')
def test_a_microphone_lost_in_mid_utterance_is_found_again_by_its_name(
        listening, machine, speech, seen):
    room, node = listening, listening.capture
    device = room.level(node, OK).hardware_id
    partials = room.world.listen(topics.UTTERANCE_PARTIAL)
    partials.wait_matched()
    says(room, machine, speech)
    # Speech that is shorter than segment.min_s would be no utterance at all.
    partials.wait()
    lost_s = time.monotonic()
    machine.stop()
    room.level(node, ERROR)
    error_s = time.monotonic() - lost_s
    flags = conversions.info_values(room.infos.wait())['flags']
    assert 'gap' in flags.split(',')
    machine.start()
    found_s = time.monotonic()
    status = room.level(node, OK, 'listening')
    ok_s = time.monotonic() - found_s
    assert status.hardware_id == device
    assert node.report()[3]['reopened'] == 1
    before = len(room.utterances)
    says(room, machine, speech)
    room.utterances.wait(before + 1)
    seen(f'utterance flagged `{flags}`, ERROR after {error_s:.1f} s, OK {ok_s:.1f} s after the '
         f'return of {device}, the next utterance heard', error_s > 1 or ok_s > 3)


@pytest.mark.fault(2, 'source and sink of the sound server are suspended: PortAudio calls back '
                   'no more, and its stream still says that it is active')
def test_a_microphone_that_falls_asleep_is_noticed_by_the_time_since_its_last_block(
        listening, machine, speech, seen):
    room, node = listening, listening.capture
    room.level(node, OK, 'listening')
    machine.suspend(True)
    asleep_s = time.monotonic()
    status = room.level(node, ERROR)
    error_s = time.monotonic() - asleep_s
    wait_until(lambda: 'has given no sound' in node.report()[1]
               or node.report()[3]['reopened'], 'the watchdog')
    machine.suspend(False)
    room.level(node, OK, 'listening')
    assert node.report()[3]['reopened'] >= 1
    says(room, machine, speech)
    room.utterances.wait()
    stopped_s = time.monotonic()
    machine.suspend(True)
    room.stop(node)
    seen(f'ERROR "{status.message}" after {error_s:.1f} s, opened again, the next utterance '
         f'heard; closed within {time.monotonic() - stopped_s:.1f} s while it slept')
    machine.suspend(False)
    assert np.isfinite(error_s)
