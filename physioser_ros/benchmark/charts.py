"""The pictures of the performance page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, List

import numpy as np

from physioser_ros.benchmark import findings as names
from physioser_ros.benchmark.findings import Findings
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.parts import PARTS
from physioser_ros.benchmark.timing import fit_line

#: Silence that ends an utterance by default, in ms: `segment.hangover_s`.
HANGOVER_MS = 600.0
#: Voice activity decides once a frame; in the mean half a frame goes by first, in ms.
HALF_FRAME_MS = 16.0
FRAME_MS = 32.0

_COLOURS = {'waiting': '#b8c4ce', 'nodes': '#e0a458', 'model': '#3a6ea5'}


@dataclass(frozen=True)
class Step:
    """One step on the way of an utterance."""

    name: str
    """What happens."""
    ms: float
    """How long it takes in ms."""
    kind: str
    """`waiting` (by design), `nodes` or `model`."""


def way(found: Findings) -> List[Step]:
    """
    Return the steps from the last spoken sample to the message, in their order.

    Needs the stages `parts`, `voice` and `latency`; without them it is shorter or empty.
    """
    if found.latency is None:
        return []
    steps = [Step('hang-over (segment.hangover_s)', HANGOVER_MS, 'waiting'),
             Step('half a voice activity frame', HALF_FRAME_MS, 'waiting')]
    segmenter = found.timing(names.SEGMENTER)
    if segmenter:
        a_frame = segmenter.cpu_ms * FRAME_MS / 1000 / found.detail(names.SEGMENTER, 'sound_s')
        steps.append(Step('voice activity, segmenter', a_frame, 'nodes'))
    latency = found.latency
    queued_ms = percentile_ms(latency.queued_s, 50)
    outside_ms = percentile_ms(latency.total_s - latency.model_s - latency.queued_s, 50)
    model_ms = percentile_ms(latency.model_s, 50)
    steps.append(Step('utterance to the recogniser, waiting', queued_ms + outside_ms / 2,
                      'nodes'))
    steps += _model(found, model_ms)
    return [*steps, Step('decision, answer to the subscriber', outside_ms / 2, 'nodes')]


def _model(found: Findings, model_ms: float) -> List[Step]:
    """Split the model's time in the node by the shares of its parts."""
    parts = found.parts_ms
    total = sum(parts.values())
    if not total:
        return [Step('model', model_ms, 'model')]
    return [Step(part, model_ms * parts[part] / total, 'model')
            for part in PARTS if part in parts]


def draw_way(found: Findings, path: Path) -> bool:
    """
    Draw the way of one utterance: all of it above, what is computed below.

    :param path: PNG to write
    :returns: False where there is nothing to draw
    """
    steps = way(found)
    if not steps:
        return False
    figure, (whole, zoom) = _pyplot().subplots(
        2, 1, figsize=(9, 1.6 + 0.28 * len(steps)), layout='constrained',
        height_ratios=(1, len(steps) / 3))
    _bars(whole, steps, one_row=True)
    whole.set_title('From the last spoken sample to the message', loc='left', fontsize=10)
    computed = [step for step in steps if step.kind != 'waiting']
    _bars(zoom, computed, one_row=False)
    zoom.set_xlabel('ms after the silence that ends the utterance')
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)
    return True


def _bars(axes: Any, steps: List[Step], *, one_row: bool) -> None:
    start = 0.0
    for row, step in enumerate(steps):
        height = 0 if one_row else row
        axes.barh(height, step.ms, left=start, color=_COLOURS[step.kind], edgecolor='white',
                  linewidth=0.5)
        if not one_row:
            axes.text(start + step.ms, height, f'  {step.ms:.2f} ms', va='center', fontsize=8)
        start += step.ms
    if one_row:
        axes.set_yticks([])
        axes.legend(handles=[_pyplot().Rectangle((0, 0), 1, 1, color=colour)
                             for colour in _COLOURS.values()], labels=list(_COLOURS),
                    fontsize=8, ncols=3, loc='upper center')
    else:
        axes.set_yticks(range(len(steps)), [step.name for step in steps], fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, start * 1.15)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)


def draw_growth(found: Findings, path: Path) -> bool:
    """
    Draw the cost of an utterance against its length.

    :param path: PNG to write
    :returns: False where there is nothing to draw
    """
    if len(found.lengths) < 2:
        return False
    lengths = np.array(list(found.lengths))
    figure, axes = _pyplot().subplots(figsize=(7, 3.2), layout='constrained')
    middle = np.array([timing.cpu_ms for timing in found.lengths.values()])
    quartiles = np.array([np.percentile(1000 * timing.cpu_s, (25, 75))
                          for timing in found.lengths.values()]).T
    axes.errorbar(lengths, middle, abs(quartiles - middle), fmt='o', color=_COLOURS['model'],
                  capsize=3, label='measured, quartiles')
    fixed_ms, each_ms = fit_line(lengths, middle)
    axes.plot(lengths, fixed_ms + each_ms * lengths, color=_COLOURS['nodes'],
              label=f'{fixed_ms:.1f} ms + {each_ms:.1f} ms a second')
    axes.set(xlabel='length of the utterance in s', ylabel='CPU time in ms', xlim=(0, None),
             ylim=(0, None))
    axes.legend(fontsize=8)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)
    return True


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    return pyplot
