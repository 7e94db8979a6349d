"""Windowed Fourier transforms of a waveform, at half the products."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Spectra(nn.Module):
    """
    The transforms of all frames under one or more windows, phase anchored at the centre.

    Cosines are even about the centre of a frame and sines odd. So what lies left and right of it
    is added and subtracted first, and each product sums over half a frame only.

    :param windows: float64 (windows, size) or (size,), each even or odd about its centre, the
        first value zero; `size` is even and the length of the transform
    :param hop: step between frames in samples
    :param bins: bins from zero on, at most size / 2 + 1
    :param dtype: of the waveform
    :raises ValueError: for other windows
    """

    def __init__(self, windows, hop, bins, dtype=torch.float32):
        super().__init__()
        windows = np.atleast_2d(windows)
        self.size, self.hop = windows.shape[1], hop
        half = self.size // 2
        left, right = windows[:, half - 1:0:-1], windows[:, half + 1:]
        self.even = [bool(np.allclose(*sides)) for sides in zip(left, right)]
        signs = np.where(self.even, 1, -1)[:, None]
        if self.size % 2 or windows[:, 0].any() or not np.allclose(left * signs, right):
            raise ValueError('windows are neither even nor odd about their centre, or do not '
                             'begin with zero: expected e.g. a periodic Hann window')
        sides = windows[:, half:].copy()
        # The centre is its own partner and counted twice.
        sides[:, 0] /= 2
        # k·n is reduced modulo the length in integers, so that the angles stay exact.
        angle = 2 * np.pi / self.size * (np.outer(np.arange(bins), np.arange(half)) % self.size)
        for name, values in (('sides', sides[..., None]), ('cosines', np.cos(angle)),
                             ('sines', -np.sin(angle))):
            self.register_buffer(name, torch.tensor(values, dtype=dtype), persistent=False)

    def forward(self, waveform):
        """
        Return real and imaginary parts, each (B, windows, bins, T).

        :param waveform: floating point (B, N), N at least the size of a window
        """
        half, frames = self.size // 2, self._frames(waveform)
        left, right = frames[:, 1:half + 1].flip(1), frames[:, half:]
        added, taken = right + left, right - left
        real = [added if even else taken for even in self.even]
        imaginary = [taken if even else added for even in self.even]
        return (self.cosines @ (torch.stack(real, 1) * self.sides),
                self.sines @ (torch.stack(imaginary, 1) * self.sides))

    def _frames(self, waveform):
        """Return all whole frames, (B, size, T), put together from blocks of one hop."""
        count = (waveform.shape[1] - self.size) // self.hop + 1
        blocks = -(-self.size // self.hop)
        padded = functional.pad(waveform, (0, self.hop))[:, :(count + blocks - 1) * self.hop]
        rows = padded.reshape(len(waveform), -1, self.hop).transpose(1, 2)
        taken = [min(self.hop, self.size - block * self.hop) for block in range(blocks)]
        return torch.cat([rows[:, :size, block:block + count]
                          for block, size in enumerate(taken)], 1)
