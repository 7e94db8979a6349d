"""Percentiles of the last durations."""

from collections import deque
from dataclasses import dataclass
from typing import Deque

import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """Summary of a window of durations in seconds; NaN while nothing was measured."""

    count: int
    """Durations in the window."""
    p50: float
    """Median in s."""
    p95: float
    """95th percentile in s."""
    max: float  # noqa: A003 (a field, it hides nothing)
    """Longest in s."""


class DurationWindow:
    """The last durations and their percentiles, in bounded memory; not thread-safe."""

    def __init__(self, size: int = 256) -> None:
        """
        Create an empty window.

        :param size: durations to remember, the oldest are forgotten
        :raises ValueError: `size` is not positive
        """
        if size < 1:
            raise ValueError(f'the window size is {size}, expected at least 1')
        self._durations: Deque[float] = deque(maxlen=size)

    def add(self, duration_s: float) -> None:
        """Add one duration in seconds."""
        self._durations.append(duration_s)

    def percentiles(self) -> Percentiles:
        """Return the percentiles of what the window holds."""
        if not self._durations:
            return Percentiles(0, float('nan'), float('nan'), float('nan'))
        p50, p95, longest = np.percentile(self._durations, (50, 95, 100))
        return Percentiles(len(self._durations), float(p50), float(p95), float(longest))

    def total(self) -> float:
        """Return the sum in seconds of what the window holds."""
        return float(sum(self._durations))
