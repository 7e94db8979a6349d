"""Degraded copies: as strong as asked for, and the same every time."""

import numpy as np
import pytest

from physioser_ros.training.augmentation import (
    degrade, DegradeOptions, in_room, telephone, with_noise)


@pytest.fixture
def tone():
    """Half a second of 200 Hz and 5 kHz."""
    time_s = np.arange(8000) / 16000
    return (np.sin(2 * np.pi * 200 * time_s)
            + np.sin(2 * np.pi * 5000 * time_s)).astype(np.float32)


@pytest.mark.parametrize('colour', [0.0, 1.0, 2.0])
def test_noise_has_the_ratio_asked_for(tone, colour):
    noise = with_noise(tone, 10.0, np.random.default_rng(0), colour) - tone
    ratio_db = 10 * np.log10(np.mean(tone ** 2) / np.mean(noise ** 2))
    assert ratio_db == pytest.approx(10, abs=0.01)


def test_a_telephone_keeps_neither_200_nor_5000_hz(tone):
    kept = telephone(tone)[2000:]
    assert np.mean(kept ** 2) < 0.05 * np.mean(tone ** 2)


def test_a_room_keeps_the_direct_sound_in_place():
    click = np.zeros(4000, np.float32)
    click[100] = 1
    heard = in_room(click, 0.2, np.random.default_rng(0))
    assert len(heard) == 4000 and np.abs(heard).argmax() == 100
    assert np.abs(heard[200:2000]).max() > 0


def test_a_copy_is_a_function_of_its_seed(tone):
    options = DegradeOptions(speed=1, room=1, noise=1, telephone=1)
    one, same, other = (degrade(tone, options, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert one.dtype == np.float32 and not np.array_equal(one[:100], other[:100])


def test_with_everything_off_nothing_changes(tone):
    options = DegradeOptions(speed=0, room=0, noise=0, telephone=0)
    np.testing.assert_array_equal(degrade(tone, options, np.random.default_rng(0)), tone)


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match='noise is 2'):
        DegradeOptions(noise=2)
    with pytest.raises(ValueError, match='lowest first'):
        DegradeOptions(noise_snr_db=(20, 10))
