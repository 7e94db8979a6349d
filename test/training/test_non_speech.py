"""The sounds without speech that a model trains on."""

import numpy as np
import pytest

from physioser_ros.training.non_speech import non_speech, SECONDS


@pytest.mark.parametrize('number', range(20))
def test_a_sound_is_what_a_microphone_could_give_and_always_the_same(number):
    sound = non_speech(number, 1)
    assert np.array_equal(sound, non_speech(number, 1))
    assert sound.dtype == np.float32 and SECONDS[0] <= len(sound) / 16000 <= SECONDS[1]
    assert np.array_equal(sound * 32767, np.round(sound * 32767))
    assert 0 < np.abs(sound).max() <= 32768 / 32767


def test_sounds_differ_from_number_to_number_and_seed_to_seed():
    lengths = {len(non_speech(number, seed)) for number in range(5) for seed in range(3)}
    assert len(lengths) == 15
