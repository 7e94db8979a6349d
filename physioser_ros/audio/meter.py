"""How loud it is, and at which rate the samples really come."""

from math import log10

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE

FLOOR_DBFS = -120.0


class LevelMeter:
    """Level and clipping over whole seconds, and for how long there was only digital silence."""

    def __init__(self):
        self.level_dbfs = FLOOR_DBFS
        self.clipping_percent = 0.0
        self.zero_s = 0.0
        self._power = 0.0
        self._clipped = self._count = 0

    def add(self, samples):
        """Take samples, int16 `(n,)`."""
        values = samples.astype(np.float32)
        self._power += float(np.square(values).sum())
        self._clipped += int((np.abs(values) >= 32767).sum())
        self._count += len(samples)
        self.zero_s = 0.0 if values.any() else self.zero_s + len(samples) / SAMPLE_RATE
        if self._count >= SAMPLE_RATE:
            power = self._power / self._count / 32768 ** 2
            self.level_dbfs = max(FLOOR_DBFS, 10 * log10(power)) if power else FLOOR_DBFS
            self.clipping_percent = 100 * self._clipped / self._count
            self._power, self._clipped, self._count = 0.0, 0, 0


class RateMeter:
    """The rate of arrival in units of the nominal one, over windows of `window_s`."""

    def __init__(self, window_s=10.0):
        self._window_s = window_s
        self.ratio = None
        self.restart()

    def restart(self):
        """Begin a new window, after an interruption."""
        self._begun_s = None
        self._heard_s = 0.0

    def add(self, duration_s, now_s):
        """Note that sound of `duration_s` came at the monotonic time `now_s`."""
        if self._begun_s is None:
            # What came with the first block was captured before the window.
            self._begun_s = now_s
            return
        self._heard_s += duration_s
        if now_s - self._begun_s >= self._window_s:
            self.ratio = self._heard_s / (now_s - self._begun_s)
            self._begun_s, self._heard_s = now_s, 0.0
