"""The streaming quartet against the whole-utterance one, and bad input to both."""

from dataclasses import replace

import numpy as np
import pytest

from physioser_ros.features import quartet, QuartetConfig, QuartetStream

OPTIONS = [{}, {'if_mode': 'phase_diff'}, {'rho': 'analytic'}, {'rho': 'halfwave'},
           {'gd': 'modified'}, {'bands': 40, 'hop': 320}, {'window': 400, 'if_ref': 'absolute'}]


def sound(samples=9000, seed=0):
    envelope = np.linspace(0.01, 0.3, samples)
    return (np.random.default_rng(seed).standard_normal(samples) * envelope).astype(np.float32)


def pushed(stream, waveform, sizes):
    parts, start = [], 0
    while start < len(waveform):
        size = sizes[len(parts) % len(sizes)]
        parts.append(stream.push(waveform[start:start + size]))
        start += size
    return np.concatenate(parts, axis=2)


@pytest.mark.parametrize('options', OPTIONS)
def test_finish_gives_the_numbers_of_the_whole_utterance(options):
    config = QuartetConfig(**options)
    stream = QuartetStream(config)
    pushed(stream, sound(), [1, 37, 900, 160])
    assert np.abs(stream.finish() - quartet(sound(), config=config)).max() < 1e-5


@pytest.mark.parametrize('options', OPTIONS)
def test_a_known_maximum_gives_the_same_numbers_at_once(options):
    config = QuartetConfig(**options)
    first = QuartetStream(config)
    pushed(first, sound(), [2000])
    stream = QuartetStream(config, maximum=first.maximum)
    frames = pushed(stream, sound(), [333])
    assert np.abs(frames - quartet(sound(), config=config)).max() < 1e-5


def test_the_running_maximum_is_that_of_the_sound_so_far():
    waveform = sound()
    frames = pushed(QuartetStream(), waveform, [500])
    for frame in (0, 10, 40):
        so_far = quartet(waveform[:frame * 160 + 512])
        assert np.abs(frames[:, :, frame] - so_far[:, :, -1]).max() < 1e-5


def test_the_size_of_the_blocks_does_not_matter():
    small = pushed(QuartetStream(), sound(), [160])
    large = pushed(QuartetStream(), sound(), [4000])
    assert np.abs(small - large).max() < 1e-5


def test_finish_starts_anew():
    stream = QuartetStream()
    stream.push(sound(seed=1))
    stream.finish()
    stream.push(sound())
    assert np.abs(stream.finish() - quartet(sound())).max() < 1e-5


@pytest.mark.parametrize(('waveform', 'rate', 'message'), [
    (np.zeros(16000, np.float32), 44100, 'sample rate is 44100 Hz, expected 16000 Hz'),
    (np.zeros((2, 16000), np.float32), 16000, r'shape \(2, 16000\), expected \(samples,\)'),
    (np.zeros(16000, np.int16), 16000, 'is int16, expected floating point'),
    (np.full(16000, np.nan, np.float32), 16000, 'NaN'),
    (np.zeros(511, np.float32), 16000, '511 samples, expected at least 512'),
])
def test_bad_input_gives_one_clear_error(waveform, rate, message):
    with pytest.raises(ValueError, match=message):
        quartet(waveform, rate)


def test_a_stream_without_a_frame_says_so():
    stream = QuartetStream()
    assert stream.push(np.zeros(100, np.float32)).shape == (4, 256, 0)
    with pytest.raises(ValueError, match='no frame yet'):
        stream.finish()


@pytest.mark.parametrize('change', [
    {'window': 511}, {'hop': 0}, {'bands': 300}, {'rho': 'unsigned'}, {'gd': 'none'},
    {'if_mode': 'unwrap'}, {'if_ref': 'hertz'}, {'floor': 0.0}])
def test_a_bad_option_is_named(change):
    with pytest.raises(ValueError, match=f'quartet.*{next(iter(change))}'):
        replace(QuartetConfig(), **change)
