"""The part of the performance page on the time to the answer."""

from typing import List

import numpy as np

from physioser_ros.benchmark.answers import AHEAD_S, last_piece, LONGEST_S
from physioser_ros.benchmark.findings import Findings
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.tables import table
from physioser_ros.benchmark.timing import fit_line

#: How much slower the machine is that is computed beside the one that is measured.
SLOWER = 4


def answers_part(found: Findings, pictures: List[str]) -> List[str]:
    """
    Return the section, pictures alone where the time was not measured.

    :param pictures: lines that show them
    """
    if not found.answers:
        return pictures
    rows = []
    for length, answering in found.answers.items():
        slower_ms = left_ms(found, length, SLOWER)
        rows.append((f'{length:g}', *(
            f'{percentile_ms(values, share):.1f}'
            for values in (answering.ahead_s, answering.after_s) for share in (50, 95)),
            '–' if slower_ms is None else f'{slower_ms:.0f}'))
    return [
        '## Time to the answer', 'From the decision that the utterance is over '
        '(`segment.hangover_s`) to the answer at a subscriber. As soon as the silence has lasted '
        'for `segment.tail_s` the utterance is announced, and its answer computed within the '
        f'rest of the hang-over, {1000 * AHEAD_S:.0f} ms. Speech longer than `segment.max_s` is '
        'cut while it goes on, and its last piece is what is left.',
        table(('speech s', 'computed in the hang-over: median ms', '95 % ms',
               'computed at the end: median ms', '95 % ms',
               f'in the hang-over, {SLOWER} times slower (computed) ms'), rows),
        *_limits(found), *_features(found), *pictures]


def _growth(found: Findings) -> np.ndarray:
    """Return the fixed cost in ms and that of a second of sound; not a number if unknown."""
    if len(found.lengths) < 2:
        return np.full(2, np.nan)
    return np.array(fit_line(np.array(list(found.lengths)),
                             np.array([timing.cpu_ms for timing in found.lengths.values()])))


def left_ms(found: Findings, length_s: float, slower: float) -> float:
    """
    Return the time from the end of the hang-over to the answer on a slower machine, in ms.

    :param found: what was measured, growth and answers
    :param length_s: length of the speech
    :param slower: how much longer everything takes
    :returns: None where the growth was not measured
    """
    fixed_ms, each_ms = _growth(found)
    if np.isnan(fixed_ms):
        return None
    model_ms = slower * (fixed_ms + each_ms * last_piece(length_s))
    around_ms = slower * percentile_ms(found.answers[length_s].ahead_s, 50)
    return max(0.0, model_ms - 1000 * AHEAD_S) + around_ms


def longest_s(found: Findings, slower: float) -> float:
    """Return up to which length an answer is ready at the end of the hang-over, in s."""
    fixed_ms, each_ms = _growth(found)
    return (1000 * AHEAD_S / slower - fixed_ms) / each_ms


def _limits(found: Findings) -> List[str]:
    """Return up to where nothing that grows with the length remains at the end."""
    if len(found.lengths) < 2:
        return []
    here_s, slower_s = (longest_s(found, slower) for slower in (1, SLOWER))
    whole = (f'any utterance, up to `segment.max_s` of {LONGEST_S:g} s' if here_s >= LONGEST_S
             else f'an utterance of up to {here_s:.1f} s')
    return [f'So nothing that grows with the length remains at the end of {whole} on this '
            f'machine. On one that is {SLOWER} times slower this holds up to '
            f'{min(slower_s, LONGEST_S):.1f} s; of longer ones what did not fit is left, as the '
            'last column tells, computed from the cost by length below. A smaller preset, or a '
            'shorter `segment.tail_s`, moves the limit.']


def _features(found: Findings) -> List[str]:
    """Return what computing the features while somebody speaks would save."""
    parts = found.parts_ms
    if not {'quartet', 'log-mel', 'backbone'} <= set(parts):
        return []
    features_ms, total_ms = parts['quartet'] + parts['log-mel'], sum(parts.values())
    return ['Features could be computed while the person still speaks, but the backbone '
            'attends to the whole utterance and the level is that of all of it: of the default '
            f'model this would take {features_ms:.1f} ms of {total_ms:.1f} '
            f'({features_ms / total_ms:.0%}) out of the hang-over, and nothing off the wait '
            'where the rest fits into it. So it is not done.']
