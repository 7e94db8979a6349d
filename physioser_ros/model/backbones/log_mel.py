"""Whisper's log-mel spectrogram as matrix products."""

import torch
from torch import nn
from torch.nn import functional as F

from physioser_ros.model.backbones.base import length_mask
from physioser_ros.model.backbones.mel import periodic_hann, slaney_mel_filters
from physioser_ros.model.spectra import Spectra

WINDOW = 400
HOP = 160


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
        self.spectra = Spectra(periodic_hann(WINDOW), HOP, bins)
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
        frames = waveform.shape[1] // HOP
        real, imaginary = (part[:, 0, :, :frames] for part in self.spectra(padded))
        mel = torch.matmul(self.mel, real * real + imaginary * imaginary)
        log_mel = torch.log10(mel.clamp_min(1e-10))
        if lengths is None:
            peak = log_mel.amax(dim=(1, 2), keepdim=True)
            return (torch.maximum(log_mel, peak - 8) + 4) / 4
        valid = length_mask(lengths // HOP, frames)[:, None]
        peak = log_mel.masked_fill(~valid, -10).amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(log_mel, peak - 8) + 4) / 4 * valid
