"""Between the rooms' own types and messages."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')
conversions = pytest.importorskip('physioser_ros.nodes.conversions')


def result(**changes):
    """Return what the conversions need of an EmotionResult."""
    values = {'labels': ('happy', 'sad'), 'probabilities': (0.7, 0.3), 'label': 'happy',
              'confidence': 0.7, 'branch_weights': (0.4, 0.6),
              'vap_frame_weights': np.full(4, 0.25, np.float32),
              'ssl_frame_weights': np.full(8, 0.125, np.float32), 'frame_step_s': (0.08, 0.04),
              'processing_s': 0.01, 'queued_s': 0.0, 'skipped_samples': 0, 'ahead': False}
    return SimpleNamespace(**{**values, **changes})


def test_sound_survives_the_way_through_a_message():
    samples = np.array([0, 1, -1, 32767, -32768], np.int16)
    message = conversions.audio_message(samples, conversions.header(5, 'mic'))
    assert bytes(message.audio.data[:4]) == b'\x00\x00\x01\x00'
    assert np.array_equal(conversions.samples_of(message), samples)


def test_channels_are_interleaved():
    message = conversions.audio_message(np.arange(6, dtype=np.int16), conversions.header(0))
    assert np.array_equal(conversions.samples_of(message, 2), [[0, 1], [2, 3], [4, 5]])
    with pytest.raises(conversions.FormatError, match='no whole number'):
        conversions.samples_of(message, 4)


@pytest.mark.parametrize('stamp', [0, 1, 999_999_999, 1_700_000_000_123_456_789])
def test_stamps_survive_to_the_nanosecond(stamp):
    assert conversions.stamp_ns(conversions.header(stamp)) == stamp


@pytest.mark.parametrize('change', [
    {'sample_rate': 48000}, {'channels': 2}, {'sample_format': 'F32LE'},
    {'coding_format': 'MP3'}])
def test_utterances_of_another_format_are_refused_with_what_was_declared(change):
    info = conversions.audio_info_message()
    conversions.check_utterance_format(info)
    for name, value in change.items():
        setattr(info, name, value)
    with pytest.raises(conversions.FormatError, match=str(list(change.values())[0])):
        conversions.check_utterance_format(info)


def test_streams_of_any_rate_are_taken_but_not_mp3():
    info = conversions.audio_info_message()
    info.sample_rate, info.channels, info.coding_format = 44100, 2, 'wave'
    assert conversions.check_stream_format(info) == (44100, 2)
    assert conversions.check_stream_format(None) == (16000, 1)
    info.coding_format = 'mp3'
    with pytest.raises(conversions.FormatError, match='format:=wave'):
        conversions.check_stream_format(info)


def test_attention_map_lays_both_branches_on_the_finer_time_axis():
    rows = conversions.attention_map(result(
        vap_frame_weights=np.array([0.5, 0.3, 0.2], np.float32),
        ssl_frame_weights=np.array([0.1, 0.2, 0.3, 0.4], np.float32)))
    assert rows.dtype == np.float32
    assert np.allclose(rows, [[0.5, 0.5, 0.3, 0.3, 0.2, 0.2], [0.1, 0.2, 0.3, 0.4, 0, 0]])


def test_values_read_back_from_an_info_message():
    message = conversions.info_message('emotion', 'happy', conversions.result_values(result()),
                                       conversions.header(3))
    values = conversions.info_values(message)
    assert values['label'] == 'happy'
    assert float(values['branch.ssl']) == 0.6


def test_another_package_of_the_same_name_is_explained(monkeypatch):
    fake = SimpleNamespace(__file__='/overlay/audio_common_msgs/msg/__init__.py', AudioInfo=1)
    monkeypatch.setattr(conversions, 'import_module', lambda name: fake)
    with pytest.raises(conversions.MessageError) as error:
        conversions.check_messages()
    assert str(error.value) == (
        '/overlay/audio_common_msgs/msg/__init__.py is another audio_common_msgs, without '
        'AudioData, AudioDataStamped: remove it from the overlay, or source a workspace with the '
        'released audio_common_msgs of ros-drivers (apt install '
        'ros-$ROS_DISTRO-audio-common-msgs) after it')


def test_a_missing_package_is_explained(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named '{name}'")
    monkeypatch.setattr(conversions, 'import_module', missing)
    with pytest.raises(conversions.MessageError, match='audio_common_msgs cannot be imported'):
        conversions.check_messages()
