"""The arithmetic of measuring: medians, spreads, ratios, and when a run is too noisy."""

from dataclasses import dataclass
from typing import List, Mapping, Tuple

import numpy as np

#: Interquartile range over median above which a figure is no result.
SPREAD_BOUND = 0.15
#: What takes less, in ms, may vary as much as if it took this: one more miss of a cache is much of
#: it, and nothing of the whole.
SHORTEST_MS = 1.0
#: Cores that other processes may keep busy while something is measured.
BACKGROUND_BOUND = 0.15
#: Rounds that a verdict about the spread needs.
FEWEST_ROUNDS = 5


@dataclass(frozen=True, eq=False)
class Timing:
    """What one contestant took, one entry a round."""

    wall_s: np.ndarray
    """float64 (rounds,): elapsed time of one call in s."""
    cpu_s: np.ndarray
    """float64 (rounds,): CPU time of one call in s, all threads of its process."""

    def __post_init__(self) -> None:
        if self.wall_s.shape != self.cpu_s.shape or self.wall_s.ndim != 1 or not len(self.cpu_s):
            raise ValueError(f'wall_s has the shape {self.wall_s.shape} and cpu_s '
                             f'{self.cpu_s.shape}, expected (rounds,) with one round at least')

    @property
    def wall_ms(self) -> float:
        """Return the median elapsed time in ms."""
        return 1000 * float(np.median(self.wall_s))

    @property
    def cpu_ms(self) -> float:
        """Return the median CPU time in ms."""
        return 1000 * float(np.median(self.cpu_s))

    @property
    def spread(self) -> float:
        """Return the spread of the CPU time, see `spread`."""
        return spread(self.cpu_s)


def spread(values: np.ndarray) -> float:
    """
    Return the interquartile range over the median, a share; 0 where the median is 0.

    :param values: float (rounds,)
    """
    low, middle, high = np.percentile(values, (25, 50, 75))
    return float((high - low) / middle) if middle else 0.0


@dataclass(frozen=True)
class Ratio:
    """How one contestant compares with another one."""

    value: float
    """Median of the ratios of all rounds."""
    low: float
    """Their lower quartile."""
    high: float
    """Their upper quartile."""

    def __str__(self) -> str:
        return f'{self.value:.2f} ({self.low:.2f} to {self.high:.2f})'


def ratio(ours: Timing, theirs: Timing) -> Ratio:
    """
    Return our CPU time over theirs, round by round.

    Both were measured right after one another in each round, so that what slows the machine
    for a while cancels.

    :param ours: timing of the numerator
    :param theirs: timing of the denominator, of as many rounds
    :raises ValueError: they were not measured in the same rounds
    """
    if len(ours.cpu_s) != len(theirs.cpu_s):
        raise ValueError(f'{len(ours.cpu_s)} rounds cannot be compared with '
                         f'{len(theirs.cpu_s)}: measure both in turn')
    low, value, high = np.percentile(ours.cpu_s / theirs.cpu_s, (25, 50, 75))
    return Ratio(float(value), float(low), float(high))


@dataclass(frozen=True)
class Noise:
    """Whether a run is a result."""

    reasons: Tuple[str, ...]
    """One sentence for each bound that was broken; empty for a quiet run."""

    @property
    def quiet(self) -> bool:
        """Return whether the figures may be called a result."""
        return not self.reasons


def judge(timings: Mapping[str, Timing], background_cores: float) -> Noise:
    """
    Return whether the machine was quiet enough.

    :param timings: everything that was measured, by name
    :param background_cores: cores that other processes kept busy meanwhile, a mean
    """
    reasons: List[str] = []
    if background_cores > BACKGROUND_BOUND:
        reasons.append(f'other processes kept {background_cores:.2f} cores busy, a result needs '
                       f'at most {BACKGROUND_BOUND:.2f}: end them and run again')
    for name, timing in timings.items():
        if len(timing.cpu_s) < FEWEST_ROUNDS:
            reasons.append(f'{name} was measured {len(timing.cpu_s)} times, a result needs at '
                           f'least {FEWEST_ROUNDS}: run without --quick')
        elif timing.spread * min(1.0, timing.cpu_ms / SHORTEST_MS) > SPREAD_BOUND:
            reasons.append(f'{name} varied by {timing.spread:.0%}, a result needs at most '
                           f'{SPREAD_BOUND:.0%}: run again on a quiet machine')
    return Noise(tuple(reasons))


def fit_line(durations_s: np.ndarray, costs_ms: np.ndarray) -> Tuple[float, float]:
    """
    Return the fixed cost in ms and the cost in ms of each second of sound, least squares.

    :param durations_s: float (n,), n >= 2
    :param costs_ms: float (n,)
    """
    slope, intercept = np.polyfit(durations_s, costs_ms, 1)
    return float(intercept), float(slope)
