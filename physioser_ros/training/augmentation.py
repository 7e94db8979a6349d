"""
Degraded copies of a recording: another room, another microphone, another voice.

Copies are made once and cached, so each is a function of (options, seed, recording) alone. Gain
is not among them: the model brings every clip to one level, so a change of gain changes nothing.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt
import soxr


@dataclass(frozen=True)
class DegradeOptions:
    """How recordings are degraded; each kind of damage is drawn on its own."""

    #: Probability that the clip is played faster or slower, which moves pitch and formants.
    speed: float = 0.5
    #: Largest change of speed, as a share.
    speed_range: float = 0.1
    #: Probability of a room.
    room: float = 0.4
    #: Reverberation time (60 dB) in seconds, lowest and highest.
    room_t60_s: tuple = (0.15, 0.6)
    #: Probability of noise.
    noise: float = 0.6
    #: Signal to noise ratio in dB, lowest and highest.
    noise_snr_db: tuple = (5.0, 25.0)
    #: Probability of a telephone band.
    telephone: float = 0.15

    def __post_init__(self):
        """Refuse probabilities and ranges that mean nothing."""
        for name in ('speed', 'room', 'noise', 'telephone'):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f'{name} is {getattr(self, name)}, expected a probability')
        for name in ('room_t60_s', 'noise_snr_db'):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f'{name} is {low} to {high}, expected lowest first')


def degrade(waveform, options, rng, sample_rate=16000):
    """
    Return a degraded copy of a recording.

    :param waveform: float32, shape (n,), mono
    :param options: `DegradeOptions`
    :param rng: numpy Generator
    :param sample_rate: sampling rate in Hz
    :return: float32, shape (m,); m differs from n only by the change of speed
    """
    # Every number is drawn whether it is used or not: one option then never moves another's draw.
    use = rng.random(4)
    speed = 1 + options.speed_range * rng.uniform(-1, 1)
    t60_s, snr_db = rng.uniform(*options.room_t60_s), rng.uniform(*options.noise_snr_db)
    colour, inner = rng.uniform(0, 2), np.random.default_rng(rng.integers(2 ** 32))
    if use[0] < options.speed:
        waveform = soxr.resample(waveform, sample_rate, sample_rate / speed)
    if use[1] < options.room:
        waveform = in_room(waveform, t60_s, inner, sample_rate)
    if use[2] < options.noise:
        waveform = with_noise(waveform, snr_db, inner, colour)
    if use[3] < options.telephone:
        waveform = telephone(waveform, sample_rate)
    return np.asarray(waveform, dtype=np.float32)


def with_noise(waveform, snr_db, rng, colour=1.0):
    """
    Add noise whose power falls as 1 / f ** colour (0 white, 1 pink, 2 brown).

    :param waveform: float32, shape (n,)
    :param snr_db: power of the clip over power of the noise, in dB
    :param rng: numpy Generator
    :param colour: exponent of the fall
    :return: float32, shape (n,)
    """
    noise = coloured_noise(len(waveform), colour, rng)
    power, own = np.mean(np.square(waveform, dtype=np.float64)), np.mean(noise ** 2)
    scale = np.sqrt(power / max(own, 1e-20) / 10 ** (snr_db / 10))
    return (waveform + scale * noise).astype(np.float32)


def coloured_noise(count, colour, rng):
    """
    Return noise whose power falls as 1 / f ** colour, of no particular level.

    :param count: number of samples
    :param colour: exponent of the fall
    :param rng: numpy Generator
    :return: float64, shape (count,)
    """
    spectrum = np.fft.rfft(rng.standard_normal(count))
    # From bin 8 on: a slope down to 0 Hz would put all the power where nobody hears it.
    spectrum *= np.maximum(np.arange(len(spectrum)), 8) ** (-colour / 2)
    return np.fft.irfft(spectrum, count)


def in_room(waveform, t60_s, rng, sample_rate=16000):
    """
    Convolve with a synthetic room: the direct sound and a decaying tail of noise.

    :param waveform: float32, shape (n,)
    :param t60_s: time in seconds in which the tail falls by 60 dB
    :param rng: numpy Generator
    :param sample_rate: sampling rate in Hz
    :return: float32, shape (n,): the tail beyond the clip's end is cut
    """
    time_s = np.arange(int(t60_s * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(time_s)) * np.exp(-6.908 * time_s / t60_s)
    tail *= np.sqrt(rng.uniform(0.1, 1.0) / np.sum(tail ** 2))
    response = np.concatenate(([1.0], np.zeros(int(0.002 * sample_rate)), tail))
    return fftconvolve(waveform, response)[:len(waveform)].astype(np.float32)


def telephone(waveform, sample_rate=16000):
    """
    Keep what a telephone keeps: 300 to 3400 Hz.

    :param waveform: float32, shape (n,)
    :param sample_rate: sampling rate in Hz
    :return: float32, shape (n,)
    """
    band = butter(4, (300, 3400), btype='bandpass', fs=sample_rate, output='sos')
    return sosfilt(band, waveform).astype(np.float32)
