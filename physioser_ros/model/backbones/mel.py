"""Mel filter banks of the published front ends."""

import math

import numpy as np


def slaney_mel_filters(bands, bins, sample_rate=16000, low_hz=0.0, high_hz=None):
    """
    Return Slaney's mel filter bank: triangles of unit area, linear below 1 kHz, logarithmic above.

    Source: Slaney, Auditory Toolbox (1998), as used by Whisper (Radford et al. 2022, section 2.2)
    and CLAP.

    :param bands: Number of triangles.
    :param bins: Number of frequency bins from 0 Hz to half the sampling rate, both included.
    :param sample_rate: Sampling rate in Hz.
    :param low_hz: Lower edge of the first triangle.
    :param high_hz: Upper edge of the last one; None is half the sampling rate.
    :return: float64 (bands, bins).
    """
    linear_step, log_step = 200 / 3, math.log(6.4) / 27

    def mel(hz):
        return hz / linear_step if hz < 1000 else 15 + math.log(hz / 1000) / log_step

    mels = np.linspace(mel(low_hz), mel(high_hz or sample_rate / 2), bands + 2)
    edges = np.where(mels < 15, mels * linear_step, 1000 * np.exp(log_step * (mels - 15)))
    hz = np.linspace(0, sample_rate / 2, bins)
    area = 2 / (edges[2:] - edges[:-2])
    return _triangles(hz, edges) * area[:, None]


def kaldi_mel_filters(bands, bins, sample_rate=16000, low_hz=20.0):
    """
    Return Kaldi's mel filter bank: triangles in the mel domain, of unit height.

    :param bands: Number of triangles.
    :param bins: Number of frequency bins from 0 Hz to half the sampling rate, both included.
    :param sample_rate: Sampling rate in Hz.
    :param low_hz: Lower edge of the first triangle; the last one ends at half the rate.
    :return: float64 (bands, bins).
    """
    def mel(hz):
        return 1127 * np.log1p(hz / 700)

    edges = np.linspace(mel(low_hz), mel(sample_rate / 2), bands + 2)
    return _triangles(mel(np.linspace(0, sample_rate / 2, bins)), edges)


def _triangles(points, edges):
    """Return triangles of height 1 between each three neighbouring edges, at the points."""
    widths = np.diff(edges)
    rising = (points[None] - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - points[None]) / widths[1:, None]
    return np.maximum(0, np.minimum(rising, falling))


def periodic_hann(size):
    """Return the periodic Hann window, float64 (size,)."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
