"""From the end of an utterance to its answer, by its length, with and without working ahead."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable, Dict, Mapping

import numpy as np

from physioser_ros.benchmark.nodes import start_recogniser

#: Lengths of speech in s; longer speech than `LONGEST_S` is cut while it goes on.
LENGTHS_S = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 12.0, 15.0)
#: `segment.max_s`.
LONGEST_S = 10.0
#: What `segment.hangover_s` leaves after `segment.tail_s`: the time to work ahead in.
AHEAD_S = 0.3


@dataclass(frozen=True, eq=False)
class Answering:
    """From `audio/utterance` published to `emotion/classification` received."""

    ahead_s: np.ndarray
    """float64 (rounds,): in s, where the utterance was announced in the hang-over."""
    after_s: np.ndarray
    """float64 (rounds,): in s, where all work begins at its end."""


def last_piece(length_s: float) -> float:
    """Return the length of the last utterance that speech of some length becomes, in s."""
    rest = length_s % LONGEST_S
    return rest or LONGEST_S


def answering(model: Mapping[str, str], rounds: int,
              advance: Callable[[str], None]) -> Dict[float, Answering]:
    """
    Measure the time to the answer, all lengths and both ways in turn.

    :param model: parameters of the recogniser, see `nodes.recogniser`
    :param rounds: utterances of each length and way
    :param advance: called with what is done, once a round
    :raises Absent: ROS 2 is missing or the node does not work
    """
    taken = {length: ([], []) for length in LENGTHS_S}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        talk, _ = start_recogniser(stack, model, folder)
        for number in range(rounds):
            for length, (ahead, after) in taken.items():
                ahead.append(talk.say_ahead(last_piece(length), AHEAD_S))
                after.append(talk.say(last_piece(length))[0])
            advance(f'round {number + 1} of {rounds}')
    return {length: Answering(np.array(ahead), np.array(after))
            for length, (ahead, after) in taken.items()}
