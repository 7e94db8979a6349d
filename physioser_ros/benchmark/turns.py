"""Let contestants take turns: one round after the other, each contestant once a round."""

from dataclasses import dataclass
import time
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from physioser_ros.benchmark.contestant import Absent, Contestant, Entry, Readiness
from physioser_ros.benchmark.timing import Timing

#: Rounds that are not counted: caches, clocks and branch predictors settle.
WARM_UP_ROUNDS = 2
#: Pause after a turn on several threads, in s: those of OpenBLAS go on spinning for a while and
#: would take a core from whoever is next.
SETTLE_S = 0.2


@dataclass(frozen=True)
class Outcome:
    """What a round-robin gave."""

    timings: Mapping[str, Timing]
    """Timing of each contestant that took part, by name."""
    readiness: Mapping[str, Readiness]
    """How each got ready, by name."""
    absent: Mapping[str, str]
    """Why each of the others could not take part, by name."""


def take_turns(entries: Sequence[Entry], rounds: int, *,
               advance: Callable[[str], None] = lambda text: None) -> Outcome:
    """
    Time all entries in turn.

    :param entries: what to time, each name once
    :param rounds: rounds that count
    :param advance: called with what is done, `len(entries)` times to get ready and once a round
    """
    contestants: Dict[str, Contestant] = {}
    readiness: Dict[str, Readiness] = {}
    absent: Dict[str, str] = {}
    try:
        # One after the other, so that none slows down another's start.
        for entry in entries:
            advance(f'starting {entry.name}')
            contestants[entry.name] = Contestant(entry)
            try:
                readiness[entry.name] = contestants[entry.name].readiness()
            except Absent as error:
                absent[entry.name] = str(error)
                del contestants[entry.name]
        taken = _rounds(contestants, absent, rounds, advance)
    finally:
        for contestant in contestants.values():
            contestant.close()
    timings = {name: Timing(*np.array(turns).T) for name, turns in taken.items()
               if name not in absent}
    return Outcome(timings, {name: readiness[name] for name in timings}, absent)


def _rounds(contestants: Mapping[str, Contestant], absent: Dict[str, str], rounds: int,
            advance: Callable[[str], None]) -> Dict[str, List[Tuple[float, float]]]:
    taken: Dict[str, List[Tuple[float, float]]] = {name: [] for name in contestants}
    for number in range(-WARM_UP_ROUNDS, rounds):
        for name, contestant in contestants.items():
            if name in absent:
                continue
            try:
                turn = contestant.turn()
            except Absent as error:
                absent[name] = str(error)
                continue
            if contestant.entry.threads > 1:
                time.sleep(SETTLE_S)
            if number >= 0:
                taken[name].append(turn)
        if number >= 0:
            advance(f'round {number + 1} of {rounds}')
    return taken
