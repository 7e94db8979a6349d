"""
Sounds of a robot's world, synthesised: nothing to download, the same in every run.

Each maker returns float32 `(samples,)` at 16 kHz of an unspecified level, see `at_level`.
"""

from typing import Callable, Dict

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE


def at_level(sound: np.ndarray, level_dbfs: float) -> np.ndarray:
    """Return `sound` with its root mean square at `level_dbfs`, in dB of full scale."""
    return (sound * (10 ** (level_dbfs / 20) / np.sqrt(np.mean(np.square(sound))))).astype(
        np.float32)


def white(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return white noise."""
    return rng.standard_normal(_count(seconds), np.float32)


def hum(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return mains hum: 50 Hz, its odd and some even harmonics, a trace of noise."""
    phase = 2 * np.pi * 50 * _time(seconds)
    sound = sum(weight * np.sin(number * phase + rng.uniform(0, 6.28))
                for number, weight in ((1, 1), (2, .3), (3, .5), (5, .3), (7, .2), (9, .1)))
    return (sound + 0.01 * white(seconds, rng)).astype(np.float32)


def tone(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return a beep of 1 kHz that does not end."""
    return np.sin(2 * np.pi * 1000 * _time(seconds) + rng.uniform(0, 6.28)).astype(np.float32)


def fan(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return a fan: air, low-passed, and blades that pass with a wavering speed."""
    from scipy.signal import lfilter

    time_s = _time(seconds)
    air = lfilter([0.15], [1, -0.85], white(seconds, rng))
    phase = 2 * np.pi * (92 * time_s + 0.6 * np.sin(2 * np.pi * 0.3 * time_s))
    blades = sum(np.sin(number * phase) / number for number in (1, 2, 3, 4))
    return (air / air.std() * (1 + 0.15 * np.sin(phase)) + 0.5 * blades).astype(np.float32)


def servo(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return servo motors: whining sweeps of 0.3 to 1.5 s with harmonics and gear noise."""
    sound = np.zeros(_count(seconds), np.float32)
    at = 0
    while at < len(sound):
        length = _count(rng.uniform(0.3, 1.5))
        ramp = np.minimum(1, np.minimum(np.linspace(0, 4, length), np.linspace(4, 0, length)))
        phase = 2 * np.pi * np.cumsum(rng.uniform(150, 900) * (0.3 + 0.7 * ramp)) / SAMPLE_RATE
        whine = sum(np.sin(number * phase) / number for number in range(1, 9))
        gear = rng.standard_normal(length) * (0.3 + 0.3 * np.sin(phase / 3))
        piece = ramp * (whine + gear)
        piece = piece[:len(sound) - at]
        sound[at:at + len(piece)] = piece
        at += length + _count(rng.uniform(0.1, 0.8))
    return sound + np.float32(0.003) * white(seconds, rng)


def music(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return music: chords, a melody with vibrato, a hi-hat on the beat."""
    sound = np.zeros(_count(seconds), np.float32)
    beat = _count(0.4)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    for number, at in enumerate(range(0, len(sound), beat)):
        if number % 4 == 0:
            root = rng.choice(scale[:6])
            for step in (0, 4, 7):
                _add(sound, at, _note(130.8 * 2 ** ((root + step) / 12), 4 * beat, 1.5) * 0.3)
        if rng.random() < 0.8:
            pitch_hz = 261.6 * 2 ** (rng.choice(scale) / 12)
            _add(sound, at, _note(pitch_hz, rng.integers(1, 3) * beat, 3.0, vibrato=0.006) * 0.5)
        hat = rng.standard_normal(_count(0.05)) * np.exp(-np.linspace(0, 8, _count(0.05)))
        _add(sound, at, 0.2 * np.diff(hat, prepend=0.0))
    return sound


#: Name in the tables to maker.
NOISES: Dict[str, Callable[[float, np.random.Generator], np.ndarray]] = {
    'white noise': white, 'fan': fan, 'servo sweep': servo, 'mains hum': hum, 'tone': tone,
    'music': music}


def _count(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _time(seconds: float) -> np.ndarray:
    return np.arange(_count(seconds)) / SAMPLE_RATE


def _note(pitch_hz: float, count: int, decay: float, vibrato: float = 0.0) -> np.ndarray:
    time_s = np.arange(count) / SAMPLE_RATE
    wavering = 1 + vibrato * np.sin(2 * np.pi * 5.5 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz * wavering) / SAMPLE_RATE
    sound = sum(np.sin(number * phase) / number ** 1.2 for number in range(1, 7))
    return sound * np.minimum(1, time_s / 0.02) * np.exp(-decay * time_s)


def _add(sound: np.ndarray, at: int, piece: np.ndarray) -> None:
    piece = piece[:len(sound) - at]
    sound[at:at + len(piece)] += piece
