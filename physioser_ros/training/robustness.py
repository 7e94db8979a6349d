"""
What worse sound does to a model: other levels, noise, rooms, telephones, robots, and no speech.

Everything is judged against the same model's answers to the same clips as they were recorded.
"""

from typing import Callable, NamedTuple

import numpy as np
import soxr

from physioser_ros.training.augmentation import in_room, telephone, with_noise
from physioser_ros.training.bootstrap import recall_of

#: A confidence above this is an assertion; non-speech should not get any.
ASSERTED = 0.6

#: Power of the clips over that of the pink noise, in dB.
NOISE_DB = (0, 5, 10, 20)
#: Seconds of a synthesised sound, shortest and longest, and its level in dB of full scale.
SOUND_S, SOUND_DBFS = (1.0, 4.0), (-45.0, -15.0)

#: Largest value of a sample of 16 bits, which is what a microphone gives.
FULL_SCALE = 32767


class Condition(NamedTuple):
    """One way in which a clip is made worse."""

    #: What the tables call it.
    name: str
    #: Callable of (float32 (n,), numpy Generator) to float32 (m,).
    change: Callable


def sampled(waveform):
    """Return a waveform as 16 bits hold it: rounded, and cut at full scale."""
    return (np.clip(np.round(waveform * FULL_SCALE), -FULL_SCALE - 1, FULL_SCALE)
            / FULL_SCALE).astype(np.float32)


def with_sound(waveform, sound, snr_db):
    """Return a waveform with a sound of the same length at this ratio of powers in dB."""
    power, own = np.mean(np.square(waveform, dtype=np.float64)), np.mean(np.square(sound))
    scale = np.sqrt(power / max(own, 1e-20) / 10 ** (snr_db / 10))
    return (waveform + scale * sound[:len(waveform)]).astype(np.float32)


def conditions(noises, sample_rate=16000):
    """
    Return what every model is put through.

    :param noises: dict of name to a maker of the robot's own noise, callable of (seconds, numpy
        Generator) to float32 (n,)
    :param sample_rate: sampling rate in Hz
    :return: list of `Condition`
    """
    def level(gain_db):
        # From a peak of 0.1 there is room for 20 dB both ways; clipping has a row of its own.
        return lambda waveform, _: sampled(
            waveform * (0.1 * 10 ** (gain_db / 20) / max(np.abs(waveform).max(), 1e-8)))

    def pink(snr_db):
        return lambda waveform, rng: with_noise(waveform, snr_db, rng)

    def beside(maker, snr_db):
        return lambda waveform, rng: with_sound(
            waveform, maker(len(waveform) / sample_rate + 0.1, rng), snr_db)

    def narrow(waveform, _):
        return soxr.resample(soxr.resample(waveform, sample_rate, 8000), 8000, sample_rate)

    def clipped(waveform, _):
        highest = 0.25 * np.abs(waveform).max()
        return np.clip(waveform, -highest, highest)

    found = [Condition(f'gain {gain_db:+d} dB', level(gain_db)) for gain_db in (-20, 20)]
    found += [Condition(f'noise, {snr_db} dB SNR', pink(snr_db)) for snr_db in reversed(NOISE_DB)]
    found += [Condition('room, 0.5 s', lambda waveform, rng: in_room(waveform, 0.5, rng)),
              Condition('telephone band', lambda waveform, _: telephone(waveform)),
              Condition('8 kHz', narrow), Condition('clipped at a quarter', clipped)]
    return found + [Condition(f'{name}, 10 dB SNR', beside(maker, 10.0))
                    for name, maker in noises.items()]


def some_clips(rows, per_corpus, seed=0):
    """
    Choose clips to judge, the emotions of each corpus in equal numbers as far as there are.

    :param rows: pandas DataFrame with `corpus` and `label`
    :param per_corpus: number of clips a corpus, 0 for all
    :param seed: seed of the choice
    :return: pandas DataFrame, some of `rows`, in their order
    """
    if not per_corpus:
        return rows
    rng = np.random.default_rng(seed)
    mixed = rows.iloc[rng.permutation(len(rows))]
    turn = mixed.groupby(['corpus', 'label']).cumcount()
    chosen = mixed.assign(turn=turn).sort_values('turn', kind='stable').groupby(
        'corpus').head(per_corpus).index
    return rows.loc[rows.index.isin(chosen)]


