"""One recogniser for several capture nodes, computed from what one utterance costs."""

from dataclasses import dataclass
from typing import List, Sequence

#: Utterances that each person says in a minute; somebody in a lively conversation.
UTTERANCES_A_MINUTE = 6.0
#: Share of the recogniser's time that may be in use: above it waits grow steeply.
LARGEST_LOAD = 0.7


@dataclass(frozen=True)
class Shared:
    """A recogniser that serves several streams."""

    streams: int
    """Capture nodes."""
    load: float
    """Share of the time in which it works."""
    wait_ms: float
    """Mean time that an utterance waits for others, in ms."""


def shared(streams: int, service_s: float,
           utterances_a_minute: float = UTTERANCES_A_MINUTE) -> Shared:
    """
    Return load and mean wait of one recogniser.

    Utterances come at random and each takes the same time: an M/D/1 queue, whose mean wait is
    load x service / (2 (1 - load)) (Pollaczek and Khinchine).

    :param streams: capture nodes
    :param service_s: time that one utterance takes in s
    :param utterances_a_minute: of each stream
    """
    load = streams * utterances_a_minute / 60 * service_s
    wait_s = load * service_s / (2 * (1 - load)) if load < 1 else float('inf')
    return Shared(streams, load, 1000 * wait_s)


def largest(service_s: float, utterances_a_minute: float = UTTERANCES_A_MINUTE) -> int:
    """Return how many streams keep the load at `LARGEST_LOAD` or below."""
    return int(LARGEST_LOAD / (utterances_a_minute / 60 * service_s))


def table(service_s: float, counts: Sequence[int] = (1, 2, 5, 10, 20, 50, 100)) -> List[Shared]:
    """Return the rows up to and including the largest number of streams."""
    most = largest(service_s)
    return [shared(count, service_s) for count in (*[c for c in counts if c < most], most)
            if count > 0]
