"""The fixed matrices behind the quartet, in float64."""

import numpy as np

#: Points in the width of a bin at which a mel triangle is averaged.
OVERSAMPLING = 32


def windows(length):
    """
    Return the three windows: Hann, its derivative, and Hann times the time from its centre.

    :param length: samples, even
    :return: float64, shape (3, length); the derivative is per sample, the time in samples
    """
    n = np.arange(length)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / length)
    derivative = np.pi / length * np.sin(2 * np.pi * n / length)
    return np.stack([hann, derivative, (n - length / 2) * hann])


def hz_to_mel(frequency_hz):
    """Return frequencies on the mel scale of O'Shaughnessy (1987)."""
    return 2595 * np.log10(1 + np.asarray(frequency_hz) / 700)


def mel_to_hz(mel):
    """Return frequencies in Hz, the inverse of :func:`hz_to_mel`."""
    return 700 * (10 ** (np.asarray(mel) / 2595) - 1)


def mel_bands(config):
    """
    Return mel-spaced triangles over the bins, each summing to one.

    A triangle is averaged over the width of each bin, so that none is empty although the lowest
    ones are narrower than a bin.

    :param config: `QuartetConfig` with `bands` > 0
    :return: float64, shape (bands, bins)
    """
    width = config.sample_rate / config.window
    edges = mel_to_hz(np.linspace(0, hz_to_mel(config.sample_rate / 2), config.bands + 2))
    offsets = (np.arange(OVERSAMPLING) + 0.5) / OVERSAMPLING - 0.5
    fine = ((np.arange(config.bins)[:, None] + offsets) * width).ravel()
    rising = (fine - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - fine) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    weights = triangles.reshape(config.bands, config.bins, OVERSAMPLING).mean(2)
    return weights / weights.sum(1, keepdims=True)


def cepstral_smoother(rows, cepstra):
    """
    Return the matrix that keeps the first cepstral coefficients of a log-spectrum.

    :param rows: size of the log-spectrum
    :param cepstra: coefficients kept, capped at `rows`
    :return: float64, shape (rows, rows), symmetric
    """
    order = np.arange(min(cepstra, rows))[:, None]
    basis = np.cos(np.pi / rows * order * (np.arange(rows) + 0.5)) * np.sqrt(2 / rows)
    basis[0] /= np.sqrt(2)
    return basis.T @ basis


def bin_frequencies(config):
    """
    Return the centre frequencies of the bins in radians per sample, float64, shape (bins,).

    :param config: `QuartetConfig`
    """
    return 2 * np.pi / config.window * np.arange(config.bins)
