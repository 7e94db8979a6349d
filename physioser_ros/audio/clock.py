"""Capture times from jittery observations: a sample counter under a slowly corrected anchor."""

from collections import namedtuple

#: Beyond this error the anchor is set anew instead of being pulled, in ns.
BOUND_NS = 100_000_000
#: Share of each error by which the anchor is pulled: follows the drift of a sound card, which is
#: below 1e-4, and hides the jitter of callbacks.
PULL = 64

Reading = namedtuple('Reading', 'stamp_ns anchored')
Reading.__doc__ = """The time of a block, and whether the anchor was set anew for it."""


class SampleClock:
    """
    Turn positions in a stream into capture times.

    A time is the anchor plus the position, so that blocks that follow each other have times that
    follow each other, whatever the callbacks' jitter. The anchor follows the observations by a
    64th of their error; beyond 0.1 s it jumps and the jump is counted.
    """

    def __init__(self):
        self._anchor_ns = None
        self.reanchored = 0

    def observe(self, position_ns, time_ns):
        """
        Return the time of a block as a `Reading`.

        :param position_ns: samples before the block, as a duration in ns
        :param time_ns: when its first sample was captured, as observed
        """
        observed = time_ns - position_ns
        if self._anchor_ns is None:
            self._anchor_ns = observed
            return Reading(time_ns, True)
        error = observed - self._anchor_ns
        if abs(error) > BOUND_NS:
            self._anchor_ns = observed
            self.reanchored += 1
            return Reading(time_ns, True)
        # Towards zero: a rounding error of 1 ns must not pull for ever.
        self._anchor_ns += int(error / PULL)
        return Reading(self._anchor_ns + position_ns, False)

    def restart(self):
        """Forget the anchor: the stream was interrupted."""
        self._anchor_ns = None
