"""Whisper's log-mel spectrogram as convolution and matrix product."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from physioser_ros.model.backbones.base import length_mask, SAMPLE_RATE

WINDOW = 400
HOP = 160


def slaney_mel_filters(bands, bins, sample_rate=SAMPLE_RATE):
    """
    Return Slaney's mel filter bank: triangles of unit area, linear below 1 kHz, logarithmic above.

    Source: Slaney, Auditory Toolbox (1998), as used by Whisper (Radford et al. 2022, section 2.2).

    :param bands: Number of triangles.
    :param bins: Number of frequency bins from 0 Hz to half the sampling rate, both included.
    :param sample_rate: Sampling rate in Hz.
    :return: float64 (bands, bins).
    """
    linear_step = 200 / 3
    log_step = math.log(6.4) / 27
    top = sample_rate / 2
    top_mel = 15 + math.log(top / 1000) / log_step if top > 1000 else top / linear_step
    mels = np.linspace(0, top_mel, bands + 2)
    edges = np.where(mels < 15, mels * linear_step, 1000 * np.exp(log_step * (mels - 15)))
    hz = np.linspace(0, top, bins)
    rising = (hz[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hz[None]) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return np.maximum(0, np.minimum(rising, falling)) * area[:, None]


class LogMel(nn.Module):
    """
    Log-mel spectrogram of Whisper, at the true length of each clip.

    25 ms Hann windows every 10 ms, power spectrum, Slaney mel, log10, floored 8 below the clip's
    own maximum, (x + 4) / 4. As in the published front end the first window is filled by
    reflection; the last ones see the zeros that padding to 30 s puts there.

    :param bands: Number of mel bands (80 for the base and tiny models).
    """

    def __init__(self, bands=80):
        super().__init__()
        bins = WINDOW // 2 + 1
        index = np.arange(WINDOW)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * index / WINDOW)
        # k·n is reduced modulo the window in integers, so that the angles stay exact.
        angle = 2 * np.pi * (np.outer(np.arange(bins), index) % WINDOW) / WINDOW
        filters = np.concatenate([np.cos(angle), np.sin(angle)]) * window
        self.register_buffer('filters', torch.tensor(filters[:, None], dtype=torch.float32),
                             persistent=False)
        mel = slaney_mel_filters(bands, bins)
        self.register_buffer('mel', torch.tensor(mel, dtype=torch.float32), persistent=False)

    def forward(self, waveform, lengths=None):
        """
        Compute the spectrogram.

        :param waveform: float32 (B, N), 16 kHz, N ≥ 400.
        :param lengths: int64 (B,), samples, or None if every clip fills its row.
        :return: float32 (B, bands, N // 160); zero beyond a clip's ``length // 160`` frames.
        """
        half = WINDOW // 2
        if lengths is not None:
            waveform = waveform * length_mask(lengths, waveform.shape[1])
        start = waveform[:, 1:half + 1].flip(1)
        padded = torch.cat([start, F.pad(waveform, (0, half))], dim=1)
        spectrum = F.conv1d(padded[:, None], self.filters, stride=HOP)
        frames = waveform.shape[1] // HOP
        spectrum = spectrum[:, :, :frames]
        real, imaginary = spectrum.chunk(2, dim=1)
        mel = torch.matmul(self.mel, real * real + imaginary * imaginary)
        log_mel = torch.log10(mel.clamp_min(1e-10))
        if lengths is None:
            peak = log_mel.amax(dim=(1, 2), keepdim=True)
            return (torch.maximum(log_mel, peak - 8) + 4) / 4
        valid = length_mask(lengths // HOP, frames)[:, None]
        peak = log_mel.masked_fill(~valid, -10).amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(log_mel, peak - 8) + 4) / 4 * valid
