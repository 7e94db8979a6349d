"""The worker hears, recovers and says what is wrong; nothing of it depends on the machine."""

import sys
import threading
import time

from fake_sounddevice import FakeSounddevice
import numpy as np
import pytest
from scripted_vad import ScriptedVoiceActivity, sound
import soundfile

from physioser_ros.audio.capture import Capture
from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.options import CaptureOptions
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.audio.sources import DeviceSource, PushSource
from physioser_ros.audio.watchdog import POLL_S

S = 1_000_000_000
SEGMENT = SegmenterOptions(pre_roll_s=0.1, hangover_s=0.3, min_s=0.1)


def wait_until(condition, timeout_s=30.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, 'it never happened'
        time.sleep(0.005)


class Heard:
    """Everything that a capture said."""

    def __init__(self):
        self.utterances, self.voice, self.blocks, self.notices = [], [], [], []

    def callbacks(self):
        return {'on_utterance': self.utterances.append, 'on_voice': self.voice.append,
                'on_block': self.blocks.append,
                'on_notice': lambda level, text: self.notices.append((level, text))}


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def make(heard):
    captures = []

    def create(fake=None, now_ns=lambda: S, **options):
        options = CaptureOptions(segment=options.pop('segment', SEGMENT), **options)
        capture = Capture(options, now_ns=now_ns, source=fake, vad=ScriptedVoiceActivity(),
                          **heard.callbacks())
        captures.append(capture)
        capture.configure()
        return capture

    yield create
    for capture in captures:
        capture.close()


def write(path, samples):
    soundfile.write(path, samples, 16000)
    return str(path)


def push_all(capture, samples, first_ns=S, size=480):
    for start in range(0, len(samples), size):
        capture.push(samples[start:start + size], first_ns + start * 62500)


SPEECH = sound((0.5, 0), (0.5, 1.0), (0.5, 0))
FILE = {'source': 'file'}
TOPIC = {'source': 'topic'}


@pytest.mark.parametrize('realtime', [False, True])
def test_a_file_gives_its_utterances_before_it_is_finished(make, heard, tmp_path, realtime):
    path = write(tmp_path / 'a.wav', np.concatenate([SPEECH, SPEECH[:12800]]))
    capture = make(file_path=path, file_realtime=realtime, **FILE)
    capture.start()
    assert capture.finished.wait(30)
    assert [(item.start_ns - S) // 62500 for item in heard.utterances] == [6400, 24000 + 6400]
    assert heard.utterances[1].flags == {'forced', 'truncated'}
    assert heard.voice == [True, False, True, False]
    assert capture.status().state == 'finished'
    assert sum(len(block.samples) for block in heard.blocks) == 24000 + 12800


def test_pushed_sound_becomes_an_utterance_with_its_own_stamps(make, heard):
    capture = make(**TOPIC)
    capture.start()
    push_all(capture, SPEECH, first_ns=7 * S)
    wait_until(lambda: heard.utterances)
    assert heard.utterances[0].start_ns == 7 * S + 6400 * 62500
    assert capture.status().utterances == 1


def test_only_speech_is_waited_for_block_by_block(make, heard, monkeypatch):
    patience = {True: set(), False: set()}
    capture = make(**TOPIC)
    read = PushSource.read

    def watched(source, timeout_s):
        patience[heard.voice[-1:] == [True]].add(timeout_s)
        return read(source, timeout_s)

    monkeypatch.setattr(PushSource, 'read', watched)
    capture.start()
    push_all(capture, SPEECH)
    wait_until(lambda: heard.utterances)
    assert patience == {True: {POLL_S}, False: {0}}


def test_speech_that_no_more_sound_follows_is_ended(make, heard):
    capture = make(**TOPIC)
    capture.start()
    push_all(capture, SPEECH[:14400])
    wait_until(lambda: heard.utterances)
    assert heard.utterances[0].flags == {'forced', 'truncated'}
    assert heard.voice == [True, False]


def test_the_robots_own_voice_is_no_utterance_and_the_next_person_is(make, heard):
    now = [S]
    capture = make(now_ns=lambda: now[0], gate_hold_off_s=0.2, **TOPIC)
    capture.set_robot_speaking(True)
    now[0] = 2 * S
    capture.set_robot_speaking(False)
    capture.start()
    robot = sound((1.0, 1.0), (0.2, 1.0))
    push_all(capture, np.concatenate([robot, sound((0.5, 1.0), (1.0, 0))]))
    wait_until(lambda: heard.utterances)
    assert heard.utterances[0].start_ns >= S + 1_200_000_000 - 30_000_000
    wait_until(lambda: capture.status().gated_s > 1.1)


def test_a_muted_capture_hears_nothing_and_says_so(make, heard):
    capture = make(**TOPIC)
    capture.set_enabled(False)
    capture.start()
    push_all(capture, SPEECH)
    wait_until(lambda: capture.status().level_dbfs > -100)
    assert (capture.status().level, capture.status().text) == ('warn', 'muted by ~/set_enabled')
    capture.set_enabled(True)
    push_all(capture, SPEECH, first_ns=S + len(SPEECH) * 62500)
    wait_until(lambda: heard.utterances)
    assert heard.utterances[0].start_ns >= S + len(SPEECH) * 62500
    assert capture.status().level == 'ok'


def test_a_block_of_nan_is_refused_counted_and_does_not_disturb_the_next(make, heard):
    capture = make(**TOPIC)
    capture.start()
    capture.push(np.full(480, np.nan, np.float32), S)
    push_all(capture, SPEECH, first_ns=2 * S)
    wait_until(lambda: heard.utterances)
    assert capture.status().refused_blocks == 1
    assert np.array_equal(heard.utterances[0].samples, SPEECH[6400:20800])
    assert [level for level, _ in heard.notices] == ['warn']


def test_a_refused_block_in_mid_speech_is_a_gap_and_never_spliced(make, heard):
    capture = make(**TOPIC)
    capture.start()
    for start in range(0, len(SPEECH), 480):
        block = SPEECH[start:start + 480]
        if start == 12000:
            block = np.full(480, np.nan, np.float32)
        capture.push(block, S + start * 62500)
    wait_until(lambda: len(heard.utterances) == 2)
    before, after = heard.utterances
    assert before.flags == {'gap', 'truncated'} and before.end_index == 12000
    assert after.flags == {'gap'} and after.index == 12480
    assert after.start_ns == S + 12480 * 62500


def test_a_callback_that_raises_ends_in_an_error_that_names_it(make, heard, tmp_path):
    capture = make(file_path=write(tmp_path / 'a.wav', SPEECH), file_realtime=False, **FILE)
    capture._on_utterance = lambda utterance: 1 // 0
    capture.start()
    assert capture.finished.wait(30)
    status = capture.status()
    assert status.level == 'error' and status.state == 'failed'
    assert 'ZeroDivisionError' in status.text
    assert heard.notices[-1] == ('error', status.text)


def test_a_file_that_breaks_off_is_told_in_the_words_of_its_error(make, heard, tmp_path):
    capture = make(file_path=write(tmp_path / 'a.wav', SPEECH), file_realtime=False, **FILE)

    def broken(timeout_s):
        raise AudioError('it is damaged: record it anew')
    capture._source.read = broken
    capture.start()
    assert capture.finished.wait(30)
    assert capture.status().text == 'listening failed: it is damaged: record it anew'


def test_a_reset_drops_the_open_utterance(make, heard):
    capture = make(**TOPIC)
    capture.start()
    push_all(capture, SPEECH[:14400])
    wait_until(lambda: heard.voice == [True])
    capture.reset()
    assert heard.voice == [True, False]
    assert heard.utterances == []


def test_the_button_needs_its_trigger(make):
    with pytest.raises(AudioError, match="segment.trigger is 'vad'.*push_to_talk"):
        make(**TOPIC).push_to_talk(True)


def test_the_button_begins_and_ends_an_utterance(make, heard):
    capture = make(segment=SegmenterOptions(trigger='push_to_talk'), **TOPIC)
    capture.start()
    capture.push_to_talk(True)
    push_all(capture, sound((0.5, 0)))
    wait_until(lambda: heard.voice == [True])
    capture.push_to_talk(False)
    push_all(capture, sound((0.5, 0)), first_ns=S + S // 2)
    wait_until(lambda: heard.utterances)
    assert heard.voice == [True, False]


def test_a_button_held_over_a_pause_of_the_node_has_to_be_pressed_anew(make, heard):
    capture = make(segment=SegmenterOptions(trigger='push_to_talk', pre_roll_s=0.0), **TOPIC)
    capture.start()
    capture.push_to_talk(True)
    capture.stop()
    capture.start()
    push_all(capture, sound((1.0, 0)))
    wait_until(lambda: sum(len(block.samples) for block in heard.blocks) == 16000)
    capture.push_to_talk(True)
    push_all(capture, sound((0.5, 0)), first_ns=2 * S)
    wait_until(lambda: heard.voice == [True])
    capture.push_to_talk(False)
    push_all(capture, sound((0.5, 0)), first_ns=2 * S + S // 2)
    wait_until(lambda: heard.utterances)
    assert heard.utterances[0].start_ns >= 2 * S - S // 5


def test_another_rate_without_its_resampler_is_told_before_anybody_listens(
        make, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'soxr', None)
    soundfile.write(tmp_path / 'a.wav', np.zeros(4800, np.int16), 48000)
    with pytest.raises(AudioError, match='48000 Hz needs soxr.*pip install soxr'):
        make(source='file', file_path=str(tmp_path / 'a.wav'))
    soundfile.write(tmp_path / 'b.wav', np.zeros(1600, np.int16), 16000)
    make(source='file', file_path=str(tmp_path / 'b.wav'))


def test_options_change_while_listening(make, heard):
    capture = make(**TOPIC)
    capture.start()
    capture.update(CaptureOptions(source='topic', segment=SegmenterOptions(min_s=5.0)))
    push_all(capture, SPEECH)
    push_all(capture, sound((1.0, 0)), first_ns=S + len(SPEECH) * 62500)
    wait_until(lambda: capture.status().rejected_short == 1)
    assert heard.utterances == []


def test_pushing_into_another_source_is_refused(make, tmp_path):
    capture = make(file_path=write(tmp_path / 'a.wav', SPEECH), **FILE)
    with pytest.raises(AudioError, match="source is 'file'.*set source to topic"):
        capture.push(SPEECH, S)


def test_stopping_is_idempotent_and_starting_again_works(make, heard):
    capture = make(**TOPIC)
    threads = threading.active_count()
    for _ in range(3):
        capture.start()
        capture.start()
        push_all(capture, SPEECH)
        wait_until(lambda: heard.utterances)
        heard.utterances.clear()
        capture.stop()
        capture.stop()
        assert threading.active_count() == threads
    assert capture.status().state == 'configured'


def test_a_callback_that_hangs_does_not_hang_the_one_who_stops(make, heard):
    capture, entered, release = make(**TOPIC), threading.Event(), threading.Event()

    def hang(utterance):
        entered.set()
        release.wait(60)
    capture._on_utterance = hang
    capture.start()
    push_all(capture, SPEECH)
    assert entered.wait(30)
    stopper = threading.Thread(target=capture.stop, daemon=True)
    stopper.start()
    stopper.join(30)
    hung = stopper.is_alive()
    with pytest.raises(AudioError, match='still hangs'):
        capture.start()
    release.set()
    assert not hung
    assert 'its callback hangs' in capture.status().text
    wait_until(lambda: not any(thread.name == 'audio-capture'
                               for thread in threading.enumerate()))
    capture.start()
    assert capture.status().level == 'ok'


def test_a_new_start_is_not_judged_by_what_was_measured_before(make):
    capture = make(**TOPIC)
    capture._arrival.ratio = 0.5
    assert capture.status().level == 'error'
    capture.start()
    assert capture.status().level == 'ok'


ROWS = [('USB Audio', 'ALSA', 1, 16000)]


def hear_all(stream, samples):
    for start in range(0, len(samples), 480):
        stream.hear(samples[start:start + 480, None])


def device_capture(make, machine, **options):
    source = DeviceSource('usb', lambda: time.time_ns(), sounddevice=machine)
    return make(source, watchdog_retry_s=(0.01, 0.02), **options)


def test_a_device_that_ends_is_opened_again_and_the_utterance_is_flagged(make, heard):
    machine = FakeSounddevice(ROWS)
    capture = device_capture(make, machine)
    capture.start()
    hear_all(machine.streams[0], SPEECH[:14400])
    wait_until(lambda: heard.voice == [True])
    machine.devices = []
    machine.streams[0].end()
    wait_until(lambda: capture.status().level == 'error' and heard.utterances)
    assert heard.utterances[0].flags >= {'gap'}
    wait_until(lambda: 'is gone' in capture.status().text)
    machine.devices = [('another', 'ALSA', 1, 16000)] + ROWS
    wait_until(lambda: len(machine.streams) == 2)
    assert machine.streams[1].settings['device'] == 1
    hear_all(machine.streams[1], SPEECH)
    wait_until(lambda: len(heard.utterances) == 2)
    status = capture.status()
    assert (status.reopened, status.state) == (1, 'listening')


def test_a_device_that_falls_silent_is_aborted_and_opened_again(make, heard):
    machine = FakeSounddevice(ROWS)
    capture = device_capture(make, machine, watchdog_timeout_s=0.3)
    capture.start()
    wait_until(lambda: len(machine.streams) >= 2)
    assert machine.streams[0].calls == ['start', 'abort', 'close']
    assert ('error', 'USB Audio, ALSA has given no sound') in [
        (level, text[:34]) for level, text in heard.notices]


def test_a_device_can_be_stopped_while_it_is_waited_for(make):
    machine = FakeSounddevice(ROWS)
    capture = device_capture(make, machine)
    capture.start()
    machine.devices = []
    machine.streams[0].end()
    wait_until(lambda: capture.status().state == 'reopening')
    capture.stop()
    assert capture.status().state == 'configured'


def test_every_utterance_is_written_where_the_dump_says_and_the_oldest_give_way(
        make, heard, tmp_path, monkeypatch):
    monkeypatch.setattr('physioser_ros.audio.dump.KEPT_FILES', 2)
    folder = tmp_path / 'dump'
    with pytest.raises(AudioError, match='is no folder: create it'):
        make(file_path='x', dump_dir=str(folder), **FILE)
    folder.mkdir()
    path = write(tmp_path / 'a.wav', np.concatenate([SPEECH] * 4))
    capture = make(file_path=path, file_realtime=False, dump_dir=str(folder), **FILE)
    capture.start()
    assert capture.finished.wait(30)
    assert len(heard.utterances) == 4
    kept = sorted(folder.iterdir())
    assert len(kept) == 2
    written, _ = soundfile.read(kept[-1], dtype='int16')
    assert np.array_equal(written, heard.utterances[-1].samples)
    assert heard.notices[0][0] == 'warn' and 'recorded' in heard.notices[0][1]


@pytest.mark.parametrize('changes, text', [
    ({'source': 'radio'}, 'source'), ({'block_ms': 25}, 'block_ms'),
    ({'channels': ()}, 'channels'), ({'watchdog_retry_s': (3.0, 1.0)}, 'retry_s'),
    ({'gain_db': 99}, 'gain_db')])
def test_an_option_out_of_range_is_named(changes, text):
    with pytest.raises(ValueError, match=text):
        CaptureOptions(**changes)


def test_a_topic_of_another_rate_than_declared_is_an_error(make, heard):
    capture = make(**TOPIC)
    capture.start()
    for second in range(12):
        capture.push(np.zeros(48000, np.int16), (1 + second) * S, 16000)
    wait_until(lambda: capture.status().level == 'error')
    assert capture.status().text == 'samples arrive at 3.000 of the declared rate: it is wrong'


def test_a_topic_that_falls_silent_is_worth_a_warning(make):
    capture = make(**TOPIC)
    capture.start()
    wait_until(lambda: 'nothing has come on the topic' in capture.status().text)
    assert capture.status().level == 'warn'


def test_a_sender_without_stamps_is_taken_to_send_at_once(make, heard):
    capture = make(now_ns=lambda: 9 * S, **TOPIC)
    capture.start()
    capture.push(np.zeros(16000, np.int16), 0)
    wait_until(lambda: heard.blocks)
    assert heard.blocks[0].stamp_ns == 8 * S


def test_a_block_that_comes_twice_is_counted_and_disturbs_nothing(make, heard):
    capture = make(**TOPIC)
    capture.start()
    for start in range(0, len(SPEECH), 480):
        for _ in range(2):
            capture.push(SPEECH[start:start + 480], S + start * 62500)
    wait_until(lambda: heard.utterances)
    assert heard.utterances[0].flags == frozenset()
    assert np.array_equal(heard.utterances[0].samples[1600:9600], SPEECH[8000:16000])
    assert capture.status().refused_blocks >= 34
