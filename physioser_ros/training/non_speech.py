"""
Sounds without speech to train on: of these the model has to say that it does not know.

They are drawn from wide families: noises of any colour, tones and chords, wandering pitches,
knocks, the last bits of a silent room. What a model is judged on comes from other makers.
"""

import numpy as np
from rich.progress import track

from physioser_ros.training.augmentation import coloured_noise, in_room
from physioser_ros.training.features import extract, SAMPLE_RATE

#: Seconds of a sound, shortest and longest.
SECONDS = (1.0, 4.0)

#: Number of different sounds in a training.
SOUNDS = 300


def non_speech_features(model, seed):
    """
    Return what a model sees of the sounds of a training.

    :param model: `PhysioSER` with its backbone
    :param seed: seed of the sounds
    :return: list of pairs as `FeatureStore.read` gives them of clips
    """
    found = []
    for number in track(range(SOUNDS), 'sounds without speech', transient=True):
        arrays = extract(model.eval(), non_speech(number, seed))
        found.append((arrays.pop(0) if model.uses_ssl else None,
                      arrays.pop(0) if model.uses_vap else None))
    return found


def non_speech(number, seed):
    """
    Return one sound.

    :param number: which one, from 0
    :param seed: seed of them all
    :return: float32, shape (n,), of 1 to 4 s, any level, rounded as 16 bits are
    """
    rng = np.random.default_rng([seed, number])
    time_s = np.arange(round(rng.uniform(*SECONDS) * SAMPLE_RATE)) / SAMPLE_RATE
    if number % 10 == 0:
        steps = rng.standard_normal(len(time_s)) * rng.uniform(0.3, 2.0)
    else:
        makers = (_noise, _tones, _sweeps, _knocks)
        sound = _even(makers[number % len(makers)](time_s, rng))
        if rng.random() < 0.5:
            beside = makers[rng.integers(len(makers))](time_s, rng)
            sound = sound + 10 ** (rng.uniform(-30, 0) / 20) * _even(beside)
        if rng.random() < 0.3:
            sound = in_room(sound, rng.uniform(0.15, 0.6), rng)
        steps = 32767 * 10 ** (rng.uniform(-50, -15) / 20) * _even(sound)
    return (np.clip(np.round(steps), -32768, 32767) / 32767).astype(np.float32)


def _even(sound):
    """Return a sound with a root mean square of 1."""
    return sound / max(np.sqrt(np.mean(np.square(sound))), 1e-8)


def _swell(time_s, rng):
    """Return a loudness that comes and goes: at random, or in a beat."""
    rate_hz, depth = 10 ** rng.uniform(-0.5, 1.2), rng.uniform(0, 1)
    if rng.random() < 0.5:
        return 1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rate_hz * time_s + rng.uniform(0, 6)))
    knots = np.arange(0, time_s[-1] + 2 / rate_hz, 1 / rate_hz)
    return np.interp(time_s, knots, rng.uniform(1 - depth, 1, len(knots)))


def _noise(time_s, rng):
    """Return noise of any colour."""
    return coloured_noise(len(time_s), rng.uniform(-0.5, 2.5), rng) * _swell(time_s, rng)


def _tones(time_s, rng):
    """Return notes one after the other or a hum that stays, each with harmonics."""
    sound, start, steady = np.zeros(len(time_s)), 0, rng.random() < 0.4
    while start < len(time_s):
        length = len(time_s) if steady else int(rng.uniform(0.05, 0.8) * SAMPLE_RATE)
        piece = time_s[start:start + length] - time_s[start]
        for _ in range(rng.integers(1, 4)):
            pitch_hz, fall = 10 ** rng.uniform(1.6, 3.5), rng.uniform(0, 2.5)
            wave = sum(np.sin(2 * np.pi * number * pitch_hz * piece + rng.uniform(0, 6))
                       / number ** fall for number in range(1, rng.integers(2, 12))
                       if number * pitch_hz < 7500)
            decay = 0 if steady else 10 ** rng.uniform(-1, 1)
            sound[start:start + length] += wave * np.exp(-decay * piece)
        start += length + int(rng.uniform(0, 0.3) * SAMPLE_RATE)
    return sound * (_swell(time_s, rng) if steady else 1) + 1e-3 * rng.standard_normal(len(time_s))


def _sweeps(time_s, rng):
    """Return a pitch that wanders, with harmonics, and the noise of gears in its beat."""
    knots = np.arange(0, time_s[-1] + 1, rng.uniform(0.1, 0.8))
    pitch_hz = 10 ** np.interp(time_s, knots, rng.uniform(1.7, 3.2, len(knots)))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE
    sound = sum(np.sin(number * phase) / number ** rng.uniform(0.5, 2)
                for number in range(1, rng.integers(2, 9)))
    gears = rng.standard_normal(len(time_s)) * (1 + np.sin(phase / rng.integers(2, 6)))
    return (sound + rng.uniform(0, 0.6) * gears) * _swell(time_s, rng)


def _knocks(time_s, rng):
    """Return blows on something that rings, at random or in a beat."""
    sound, every_s = np.zeros(len(time_s)), 10 ** rng.uniform(-1.3, 0)
    at_s, beat = 0.0, rng.random() < 0.5
    while at_s < time_s[-1]:
        since = time_s[time_s >= at_s] - at_s
        ringing = sum(np.sin(2 * np.pi * 10 ** rng.uniform(2, 3.7) * since) for _ in range(3))
        blow = rng.uniform(0, 1) * rng.standard_normal(len(since)) + ringing
        sound[-len(since):] += blow * np.exp(-since * 10 ** rng.uniform(1, 2.3))
        at_s += every_s if beat else rng.exponential(every_s) + 0.01
    return sound + 10 ** rng.uniform(-4, -1.5) * rng.standard_normal(len(time_s))
