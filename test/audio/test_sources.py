"""Files, pushed blocks and microphones deliver what they have, or say why not."""

from fake_sounddevice import FakeSounddevice
import numpy as np
import pytest
import soundfile

from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.sources import device, DeviceSource, FileSource, PushSource, SourceEnd

ROWS = [('USB Audio', 'ALSA', 2, 48000), ('pulse', 'ALSA', 32, 44100)]


def everything(source):
    source.configure()
    source.start()
    blocks = []
    try:
        while True:
            block = source.read(1.0)
            if block is not None:
                blocks.append(block)
    except SourceEnd:
        return blocks
    finally:
        source.stop()


@pytest.fixture
def recording(tmp_path):
    samples = np.random.default_rng(0).integers(-3000, 3000, 4000).astype(np.int16)
    soundfile.write(tmp_path / 'a.wav', samples, 16000)
    return tmp_path / 'a.wav', samples


@pytest.mark.parametrize('realtime', [True, False])
def test_a_file_is_delivered_whole_and_stamped_whatever_the_pace(recording, realtime):
    path, samples = recording
    blocks = everything(FileSource(path, lambda: 5_000, realtime))
    assert np.array_equal(np.concatenate([block.samples[:, 0] for block in blocks]), samples)
    assert [block.stamp_ns for block in blocks] == [
        5_000 + place * 30_000_000 for place in range(len(blocks))]
    assert {len(block.samples) for block in blocks[:-1]} == {480}


@pytest.mark.parametrize('suffix, subtype', [('flac', 'PCM_24'), ('ogg', 'VORBIS')])
def test_other_formats_are_read_as_floats(tmp_path, suffix, subtype):
    stereo = np.zeros((4800, 2), np.float32)
    path = tmp_path / f'a.{suffix}'
    soundfile.write(path, stereo, 48000, subtype=subtype)
    source = FileSource(path, lambda: 0, realtime=False)
    blocks = everything(source)
    assert (source.rate, source.channels) == (48000, 2)
    assert blocks[0].samples.dtype == np.float32 and blocks[0].samples.shape == (1440, 2)


def test_a_loop_goes_on_at_the_beginning(recording):
    path, samples = recording
    source = FileSource(path, lambda: 0, realtime=False, loop=True)
    source.configure()
    source.start()
    blocks = [source.read(1.0) for _ in range(20)]
    source.stop()
    heard = np.concatenate([block.samples[:, 0] for block in blocks])
    assert np.array_equal(heard[:8000], np.tile(samples, 2))
    at = np.cumsum([0] + [len(block.samples) for block in blocks])
    assert [place for place, block in zip(at, blocks) if block.lost][0] == len(samples)


@pytest.mark.parametrize('content, text', [
    (None, 'there is no audio file'), (b'', 'no audio file that can be read'),
    (b'RIFF' + bytes(100), 'no audio file that can be read')])
def test_a_file_that_is_no_recording_is_named(tmp_path, content, text):
    path = tmp_path / 'bad.wav'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError, match=text):
        FileSource(path, lambda: 0).configure()


def test_a_file_without_sound_is_refused(tmp_path):
    soundfile.write(tmp_path / 'empty.wav', np.zeros(0, np.int16), 16000)
    with pytest.raises(AudioError, match='holds no sound'):
        FileSource(tmp_path / 'empty.wav', lambda: 0).configure()


def test_pushed_blocks_are_read_in_order_and_a_full_queue_is_a_loss():
    source = PushSource()
    source.start()
    for number in range(600):
        source.push(np.full(160, number, np.int16), number)
    assert source.counters() == {'overflows': 600 - 512}
    read = [source.read(0.1) for _ in range(512)]
    assert [block.stamp_ns for block in read] == list(range(512))
    source.push(np.zeros(160, np.int16), 999)
    assert source.read(0.1).lost
    assert source.read(0.0) is None


@pytest.mark.parametrize('samples, rate', [
    (np.zeros(10), 16000), (np.zeros((2, 2, 2), np.int16), 16000), (np.zeros(0, np.int16), 16000),
    (np.zeros(10, np.int16), 0)])
def test_a_pushed_block_of_another_kind_is_refused(samples, rate):
    source = PushSource()
    source.start()
    with pytest.raises(ValueError, match='expected'):
        source.push(samples, 0, rate)


def microphone(machine, query='usb', **options):
    source = DeviceSource(query, lambda: 10**18, sounddevice=machine, **options)
    source.configure()
    return source