def measure(answer, rows, read, labels, changes, say=None):
    """
    Put a model through all conditions.

    :param answer: callable of a waveform, float32 (n,), to probabilities (C,)
    :param rows: pandas DataFrame of the clips, with `path`, `corpus` and `label`
    :param read: callable of a path to float32 (n,), mono, 16 kHz
    :param labels: tuple of the C labels
    :param changes: list of `Condition`
    :param say: callable of one line of text, told of each condition
    :return: dict of condition ('clean' first) to a dict of corpus, and 'mean', to `clips`, `ua`
        and `changed`, the share of clips whose label is not that of the clean clip
    """
    waveforms = [read(path) for path in rows['path']]
    truth = np.array([labels.index(label) for label in rows['label']])
    clean, found = None, {}
    for number, (name, change) in enumerate([('clean', None), *changes]):
        answers = np.array([
            answer(waveform if change is None else np.asarray(
                change(waveform, np.random.default_rng([number, place])), dtype=np.float32)
            ).argmax() for place, waveform in enumerate(waveforms)])
        clean = answers if clean is None else clean
        found[name] = _by_corpus(rows['corpus'].to_numpy(), truth, answers, clean, len(labels))
        if say:
            say(f'{name}: UA {found[name]["mean"]["ua"]:.3f}, '
                f'{found[name]["mean"]["changed"]:.1%} of the labels changed')
    return found


def _by_corpus(corpora, truth, answers, clean, classes):
    """Return UA and share of changed labels of each corpus, and their mean."""
    found = {}
    for corpus in np.unique(corpora):
        own = corpora == corpus
        counts = np.zeros((classes, classes))
        np.add.at(counts, (truth[own], answers[own]), 1)
        found[str(corpus)] = {'clips': int(own.sum()), 'ua': float(recall_of(counts)),
                              'changed': float((answers[own] != clean[own]).mean())}
    means = {name: float(np.mean([own[name] for own in found.values()]))
             for name in ('ua', 'changed')}
    return {**found, 'mean': {'clips': len(truth), **means}}


def without_speech(answer, makers, count=20, seed=0, sample_rate=16000):
    """
    Let a model hear what is no speech.

    :param answer: callable of a waveform, float32 (n,), to probabilities (C,)
    :param makers: dict of name to maker, callable of (seconds, numpy Generator) to float32 (n,)
    :param count: number of sounds of each kind
    :param seed: seed of their lengths, levels and the sounds themselves
    :param sample_rate: sampling rate in Hz
    :return: dict of name, and 'all', to `sounds`, `asserted` (the share of them with a confidence
        above `ASSERTED`) and `confidence`, the mean
    """
    found, everything = {}, []
    for place, (name, maker) in enumerate(makers.items()):
        sure = []
        for number in range(count):
            rng = np.random.default_rng([seed, place, number])
            sound = maker(rng.uniform(*SOUND_S), rng)
            level = 10 ** (rng.uniform(*SOUND_DBFS) / 20)
            sound = sound * (level / max(np.sqrt(np.mean(np.square(sound))), 1e-8))
            sure.append(float(answer(sampled(sound)).max()))
        everything += sure
        found[name] = _sureness(sure)
    return {**found, 'all': _sureness(everything)}


def silence(seconds, rng, sample_rate=16000):
    """Return what a microphone gives in a silent room: its last bit, now and then."""
    return rng.integers(-1, 2, round(seconds * sample_rate)).astype(np.float32) / FULL_SCALE


def _sureness(sure):
    """Return how sure a model was of some sounds."""
    return {'sounds': len(sure), 'asserted': float(np.mean(np.array(sure) > ASSERTED)),
            'confidence': float(np.mean(sure))}
