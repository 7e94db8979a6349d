"""The quartet in torch: differentiable and batched."""

import math

import torch
from torch import nn
from torch.nn import functional

from physioser_ros.features import filters, QuartetConfig
from physioser_ros.model.masks import check_waveform, frame_mask
from physioser_ros.model.precision import full_precision
from physioser_ros.model.spectra import Spectra

#: Below every square that float32 sound can leave; keeps quotients and roots finite.
TINY = 1e-20


class Quartet(nn.Module):
    """
    Waveform to M, rho, f_inst and tau_g per time-frequency bin (PhysioSER, vocal branch).

    Three windowed transforms (Hann, its derivative, Hann times time) say all; no phase is ever
    unwrapped. The power floor e, `range_db` below the loudest bin of the
    utterance, stands in every denominator, so that the phase parts fade where there is no sound.
    The same numbers as `physioser_ros.features.quartet`.

    :param config: `QuartetConfig`, the default one if None
    :param dtype: of the waveform and the quartet, torch's default one if None
    """

    def __init__(self, config=None, dtype=None):
        super().__init__()
        self._dtype = dtype or torch.get_default_dtype()
        self.config = config = config or QuartetConfig()
        self.spectra = Spectra(filters.windows(config.window), config.hop, config.bins,
                               self._dtype)
        if config.bands:
            self._constant('bands', filters.mel_bands(config))
        if config.if_ref == 'absolute' or config.if_mode == 'phase_diff':
            self._constant('centres', filters.bin_frequencies(config)[:, None])
        if config.gd == 'modified':
            self._constant('smoother', filters.cepstral_smoother(config.rows, config.gd_cepstra))

    def _constant(self, name, array):
        """Keep a matrix that follows `.to()` but needs no place in a checkpoint."""
        self.register_buffer(name, torch.as_tensor(array, dtype=self._dtype), persistent=False)

    def forward(self, waveform, lengths=None):
        """
        Return the quartet of a batch.

        :param waveform: float, shape (B, N), mono, [-1, 1], at `config.sample_rate`
        :param lengths: int64, shape (B,), valid samples of each row; None means all N
        :return: quartet, shape (B, 4, rows, T), zero behind the end of a row, and its lengths in
            frames, int64, shape (B,)
        :raises ValueError: for a wrong shape, NaN, or a row shorter than one window
        """
        check_waveform(waveform, lengths, self.config.window)
        with full_precision(waveform.device):
            return self._forward(waveform, lengths)

    def _forward(self, waveform, lengths):
        mask = None
        if lengths is not None:
            waveform = waveform * frame_mask(lengths, waveform.shape[1]).to(waveform.dtype)
        power, rate, frequency, delay = self._products(waveform)
        if lengths is None:
            frames = power.new_full(power.shape[:1], power.shape[2], dtype=torch.int64)
        else:
            frames = self.config.frames(lengths)
            mask = frame_mask(frames, power.shape[2]).to(power.dtype)[:, None, :]
        loudest = (power if mask is None else power * mask).amax((1, 2), keepdim=True)
        ratio = 10.0 ** (-self.config.range_db / 10.0)
        floor = (loudest * ratio).clamp_min(self.config.floor)
        quartet = self._normalise(power, rate, frequency, delay, floor)
        return (quartet if mask is None else quartet * mask[:, None]), frames

    def _products(self, waveform):
        """Return power, and power times rate, frequency and delay, each (B, rows, T)."""
        (real, d_real, t_real), (imag, d_imag, t_imag) = (
            part.unbind(1) for part in self.spectra(waveform))
        power = real.square() + imag.square()
        rate = -(d_real * real + d_imag * imag)
        if self.config.if_mode == 'phase_diff':
            frequency = power * self._advance(real, imag)
        else:
            frequency = d_real * imag - d_imag * real
        if self.config.if_ref == 'absolute':
            frequency = frequency + power * self.centres
        delay = t_real * real + t_imag * imag
        parts = (power, rate, frequency, delay)
        if self.config.bands:
            parts = tuple(self.bands @ part for part in parts)
        return parts

    def _advance(self, real, imag):
        """Return how much faster than its bin the phase turned, in radians per sample."""
        hop = self.config.hop
        now, before = slice(1, None), slice(None, -1)
        turn_real = real[..., now] * real[..., before] + imag[..., now] * imag[..., before]
        turn_imag = imag[..., now] * real[..., before] - real[..., now] * imag[..., before]
        cosine, sine = torch.cos(self.centres * hop), torch.sin(self.centres * hop)
        turned = turn_real * cosine + turn_imag * sine
        risen = turn_imag * cosine - turn_real * sine
        modulus = (turned.square() + risen.square()).clamp_min(TINY).sqrt()
        # The half-angle formula instead of atan2, whose exported form is NaN at the origin. The
        # small turn added keeps half a turn half a turn, not zero by zero.
        below = torch.maximum(modulus + turned, modulus * 1e-12)
        angle = 2 * torch.atan((risen + modulus * 1e-6) / below)
        return functional.pad(angle / hop, (1, 0))

    def _normalise(self, power, rate, frequency, delay, floor):
        """Return the four parts, bounded and without unit, stacked to (B, 4, rows, T)."""
        config = self.config
        faded = power + floor
        level = torch.log(faded / floor)
        magnitude = level * (0.5 / config.log_range)
        if config.rho == 'analytic':
            rate = (rate / faded * (config.hop / config.log_range)).clamp(-1, 1)
        else:
            rate = functional.pad(magnitude[..., 1:] - magnitude[..., :-1], (1, 0))
            if config.rho == 'halfwave':
                rate = functional.relu(rate)
        scale = math.pi if config.if_ref == 'absolute' else 4 * math.pi / config.window
        frequency = (frequency / (faded * scale)).clamp(-1, 1)
        half = config.window / 2
        if config.gd == 'modified':
            smooth = self.smoother @ level
            delay = (delay / (floor * half) * torch.exp(-config.gd_gamma * smooth)).clamp(-1, 1)
            delay = delay.sign() * delay.abs().clamp_min(1e-6).pow(config.gd_alpha)
        else:
            delay = (delay / (faded * half)).clamp(-1, 1)
        return torch.stack([magnitude - 0.5, rate, frequency, delay], 1)
