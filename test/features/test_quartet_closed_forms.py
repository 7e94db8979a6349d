"""The quartet against signals whose rates, frequencies and delays are known in closed form."""

import numpy as np
import pytest

from physioser_ros.features import quartet, QuartetConfig

RATE = 16000
WINDOW = 512
HOP = 160


def deviation_hz(parts):
    return parts[2] * 2 * RATE / WINDOW


def frequency_hz(parts):
    return deviation_hz(parts) + np.arange(WINDOW // 2)[:, None] * RATE / WINDOW


def rate_per_second(parts, config=None):
    return parts[1] * (config or QuartetConfig()).log_range * RATE / HOP


def growing_tone():
    time = np.arange(3200) / RATE
    return 1e-3 * np.exp(20 * time) * np.sin(2 * np.pi * 1013 * time)


def test_a_growing_tone_has_its_frequency_and_its_rate():
    parts = quartet(growing_tone(), dtype=np.float64)
    late, central = slice(-6, None), slice(32, 34)
    assert np.abs(frequency_hz(parts)[central, late] - 1013).max() < 0.02
    assert np.abs(rate_per_second(parts)[central, late] - 20).max() < 0.01


def test_the_analytic_rate_of_a_growing_tone_agrees():
    config = QuartetConfig(rho='analytic')
    parts = quartet(growing_tone(), config=config, dtype=np.float64)
    assert np.abs(rate_per_second(parts, config)[32:34, -6:] - 20).max() < 0.03


def test_the_phase_difference_finds_the_same_tone():
    config = QuartetConfig(if_mode='phase_diff')
    parts = quartet(growing_tone(), config=config, dtype=np.float64)
    # Right only within half the frame rate of the bin's centre, 50 Hz.
    assert np.abs(frequency_hz(parts)[32:34, -6:] - 1013).max() < 0.05


def test_the_absolute_frequency_is_the_deviation_plus_the_centre():
    config = QuartetConfig(if_ref='absolute')
    parts = quartet(growing_tone(), config=config, dtype=np.float64)
    assert np.abs(parts[2, 32:34, -6:] * RATE / 2 - 1013).max() < 0.02


def test_an_impulse_has_its_delay_in_every_bin():
    waveform = np.zeros(2000)
    waveform[700] = 1.0
    parts = quartet(waveform, dtype=np.float64)
    for frame in (2, 3):
        expected = 700 - (frame * HOP + WINDOW / 2)
        assert np.abs(parts[3, :, frame] * WINDOW / 2 - expected).max() < 1e-2


def test_a_chirp_is_followed():
    time = np.arange(RATE) / RATE
    parts = quartet(np.sin(2 * np.pi * (1000 * time + 400 * time ** 2)), dtype=np.float64)
    frames = np.arange(parts.shape[2])
    centre_s = (frames * HOP + WINDOW / 2) / RATE
    loudest = parts[0].argmax(0)
    # A reassigned point lies on the line of the chirp: its frequency is that of its own time.
    time_s = centre_s + parts[3, loudest, frames] * WINDOW / 2 / RATE
    error = frequency_hz(parts)[loudest, frames] - (1000 + 800 * time_s)
    assert np.abs(error).max() < 0.02


@pytest.mark.parametrize('gd', ['plain', 'modified'])
def test_gain_changes_nothing(gd):
    waveform = np.random.default_rng(1).standard_normal(8000) * 0.1
    config = QuartetConfig(gd=gd)
    quiet = quartet(waveform, config=config, dtype=np.float64)
    loud = quartet(waveform * 7.3, config=config, dtype=np.float64)
    assert np.abs(quiet - loud).max() < 1e-12


def test_silence_stays_finite_and_says_nothing():
    parts = quartet(np.zeros(4000), dtype=np.float32)
    assert np.array_equal(parts[0], np.full_like(parts[0], -0.5))
    assert not parts[1:].any()


def test_single_precision_is_enough():
    waveform = np.random.default_rng(2).standard_normal(16000) * 0.05
    reference = quartet(waveform, dtype=np.float64)
    single = quartet(waveform.astype(np.float32), dtype=np.float32)
    assert single.dtype == np.float32
    assert np.abs(single - reference).max() < 1e-4


def test_every_part_is_bounded():
    waveform = np.random.default_rng(3).standard_normal(16000)
    assert np.abs(quartet(waveform)).max() <= 1


def test_librosa_reassigns_to_the_same_places():
    librosa = pytest.importorskip('librosa', reason='librosa is the independent judge here')
    waveform = np.random.default_rng(4).standard_normal(8000) * 0.1
    config = QuartetConfig(range_db=140, floor=1e-20)
    parts = quartet(waveform, config=config, dtype=np.float64)
    frequencies, times, power = librosa.reassigned_spectrogram(
        waveform, sr=RATE, n_fft=WINDOW, hop_length=HOP, center=False, clip=False,
        ref_power=1e-12, dtype=np.complex128)
    frames = np.arange(parts.shape[2]) * HOP + WINDOW / 2
    # librosa counts delays from (L - 1) / 2, the quartet from L / 2.
    delays = times[:-1] * RATE - frames - 0.5
    deviations = frequencies[:-1] - np.arange(WINDOW // 2)[:, None] * RATE / WINDOW
    # Where a part was clamped there is nothing to compare, and next to a zero of the spectrum
    # librosa's finite-difference window decides.
    inner = (np.abs(parts[2:]).max(0) < 0.99) & (power[:-1] > 0.01 * power.max())
    assert inner.mean() > 0.5
    assert np.abs(deviation_hz(parts) - deviations)[inner].max() < 0.02
    assert np.abs(parts[3] * WINDOW / 2 - delays)[inner].max() < 0.02


@pytest.mark.parametrize('bands', [16, 40, 64])
def test_bands_merge_the_bins_and_none_is_empty(bands):
    waveform = np.random.default_rng(5).standard_normal(4000) * 0.1
    parts = quartet(waveform, config=QuartetConfig(bands=bands))
    assert parts.shape == (4, bands, 22)
    assert parts[0].min() > -0.5
