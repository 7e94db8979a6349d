"""What was heard of a speaker before: only that speaker, only other clips, never the future."""

import numpy as np
import pytest

from physioser_ros.training.history import HeardBefore


class Means:
    """A feature store whose clips have known means; the copies differ by 1000."""

    views = 1

    def means(self, digest, view=0):
        """Return the clip's number as its frame and as its quartet."""
        value = np.float32(int(digest) + 1000 * view)
        return np.full((1, 2), value), np.full((4, 3), value)


SPEAKERS = ['a'] * 6 + ['b'] * 2 + ['c']
EMOTIONS = ['neutral', 'happy', 'happy', 'neutral', 'sad', 'sad', 'sad', 'happy', 'sad']


@pytest.fixture
def heard():
    """Return histories of nine clips of three speakers."""
    return HeardBefore(Means(), [str(number) for number in range(9)], SPEAKERS, EMOTIONS, True)


def test_only_other_clips_of_the_same_speaker_are_drawn(heard):
    rng = np.random.default_rng(0)
    for _ in range(50):
        history = heard.draw([6, 7, 8], [0, 1, 0], rng, (1, 3))
        # Speaker b has one other clip, which may be drawn again; speaker c has none.
        assert history.count[:, 0].tolist() in ([1, 1, 0], [3, 3, 0], [1, 3, 0], [3, 1, 0])
        assert history.frames[:, 0, 0].tolist() == [7, 1006, 0]
        assert history.quartet[:, 3, 2].tolist() == [7, 1006, 0]


def test_a_third_of_the_histories_is_of_one_emotion_alone(heard):
    rng = np.random.default_rng(0)
    sad = [bool(set(heard._choose(0, 2, rng)) <= {4, 5}) for _ in range(600)]
    assert 0.08 < np.mean(sad) < 0.25


def test_nobody_heard_is_zero(heard):
    history = heard.draw([0, 1], [0, 0], np.random.default_rng(0), (0,))
    assert not history.count.any() and not history.frames.any() and not history.quartet.any()


def test_the_mean_of_the_training_is_that_of_the_clean_copies(heard):
    assert heard.quartet_mean() == pytest.approx(np.full((4, 3), 4.0))
