"""The quartet of a whole utterance in numpy."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from physioser_ros.features import filters
from physioser_ros.features.config import QuartetConfig


@dataclass(frozen=True)
class Products:
    """What the three transforms of some frames leave: all the quartet needs but the range."""

    #: Power, shape (rows, frames).
    power: np.ndarray
    #: Power times the rate of the log-magnitude in nat per sample.
    rate: np.ndarray
    #: Power times frequency in radians per sample, relative to the bin where so configured.
    frequency: np.ndarray
    #: Power times the delay from the window's centre in samples.
    delay: np.ndarray


class QuartetAnalysis:
    """
    The arithmetic of the quartet, shared by the whole-utterance and the streaming path.

    :param config: `QuartetConfig`
    :param dtype: float32, or float64 for reference
    """

    def __init__(self, config, dtype=np.float32):
        self.config = config
        self.dtype = np.dtype(dtype)
        self._windows = filters.windows(config.window).astype(dtype)
        self._centres = filters.bin_frequencies(config)[:, None].astype(dtype)
        self._bands = filters.mel_bands(config).astype(dtype) if config.bands else None
        if config.gd == 'modified':
            smoother = filters.cepstral_smoother(config.rows, config.gd_cepstra)
            self._smoother = smoother.astype(dtype)

    def transforms(self, samples):
        """
        Return the three windowed transforms of all whole frames in `samples`.

        :param samples: shape (n,), n >= window
        :return: three complex arrays, shape (bins, frames)
        """
        size = self.config.window
        frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::self.config.hop]
        # One window at a time: the allocator reuses small blocks, which is three times faster.
        return [fft.rfft(window * frames, axis=-1)[:, :self.config.bins].T
                for window in self._windows]

    def products(self, transforms, previous=None):
        """
        Return the `Products` of some frames.

        :param transforms: three complex arrays, shape (bins, frames)
        :param previous: the plain transform of the frame before the first one, shape (bins,), or
            None at the beginning; only `if_mode: phase_diff` looks at it
        """
        plain, derivative, timed = transforms
        power = plain.real ** 2 + plain.imag ** 2
        turned = derivative * plain.conj()
        if self.config.if_mode == 'phase_diff':
            frequency = power * self._advance(plain, previous)
        else:
            frequency = -turned.imag
        if self.config.if_ref == 'absolute':
            frequency = frequency + power * self._centres
        delay = timed.real * plain.real + timed.imag * plain.imag
        parts = power, -turned.real, frequency, delay
        if self._bands is not None:
            parts = (self._bands @ part for part in parts)
        return Products(*parts)

    def _advance(self, plain, previous):
        """Return how much faster than its bin the phase turned, in radians per sample."""
        first = plain[:, :1] if previous is None else previous[:, None]
        before = np.concatenate([first, plain[:, :-1]], axis=1)
        rotation = np.exp(-1j * self._centres * self.config.hop).astype(plain.dtype)
        advance = np.angle(plain * before.conj() * rotation) / self.config.hop
        if previous is None:
            advance[:, 0] = 0
        return advance.astype(self.dtype)

    def floor(self, maximum):
        """
        Return e, the power at which the phase parts have faded to one half.

        :param maximum: largest power so far, scalar or array
        """
        ratio = 10.0 ** (-self.config.range_db / 10.0)
        return np.maximum(maximum * ratio, self.config.floor).astype(self.dtype)

    def magnitude(self, power, floor):
        """Return M in [0, 1] for `power` over the floor, before it is centred."""
        level = 0.5 * np.log((power + floor) / floor)
        return (level / self.config.log_range).astype(self.dtype)

    def normalise(self, products, floor, before):
        """
        Return the four parts in the bounded, unit-free form that the quaternion takes.

        :param products: `Products`
        :param floor: e, scalar or shape (frames,)
        :param before: M of the frame before each frame, shape (rows, frames)
        :return: shape (4, rows, frames)
        """
        config = self.config
        faded = products.power + floor
        magnitude = self.magnitude(products.power, floor)
        # Frame by frame in memory, as the transforms are.
        parts = np.empty((4, *magnitude.shape[::-1]), self.dtype).transpose(0, 2, 1)
        parts[0] = magnitude - 0.5
        if config.rho == 'analytic':
            rate = products.rate / faded * (config.hop / config.log_range)
            parts[1] = np.clip(rate, -1, 1)
        else:
            rate = magnitude - before
            parts[1] = np.maximum(rate, 0) if config.rho == 'halfwave' else rate
        # Deviations are bounded by two bins' width on either side, absolute values by Nyquist.
        scale = np.pi if config.if_ref == 'absolute' else 4 * np.pi / config.window
        parts[2] = np.clip(products.frequency / faded / scale, -1, 1)
        parts[3] = self._delay(products.delay, faded, floor)
        return parts

    def _delay(self, delay, faded, floor):
        half = self.config.window / 2
        if self.config.gd == 'plain':
            return np.clip(delay / faded / half, -1, 1)
        # Relative to the floor, so that a change of gain still changes nothing.
        smooth = self._smoother @ np.log(faded / floor)
        delay = np.clip(delay / floor * np.exp(-self.config.gd_gamma * smooth) / half, -1, 1)
        return np.sign(delay) * np.maximum(np.abs(delay), 1e-6) ** self.config.gd_alpha


def checked_waveform(waveform, sample_rate, config, minimum):
    """
    Return `waveform` as floating point, or raise a `ValueError` that says what is wrong.

    :param waveform: shape (samples,), float in [-1, 1]
    :param sample_rate: in Hz
    :param config: `QuartetConfig`
    :param minimum: fewest samples accepted
    """
    waveform = np.asarray(waveform)
    if sample_rate != config.sample_rate:
        raise ValueError(f'sample rate is {sample_rate} Hz, expected {config.sample_rate} Hz: '
                         'resample the waveform first')
    if waveform.ndim != 1:
        raise ValueError(f'waveform has shape {waveform.shape}, expected (samples,), mono')
    if not np.issubdtype(waveform.dtype, np.floating):
        raise ValueError(f'waveform is {waveform.dtype}, expected floating point in [-1, 1]')
    if waveform.size < minimum:
        raise ValueError(f'waveform has {waveform.size} samples, expected at least {minimum}')
    if not np.isfinite(waveform).all():
        raise ValueError('waveform holds NaN or infinity, expected finite samples')
    return waveform


def quartet(waveform, sample_rate=16000, config=None, *, dtype=np.float32):
    """
    Return the quartet of one utterance (PhysioSER, vocal branch).

    :param waveform: float, shape (samples,), mono, [-1, 1], at least one window long
    :param sample_rate: of the waveform, in Hz
    :param config: `QuartetConfig`, the default one if None
    :param dtype: float32, or float64 for reference
    :return: `dtype`, shape (4, rows, frames), parts M, rho, f_inst, tau_g, each in [-1, 1]
    :raises ValueError: for a wrong rate, shape or type, NaN, or too short a waveform
    """
    config = config or QuartetConfig()
    waveform = checked_waveform(waveform, sample_rate, config, config.window).astype(dtype)
    analysis = QuartetAnalysis(config, dtype)
    products = analysis.products(analysis.transforms(waveform))
    floor = analysis.floor(products.power.max())
    magnitude = analysis.magnitude(products.power, floor)
    before = np.concatenate([magnitude[:, :1], magnitude[:, :-1]], axis=1)
    return analysis.normalise(products, floor, before)
