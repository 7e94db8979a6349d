"""Clocks that jump, sound that the card loses, and threads that raise, at the outermost edge."""

import shutil

from fake_sounddevice import FakeSounddevice
import numpy as np
import pytest
from tiny_model import samples_for

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from room import ERROR, OK  # noqa: E402,I100
from ros_world import wait_until  # noqa: E402

from physioser_ros.audio.sources import device  # noqa: E402
from physioser_ros.benchmark.sound import synthetic_speech  # noqa: E402
from physioser_ros.nodes import conversions, topics  # noqa: E402
from physioser_ros.nodes.conversions import samples_of, stamp_ns  # noqa: E402

HOUR_NS = 3600 * 10 ** 9
SILENCE = np.zeros(12800, np.int16)
CHEAP = {'vad.backend': 'webrtc'}
#: A fake card is silent between two steps of a test.
PATIENT_CARD = {'device': 'usb', 'watchdog.timeout_s': 60.0, **CHEAP}


@pytest.fixture
def card(monkeypatch):
    """Return a fake PortAudio with one microphone, in the place of the real one."""
    machine = FakeSounddevice([('USB Audio', 'ALSA', 1, 16000)])
    monkeypatch.setattr(device, 'portaudio', lambda: machine)
    return machine


def hear(card, samples, **options):
    """Let the newest stream hear samples, in blocks of 30 ms."""
    for start in range(0, len(samples) // 480 * 480, 480):
        card.streams[-1].hear(samples[start:start + 480, None], **options)


class JumpingClock:
    """A ROS clock that is set by a test."""

    def __init__(self, clock):
        self._clock, self.offset_ns = clock, 0

    def now(self):
        """Return the time."""
        from rclpy.duration import Duration

        return self._clock.now() + Duration(nanoseconds=self.offset_ns)


@pytest.mark.fault(11, 'the ROS clock of both nodes is set by one hour, forth and back, in the '
                   'middle of utterances (a fake clock)')
def test_a_clock_that_jumps_makes_no_duration_wrong_and_no_latency_negative(
        room, card, seen):
    nodes = room(PATIENT_CARD, {})
    clocks = []
    for node in nodes.nodes:
        clocks.append(JumpingClock(node.get_clock()))
        node.get_clock = lambda clock=clocks[-1]: clock
    nodes.start()
    voice = synthetic_speech(1.0)
    for count, offset_ns in enumerate((HOUR_NS, 0), start=1):
        hear(card, np.concatenate([SILENCE[:6400], voice[:8000]]))
        # The first block of the rest must not be stamped before the jump is.
        wait_until(lambda: nodes.capture._capture._source._blocks.empty(), 'the first half')
        for clock in clocks:
            clock.offset_ns = offset_ns
        hear(card, np.concatenate([voice[8000:], SILENCE]))
        nodes.heard[topics.RESULT_INFO].wait(count)
    durations = [float(conversions.info_values(info)['duration_s']) for info in nodes.infos]
    assert max(durations) < 4 and min(durations) > 0.3
    lengths = [len(samples_of(message)) / 16000 for message in nodes.utterances]
    assert durations == pytest.approx(lengths, abs=1e-4)
    told = [conversions.info_values(info) for info in nodes.heard[topics.RESULT_INFO]]
    for name in ('latency_ms', 'processing_ms', 'queued_ms', 'answer_ms'):
        assert all(float(values[name]) >= 0 for values in told), name
    jumps = nodes.capture.report()[3]['clock_reanchored']
    # More where the machine is too slow for the fake card.
    assert jumps >= 2
    assert float(nodes.capture.report()[3]['last_block_age_s']) >= 0
    seen(f'{len(durations)} utterances of {min(durations):.1f} to {max(durations):.1f} s, '
         f'{jumps} jumps counted, no time negative')


@pytest.mark.fault(11, 'simulated time: /clock is published and stands still while a topic '
                   'gives sound')
def test_simulated_time_that_stands_still_holds_nothing_up(room, world, seen):
    from rosgraph_msgs.msg import Clock

    ticker = world.observer.create_publisher(Clock, '/clock', 10)
    stream = world.speak(topics.INPUT_STREAM)
    simulated = {'use_sim_time': True}
    nodes = room({'source': 'topic', **CHEAP, **simulated}, simulated).start()
    world.matched(ticker, 2)
    world.matched(stream)
    tick = Clock()
    tick.clock.sec = 100
    ticker.publish(tick)
    wait_until(lambda: all(node.get_clock().now().nanoseconds == 100 * 10 ** 9
                           for node in nodes.nodes), 'the simulated time')
    sound = np.concatenate([SILENCE, synthetic_speech(2.0), SILENCE])
    for start in range(0, len(sound), 4000):
        # In a simulation the stamps are those of the simulated clock.
        stream.publish(conversions.audio_message(
            sound[start:start + 4000], conversions.header(90 * 10 ** 9 + start * 62500)))
    stamp = stamp_ns(nodes.utterances.wait().header)
    assert 90 * 10 ** 9 <= stamp <= 92 * 10 ** 9
    nodes.answers.wait()
    nodes.level(nodes.recognizer, OK)
    seen(f'utterance stamped {stamp / 1e9:.2f} s and answered, diagnostics went on')


@pytest.mark.fault(3, 'the sound card raises its overflow flag in the middle of a voice (a fake '
                   'PortAudio; a virtual device never overflows)')
def test_an_overflow_is_counted_and_cuts_the_utterance(room, card, seen):
    nodes = room(PATIENT_CARD).start()
    voice = synthetic_speech(2.0)
    hear(card, np.concatenate([SILENCE, voice[:16320]]))
    card.streams[-1].hear(voice[16320:16800, None], overflow=True)
    hear(card, np.concatenate([voice[16800:], SILENCE]))
    nodes.utterances.wait(2)
    values = nodes.values(nodes.capture)
    # More gaps where the machine is too slow for the fake card.
    assert values['overflows'] == '1' and int(values['gaps']) >= 1
    flags = [conversions.info_values(info)['flags'].split(',') for info in nodes.infos]
    assert all('gap' in each for each in flags)
    seen('1 overflow counted; two utterances, both flagged `gap`')


@pytest.mark.fault(14, 'the callback of the sound card raises (a fake PortAudio)')
def test_an_exception_in_the_callback_is_an_error_and_the_card_is_opened_again(
        room, card, seen):
    nodes = room({**PATIENT_CARD, 'watchdog.retry_s': [0.1, 0.2]}).start()
    card.streams[-1]._callback(None, 480, None, None)
    status = nodes.level(nodes.capture, ERROR, 'callback')
    wait_until(lambda: len(card.streams) == 2 and 'start' in card.streams[1].calls
               and nodes.capture._capture._source._stream is not None, 'a new stream')
    hear(card, np.concatenate([SILENCE, synthetic_speech(1.0), SILENCE]))
    nodes.utterances.wait()
    assert nodes.capture.report()[3]['reopened'] == 1
    seen(f'ERROR "{status.message}", opened again, the next utterance heard')


@pytest.mark.fault(14, 'the folder of dump_dir is removed while utterances are written to it')
def test_a_worker_that_breaks_is_an_error_with_its_cause(room, world, tmp_path, seen):
    folder = tmp_path / 'dump'
    folder.mkdir()
    stream = world.speak(topics.INPUT_STREAM)
    nodes = room({'source': 'topic', 'dump_dir': str(folder), 'segment.trigger': 'continuous',
                  'segment.window_s': 0.96, 'segment.min_s': 0.0}).start()
    world.matched(stream)
    shutil.rmtree(folder)
    sound, sent = samples_for(3, duration_s=0.32), iter(range(10 ** 6))

    def broken():
        # Best effort: a block may be lost, so one follows the other until it shows.
        stream.publish(conversions.audio_message(
            sound, conversions.header(10 ** 9 + next(sent) * 320_000_000)))
        return nodes.capture.report()[0] == 2
    wait_until(broken, 'the error', pause_s=0.05)
    status = nodes.level(nodes.capture, ERROR, 'listening failed')
    assert 'cannot be written' in status.message
    folder.mkdir()
    nodes.stop(nodes.capture)
    nodes.start(nodes.capture)
    seen('ERROR "listening failed: ... cannot be written ...", and it works again after '
         'deactivate and activate')
