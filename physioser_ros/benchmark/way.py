"""The way of one utterance from the last spoken sample to the message, step by step."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

from physioser_ros.benchmark import findings as names
from physioser_ros.benchmark.findings import Findings
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.parts import PARTS
from physioser_ros.pictures.style import figure, save

#: Silence after which an utterance is announced, and after which it is over, by default, in ms:
#: `segment.tail_s` and `segment.hangover_s`.
TAIL_MS, HANGOVER_MS = 300.0, 600.0
#: Voice activity decides once a frame; in the mean half a frame goes by first, in ms.
FRAME_MS = 32.0

WAITING, NODES, MODEL = 'waiting', 'nodes', 'model'
_COLOURS = {WAITING: '#b8c4ce', NODES: '#e0a458', MODEL: '#3a6ea5'}


@dataclass(frozen=True)
class Step:
    """One step on the way of an utterance."""

    name: str
    """What happens."""
    start_ms: float
    """When it begins, in ms after the last spoken sample."""
    ms: float
    """How long it takes in ms."""
    kind: str
    """`waiting` (by design), `nodes` or `model`."""

    @property
    def end_ms(self) -> float:
        """Return when it is over, in ms after the last spoken sample."""
        return self.start_ms + self.ms


def steps(found: Findings) -> List[Step]:
    """
    Return the steps in their order; the answer is computed within the hang-over.

    Needs the stages `latency` and `answers`, and `parts` and `voice` for more detail; without
    the first two it is empty.
    """
    if found.latency is None or found.utterance_s not in found.answers:
        return []
    latency = found.latency
    around_ms = percentile_ms(latency.total_s - latency.model_s, 50)
    model_ms = percentile_ms(latency.model_s, 50)
    made = [Step(f'segment.tail_s: {TAIL_MS:.0f} ms of silence', 0.0, TAIL_MS, WAITING),
            Step('half a frame of voice activity', TAIL_MS, FRAME_MS / 2, WAITING)]

    def then(name: str, ms: float, kind: str) -> None:
        made.append(Step(name, made[-1].end_ms, ms, kind))
    if _segmenter_ms(found):
        then('voice activity, segmenter', _segmenter_ms(found), NODES)
    then('announced utterance to the recogniser', around_ms / 2, NODES)
    for name, ms in _model(found, model_ms).items():
        then(name, ms, MODEL)
    then('decision, early answer to its subscriber', around_ms / 2, NODES)
    over_ms = HANGOVER_MS + FRAME_MS / 2
    made.append(Step(f'segment.hangover_s: {HANGOVER_MS:.0f} ms of silence and half a frame', 0.0,
                     over_ms, WAITING))
    ahead_ms = percentile_ms(found.answers[found.utterance_s].ahead_s, 50)
    made.append(Step('utterance to the recogniser, its answer to the subscriber', over_ms,
                     ahead_ms, NODES))
    return made


def _segmenter_ms(found: Findings) -> float:
    segmenter = found.timing(names.SEGMENTER)
    if not segmenter:
        return 0.0
    return segmenter.cpu_ms * FRAME_MS / 1000 / found.detail(names.SEGMENTER, 'sound_s')


def _model(found: Findings, model_ms: float) -> Dict[str, float]:
    """Split the model's time in the node by the shares of its parts."""
    parts = found.parts_ms
    total = sum(parts.values())
    if not total:
        return {'model': model_ms}
    return {f'model: {part}': model_ms * parts[part] / total for part in PARTS if part in parts}


def draw(found: Findings, path: Path) -> bool:
    """
    Draw the way of one utterance: all of it above, what is computed ahead below.

    :param path: PNG to write
    :returns: False where there is nothing to draw
    """
    made = steps(found)
    if not made:
        return False
    chart = figure(9.5, 2.2 + 0.42 * len(made))
    whole, zoom = chart.subplots(2, 1)
    _bars(whole, made)
    whole.set_title('From the last spoken sample to the answer', loc='left', fontsize=10)
    whole.set_xlabel('ms after the last spoken sample')
    ahead = [step for step in made[2:] if step.kind != WAITING][:-1]
    _bars(zoom, ahead)
    zoom.set_xlim(ahead[0].start_ms - 1, ahead[-1].end_ms * 1.03)
    zoom.set_title('What is computed within the hang-over', loc='left', fontsize=10)
    zoom.set_xlabel('ms after the last spoken sample')
    handles = [zoom.barh([0], [0], color=colour) for colour in _COLOURS.values()]
    zoom.legend(handles, list(_COLOURS), fontsize=8, loc='upper right')
    save(chart, path)
    return True


def _bars(axes, made: List[Step]) -> None:
    for row, step in enumerate(made):
        axes.barh(row, step.ms, left=step.start_ms, color=_COLOURS[step.kind],
                  edgecolor='white', linewidth=0.5)
        axes.text(step.end_ms, row, f' {step.ms:.1f} ms', va='center', fontsize=8)
    axes.set_yticks(range(len(made)), [step.name for step in made], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, max(step.end_ms for step in made) * 1.12)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
