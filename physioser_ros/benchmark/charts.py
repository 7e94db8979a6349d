"""The pictures of the performance page but for the way of one utterance."""

from pathlib import Path

import numpy as np

from physioser_ros.benchmark import findings as names
from physioser_ros.benchmark.findings import Findings
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.timing import fit_line
from physioser_ros.pictures import bars, curves

#: Peers that are a whole answer, or its largest part.
_PEERS = (names.OPENSMILE, names.BACKBONE_TORCH, names.BACKBONE_ORT, names.WAV2VEC2_TORCH,
          names.WAV2VEC2_ORT)


def draw_turns(found: Findings, path: Path) -> bool:
    """
    Draw the CPU time of models and peers on one thread, with quartiles.

    :param path: PNG to write
    :returns: False where there is nothing to draw
    """
    timings = found.one_thread.timings if found.one_thread else {}
    shown = {name: timing for name, timing in timings.items()
             if name in _PEERS or name.startswith('model ')}
    if len(shown) < 2:
        return False
    bars(path, {name: tuple(float(1000 * np.percentile(timing.cpu_s, share))
                            for share in (50, 25, 75)) for name, timing in shown.items()},
         xlabel=f'CPU ms for {found.utterance_s:g} s of sound, one thread',
         reference=found.default if found.default in shown else None)
    return True


def draw_growth(found: Findings, path: Path) -> bool:
    """
    Draw the cost of an utterance against its length.

    :param path: PNG to write
    :returns: False where there is nothing to draw
    """
    if len(found.lengths) < 2:
        return False
    lengths = np.array(list(found.lengths))
    middle = np.array([timing.cpu_ms for timing in found.lengths.values()])
    fixed_ms, each_ms = fit_line(lengths, middle)
    curves(path, {'measured': zip(lengths, middle),
                  f'{fixed_ms:.1f} ms + {each_ms:.1f} ms a second':
                  zip(lengths, fixed_ms + each_ms * lengths)},
           xlabel='length of the utterance in s', ylabel='CPU time in ms', bottom=0)
    return True


def draw_answers(found: Findings, path: Path) -> bool:
    """
    Draw the time from the end of an utterance to its answer against the length of the speech.

    :param path: PNG to write
    :returns: False where there is nothing to draw
    """
    if len(found.answers) < 2:
        return False
    curves(path, {name: [(length, percentile_ms(getattr(answering, field), 50))
                         for length, answering in found.answers.items()]
                  for name, field in (('computed in the hang-over', 'ahead_s'),
                                      ('computed at the end', 'after_s'))},
           xlabel='length of the speech in s',
           ylabel='end of the hang-over to the answer in ms', bottom=0)
    return True