def test_a_microphone_is_opened_as_it_was_found_and_its_blocks_are_copied():
    machine = FakeSounddevice(ROWS, rates=(48000,))
    source = microphone(machine, channels=2)
    source.start()
    [stream] = machine.streams
    assert stream.settings == {'device': 0, 'channels': 2, 'samplerate': 48000,
                               'dtype': 'int16', 'blocksize': 1440}
    stream.hear(np.ones((1440, 2)), delay_s=0.25)
    block = source.read(1.0)
    assert block.rate == 48000 and block.samples.shape == (1440, 2)
    assert block.stamp_ns == 10**18 - 250_000_000
    source.stop()
    assert stream.calls == ['start', 'abort', 'close']


def test_a_host_api_without_times_gets_the_length_of_the_block():
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    source.start()
    machine.streams[0].hear(np.ones((480, 1)), delay_s=100.0)
    assert source.read(1.0).stamp_ns == 10**18 - 30_000_000
    source.stop()


def test_overflows_are_counted_and_marked():
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    source.start()
    machine.streams[0].hear(np.ones((480, 1)))
    machine.streams[0].hear(np.ones((480, 1)), overflow=True)
    assert [source.read(1.0).lost, source.read(1.0).lost] == [False, True]
    assert source.counters() == {'overflows': 1}
    source.stop()


def test_blocks_that_nobody_fetches_are_lost_counted_and_marked():
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    source.start()
    for _ in range(340):
        machine.streams[0].hear(np.ones((480, 1)))
    kept = []
    while (block := source.read(0.0)) is not None:
        kept.append(block)
    assert len(kept) + source.counters()['overflows'] == 340 and len(kept) < 340
    assert not any(block.lost for block in kept)
    machine.streams[0].hear(np.ones((480, 1)))
    assert source.read(0.0).lost
    source.stop()


def test_both_times_of_a_block_are_those_of_its_first_sample(monkeypatch):
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    source.start()
    monkeypatch.setattr(device.time, 'monotonic_ns', lambda: 7 * 10**9)
    machine.streams[0].hear(np.ones((480, 1)), delay_s=0.25)
    block = source.read(1.0)
    assert (block.stamp_ns, block.monotonic_ns) == (10**18 - 250_000_000, 6_750_000_000)
    source.stop()


def test_a_stream_that_ends_by_itself_is_an_error_after_its_last_block():
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    source.start()
    machine.streams[0].hear(np.ones((480, 1)))
    machine.streams[0].end()
    assert source.read(1.0) is not None
    with pytest.raises(AudioError, match='the device or its server is gone'):
        source.read(0.0)
    source.stop()


def test_an_exception_in_the_callback_reaches_the_reader():
    machine = FakeSounddevice(ROWS)
    source = DeviceSource('usb', lambda: 1 // 0, sounddevice=machine)
    source.configure()
    source.start()
    machine.streams[0].hear(np.ones((480, 1)))
    with pytest.raises(AudioError, match='callback of USB Audio.*ZeroDivisionError'):
        source.read(0.0)
    source.stop()


def test_the_device_of_the_same_name_is_opened_again_wherever_it_is():
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    source.start()
    source.stop()
    machine.devices = [('webcam', 'ALSA', 1, 16000)] + ROWS
    source.start()
    assert machine.streams[-1].settings['device'] == 1
    source.stop()
    machine.devices = [('webcam', 'ALSA', 1, 16000)]
    with pytest.raises(AudioError, match='USB Audio, ALSA is gone'):
        source.start()


def test_the_list_of_devices_is_only_renewed_while_nothing_is_open():
    machine = FakeSounddevice(ROWS)
    first, second = microphone(machine), microphone(machine, 'pulse')
    first.start()
    renewals = machine.renewals
    second.start()
    assert machine.renewals == renewals
    first.stop()
    second.stop()
    first.start()
    assert machine.renewals == renewals + 1
    first.stop()


def test_a_stream_that_does_not_start_is_closed():
    machine = FakeSounddevice(ROWS)
    source = microphone(machine)
    machine.refuses_start = True
    with pytest.raises(AudioError, match='does not start'):
        source.start()
    assert machine.streams[0].calls == ['start', 'abort', 'close']


def test_an_array_that_only_opens_whole_is_opened_whole():
    machine = FakeSounddevice([('array', 'ALSA', 6, 48000)])
    machine.only_channels = 6
    source = microphone(machine, 'array', channels=2)
    assert (source.channels, source.rate) == (6, 16000)
    source.start()
    assert machine.streams[0].settings['channels'] == 6
    source.stop()
