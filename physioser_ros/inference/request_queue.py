"""
Utterances that wait for the worker, and which of them give way.

Finals and partials stand in one line, in the order of submission. A partial gives way to a
newer partial and to the final of the same utterance; where the line is full, waiting partials
give way to finals, and never the other way round.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, Deque, Hashable, List, Optional, Tuple

import numpy as np

POLICIES = ('drop_oldest', 'drop_newest')

#: Reasons for which a request ends without a result.
SUPERSEDED = 'superseded'
QUEUE_FULL = 'queue_full'
TOO_OLD = 'too_old'
RESET = 'reset'
STOPPED = 'stopped'


@dataclass(frozen=True, eq=False)
class Request:
    """One utterance, or the beginning of one, that waits for an answer."""

    samples: np.ndarray
    """int16 (samples,), mono, 16 kHz."""
    context: Any
    """What the caller handed in."""
    partial: bool
    """True for the beginning of an utterance that still goes on."""
    speaker_id: str
    """Whose it is, '' = the anonymous speaker."""
    utterance: Hashable
    """Equal for all requests of one utterance; None = not told, then every partial is taken
    for the beginning of the newest utterance."""
    time_s: float
    """Time of the utterance in s, in the caller's clock."""
    submitted_s: float
    """When it came, in s of the engine's monotonic clock."""


Dropped = List[Tuple[Request, str]]


class RequestQueue:
    """A bounded line of requests; not thread-safe."""

    def __init__(self, depth: int = 4, policy: str = 'drop_oldest',
                 max_age_s: float = 0.0) -> None:
        """
        Create an empty line.

        :param depth: requests that may wait, at least 1
        :param policy: which final gives way in a full line, 'drop_oldest' or 'drop_newest'
        :param max_age_s: seconds after which a waiting request is not worth an answer, 0 = off
        :raises ValueError: a value is out of range
        """
        if depth < 1:
            raise ValueError(f'the queue depth is {depth}, expected at least 1')
        if policy not in POLICIES:
            raise ValueError(f'the queue policy is {policy!r}, expected one of {POLICIES}')
        if not max_age_s >= 0:
            raise ValueError(f'the maximum age is {max_age_s} s, expected 0 (off) or more')
        self.depth = depth
        self.policy = policy
        self.max_age_s = max_age_s
        self._line: Deque[Request] = deque()

    def __len__(self) -> int:
        """Return the number of waiting requests."""
        return len(self._line)

    def put(self, request: Request) -> Tuple[bool, Dropped]:
        """
        Put a request at the end of the line.

        :param request: the request
        :returns: whether it waits now, and the requests that gave way, itself included where
            it does not
        """
        if request.partial and request.utterance is not None and any(
                waiting.utterance == request.utterance and not waiting.partial
                for waiting in self._line):
            return False, [(request, SUPERSEDED)]
        dropped = [(waiting, SUPERSEDED) for waiting in self._line
                   if waiting.partial and waiting.utterance == request.utterance]
        for waiting, _ in dropped:
            self._line.remove(waiting)
        while len(self._line) >= self.depth:
            loser = self._loser(request)
            dropped.append((loser, QUEUE_FULL))
            if loser is request:
                return False, dropped
            self._line.remove(loser)
        self._line.append(request)
        return True, dropped

    def take(self, now_s: float) -> Tuple[Optional[Request], Dropped]:
        """
        Take the first request that is not too old.

        :param now_s: now, in s of the clock of `Request.submitted_s`
        :returns: the request, or None where none waits, and those that were too old
        """
        dropped = []
        while self._line:
            request = self._line.popleft()
            if not self.max_age_s or now_s - request.submitted_s <= self.max_age_s:
                return request, dropped
            dropped.append((request, TOO_OLD))
        return None, dropped

    def clear(self) -> List[Request]:
        """Empty the line and return what waited in it."""
        waiting = list(self._line)
        self._line.clear()
        return waiting

    def oldest_submitted_s(self) -> Optional[float]:
        """Return when the first in line came, None where none waits."""
        return self._line[0].submitted_s if self._line else None

    def _loser(self, request: Request) -> Request:
        """Return who gives way to let `request` in, or `request` itself."""
        partial = next((waiting for waiting in self._line if waiting.partial), None)
        if partial is not None:
            return partial
        if request.partial or self.policy == 'drop_newest':
            return request
        return self._line[0]
