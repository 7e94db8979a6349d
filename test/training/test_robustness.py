"""Worse sound, no speech, and people met again: what is measured is what is said."""

import numpy as np
import pandas as pd
import pytest
from test_fit import TINY, tiny
import torch

from physioser_ros.training import robustness
from physioser_ros.training.meeting import HEARD, meet, NotAdapting, ORDERS
from physioser_ros.training.robustness import conditions, measure, some_clips, without_speech

LABELS = ('low', 'high')
RATE = 16000


def tone(pitch_hz, seconds=0.5):
    """Return a tone with a trace of noise."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(0).normal(0, 1e-3, len(time_s))
    return (0.2 * np.sin(2 * np.pi * pitch_hz * time_s) + noise).astype(np.float32)


def by_pitch(waveform):
    """Answer by where the power is; sure of it."""
    spectrum = np.abs(np.fft.rfft(waveform)) ** 2
    high = spectrum[len(spectrum) // 2:].sum() > spectrum[:len(spectrum) // 2].sum()
    return np.array([0.1, 0.9]) if high else np.array([0.9, 0.1])


@pytest.fixture
def rows():
    """Four clips: two below 4 kHz, two above."""
    return pd.DataFrame({'path': ['500', '800', '6000', '7000'], 'corpus': 'toy',
                         'label': ['low', 'low', 'high', 'high']})


def test_conditions_change_what_they_are_called_after(rows):
    changes = conditions({'fan': lambda seconds, rng: tone(300, seconds)})
    found = measure(by_pitch, rows, lambda path: tone(int(path)), LABELS, changes)
    assert found['clean']['toy'] == {'clips': 4, 'ua': 1.0, 'changed': 0.0}
    for name in ('gain -20 dB', 'gain +20 dB', 'fan, 10 dB SNR', 'room, 0.5 s'):
        assert found[name]['mean']['changed'] == 0, name
    assert found['8 kHz']['mean'] == {'clips': 4, 'ua': 0.5, 'changed': 0.5}
    assert list(found)[1:] == [change.name for change in changes]


def test_noise_has_the_ratio_that_it_is_called_after():
    changes = {change.name: change.change for change in conditions({})}
    clip = tone(440)
    for snr_db in (20, 0):
        noisy = changes[f'noise, {snr_db} dB SNR'](clip, np.random.default_rng(1))
        found = 10 * np.log10(np.mean(clip ** 2) / np.mean((noisy - clip) ** 2))
        assert found == pytest.approx(snr_db, abs=0.1)
    assert np.abs(changes['clipped at a quarter'](clip, None)).max() == pytest.approx(
        np.abs(clip).max() / 4)


def test_the_chosen_clips_have_each_emotion_in_equal_numbers():
    table = pd.DataFrame({'corpus': ['a'] * 30 + ['b'] * 4,
                          'label': ['x'] * 20 + ['y'] * 10 + ['x', 'y', 'y', 'y']})
    chosen = some_clips(table, 6)
    assert chosen.groupby('corpus')['label'].value_counts().to_dict() == {
        ('a', 'x'): 3, ('a', 'y'): 3, ('b', 'x'): 1, ('b', 'y'): 3}
    assert chosen.equals(some_clips(table, 6)) and len(some_clips(table, 0)) == 34


def test_a_model_that_asserts_something_of_noise_is_found_out():
    makers = {'silence': robustness.silence, 'hum': lambda seconds, rng: tone(50, seconds)}
    found = without_speech(by_pitch, makers, count=3)
    assert found['all'] == {'sounds': 6, 'asserted': 1.0, 'confidence': pytest.approx(0.9)}
    assert without_speech(lambda _: np.array([0.5, 0.5]), makers, 2)['hum']['asserted'] == 0


class People:
    """Clips `speaker/emotion/number`: the speaker's own place hides the emotion's small step."""

    views = 0
    frame_step_s, quartet_step_s = 0.08, 0.02

    def read(self, digest, view=0):
        """Return frames (T, L, D) and quartet."""
        speaker, emotion, number = map(int, digest.split('/'))
        frames = np.zeros((4 + number % 3, 2, 12))
        frames[:, :, 0] = 10 * speaker + (1 if emotion else -1)
        return frames, np.zeros((16, 4, 16))

    def means(self, digest, view=0):
        """Return means over time."""
        return tuple(part.mean(0, dtype=np.float32) for part in self.read(digest))


@pytest.fixture
def people():
    """Three speakers with six clips of each of two emotions."""
    rows = [{'sha1_pcm': f'{speaker}/{emotion}/{number}', 'corpus': 'toy',
             'speaker_id': f's{speaker}', 'label': ('neutral', 'angry')[emotion]}
            for speaker in range(1, 4) for emotion in (0, 1) for number in range(6)]
    return pd.DataFrame(rows)


def adapting(**changes):
    """Return a latent model that answers by the sign of the first dimension."""
    model = tiny(branches=['ssl'], speaker={'enabled': True, 'prior_count': 1.0,
                                            'guard_count': 0.0, **changes})

    def forward(frames, lengths, *_, speaker_state, **__):
        mixed = model.latent.mixed(frames)[:, 0]
        shifted = mixed[:, 0] - model.speaker.shift(speaker_state)[:, 0]
        logits = torch.stack([-shifted, shifted], 1)
        after = model.speaker(speaker_state, mixed, torch.softmax(logits, 1))
        return type('Output', (), {'logits': logits, 'speaker_state_next': after})

    model.forward_features = forward
    return model.eval()


def test_hearing_a_speaker_takes_what_is_the_speakers_own_off(people):
    found = meet(adapting(max_count=30.0), People(), people, ('neutral', 'angry'), draws=2)
    assert found['clips'] == 36 and list(found['orders']) == list(ORDERS)
    for order in ORDERS:
        own = [found['orders'][order][str(heard)]['mean'] for heard in HEARD]
        assert own[0] == 0.5, 'everybody sounds angry at first'
    assert found['orders']['balanced']['20']['toy'] > 0.6
    again = meet(adapting(max_count=30.0), People(), people, ('neutral', 'angry'), draws=2)
    assert again == found


def test_a_model_that_does_not_adapt_says_so(people):
    assert 'speaker' not in TINY
    with pytest.raises(NotAdapting, match='does not adapt to speakers'):
        meet(tiny(branches=['ssl']), People(), people, ('neutral', 'angry'))
