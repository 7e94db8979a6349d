"""How well utterances fit the sentences of a time line."""

from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.benchmark.hearing.listeners import Heard
from physioser_ros.benchmark.hearing.time_line import TimeLine

#: A sentence of which less than this share is in utterances was missed.
FOUND_SHARE = 0.5
#: An utterance that begins longer before a sentence was not opened by it, in s.
OPENED_S = 1.0


@dataclass(frozen=True)
class Score:
    """Figures of one listener on one time line."""

    sentences: int
    """Sentences on the line."""
    missed: int
    """Sentences that no utterance holds, or less than half of them."""
    cut: int
    """Sentences found whose beginning is in no utterance."""
    worst_cut_ms: float
    """The longest beginning that is missing."""
    tail_cut: int
    """Sentences found whose end is in no utterance."""
    opened: int
    """Sentences whole from the first sample in an utterance that they themselves opened."""
    pieces: float
    """Utterances per sentence found."""
    false: int
    """Utterances that hold no sentence."""
    latency_s: float
    """Median time from the end of a sentence to its last utterance."""


def score(line: TimeLine, heard: Sequence[Heard]) -> Score:
    """Return the figures of the utterances that were `heard` on a line."""
    missed, cuts, tails, pieces, latencies, opened = 0, [], 0, [], [], 0
    for start, end in line.sentences:
        ours = [one for one in heard if one.start < end and start < one.end]
        covered = sum(min(end, one.end) - max(start, one.start) for one in ours)
        if covered < FOUND_SHARE * (end - start):
            missed += 1
            continue
        early = start - ours[0].start
        cuts.append(max(0, -early))
        opened += 0 <= early <= OPENED_S * SAMPLE_RATE
        tails += ours[-1].end < end
        pieces.append(len(ours))
        latencies.append((ours[-1].decided - end) / SAMPLE_RATE)
    return Score(
        sentences=len(line.sentences), missed=missed, cut=sum(one > 0 for one in cuts),
        worst_cut_ms=1000 * max(cuts, default=0) / SAMPLE_RATE, tail_cut=tails, opened=opened,
        pieces=float(np.mean(pieces)) if pieces else 0.0,
        false=len(false_utterances(line, heard)),
        latency_s=float(np.median(latencies)) if latencies else 0.0)


def false_utterances(line: TimeLine, heard: Sequence[Heard]) -> List[Heard]:
    """Return the utterances that hold nothing of any sentence."""
    return [one for one in heard if not any(
        one.start < end and start < one.end for start, end in line.sentences)]


def together(scores: Sequence[Score]) -> Tuple[int, int, float]:
    """Return sentences missed, sentences cut and the worst cut in ms over several lines."""
    return (sum(one.missed for one in scores), sum(one.cut for one in scores),
            max(one.worst_cut_ms for one in scores))
