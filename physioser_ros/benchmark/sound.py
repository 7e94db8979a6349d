"""The sound that everything is timed on."""

from pathlib import Path
from typing import Optional

import numpy as np

SAMPLE_RATE = 16000
#: Length in s of the utterance that figures are given for.
REFERENCE_S = 3.0
#: Recording of the source tree with sentences and pauses, made by `make setup`.
DEMONSTRATION = Path(__file__).resolve().parents[2] / '.cache' / 'demo.wav'

_INT16_SCALE = 32768.0


def synthetic_speech(duration_s: float, seed: int = 0) -> np.ndarray:
    """
    Return a voice-like sound: gliding pulses through three resonances, in syllables.

    What the networks cost does not depend on what they hear; the voice activity detectors work
    more while they hear a voice.

    :param duration_s: length in s
    :param seed: of the noise
    :returns: int16 (samples,), mono, 16 kHz
    """
    from scipy.signal import lfilter

    count = round(duration_s * SAMPLE_RATE)
    time_s = np.arange(count) / SAMPLE_RATE
    pitch_hz = 130 + 25 * np.sin(2 * np.pi * 0.4 * time_s)
    phase = np.cumsum(pitch_hz) / SAMPLE_RATE
    sound = np.diff(np.floor(phase), prepend=0.0)
    sound = sound + 0.01 * np.random.default_rng(seed).standard_normal(count)
    for centre_hz, width_hz in ((600, 80), (1300, 100), (2500, 150)):
        radius = np.exp(-np.pi * width_hz / SAMPLE_RATE)
        turn = 2 * radius * np.cos(2 * np.pi * centre_hz / SAMPLE_RATE)
        sound = lfilter([1 - radius], [1, -turn, radius ** 2], sound)
    sound = sound * (0.55 + 0.45 * np.sin(2 * np.pi * 3.5 * time_s))
    peak = abs(sound).max() or 1.0
    return np.rint(0.3 * 32767 * sound / peak).astype(np.int16)


def waveform(seconds: float) -> np.ndarray:
    """Return `synthetic_speech` as the model takes it, float32 (samples,) in [-1, 1)."""
    return synthetic_speech(seconds).astype(np.float32) / np.float32(_INT16_SCALE)


def recording(path: Optional[Path]) -> np.ndarray:
    """
    Return a recording of speech, or a synthetic one where there is none.

    :param path: any file that libsndfile reads; None for the demonstration of the source tree
    :returns: int16 (samples,), mono, 16 kHz
    """
    import soundfile
    import soxr

    chosen = path or DEMONSTRATION
    if path is None and not chosen.is_file():
        return synthetic_speech(20.0)
    sound, rate = soundfile.read(chosen, dtype='float32', always_2d=True)
    mono = soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE, quality='HQ')
    return np.clip(np.rint(mono * _INT16_SCALE), -32768, 32767).astype(np.int16)
