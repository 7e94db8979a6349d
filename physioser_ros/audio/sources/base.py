"""What the capture asks of a source of sound."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RawBlock:
    """Sound as the source gives it."""

    samples: np.ndarray
    """int16 or float32, shape `(n, channels)`."""

    rate: int
    """Sampling rate in Hz."""

    stamp_ns: int
    """When the first sample was captured, in ns, as well as the source knows."""

    lost: bool = False
    """True when the source lost sound right before."""

    monotonic_ns: int = 0
    """`stamp_ns` in the monotonic clock, where the source knows it, else 0."""

    @property
    def steady_ns(self):
        """Return the time that tells losses: one that no jump of the wall clock moves."""
        return self.monotonic_ns or self.stamp_ns


class SourceEnd(Exception):
    """The source has given everything; no error."""


class Source(ABC):
    """
    Where sound comes from; driven by one thread, which calls `start`, `read` and `stop`.

    :ivar name: what diagnostics call it
    :ivar live: whether silence of the source means that something is wrong
    """

    name = ''
    live = False

    @abstractmethod
    def configure(self):
        """
        Check that the source can be opened as asked for, without opening it.

        :raises AudioError: with the remedy
        """

    @abstractmethod
    def start(self):
        """
        Begin to deliver.

        :raises AudioError: with the remedy
        """

    @abstractmethod
    def read(self, timeout_s):
        """
        Return the next `RawBlock`, or None when there is none within `timeout_s`.

        :raises SourceEnd: after the last block
        :raises AudioError: when the source broke and must be started again
        """

    @abstractmethod
    def stop(self):
        """Stop delivering and give back what `start` took; idempotent, never blocks for long."""

    def counters(self):
        """Return counts for the diagnostics, a dictionary."""
        return {}
