"""What each parameter of the segmentation does, one at a time, all others at their defaults."""

from dataclasses import dataclass, replace
from typing import Dict, Iterator, Sequence, Tuple

from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.benchmark.hearing.listeners import Answers, ask, cut
from physioser_ros.benchmark.hearing.score import score
from physioser_ros.benchmark.hearing.time_line import TimeLine

#: Parameter and the values that are tried beside its default.
VALUES: Tuple[Tuple[str, Tuple[float, ...]], ...] = (
    ('pre_roll_s', (0.0, 0.1, 0.2, 0.3, 0.5)),
    ('start_s', (0.03, 0.09, 0.2, 0.4)),
    ('rise_s', (0.2, 0.4, 0.8, 1.2)),
    ('hangover_s', (0.2, 0.3, 0.4, 0.6, 0.8, 1.2)),
    ('min_s', (0.0, 0.3, 0.6, 1.0)),
    ('start_threshold', (0.35, 0.5, 0.7, 0.9)),
    ('stop_threshold', (0.15, 0.35, 0.5)),
)
#: Aggressiveness of WebRTC, which the cascade asks first.
AGGRESSIVENESS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Setting:
    """One row: a parameter, a value, and what came of it over all lines."""

    parameter: str
    """Name of the parameter of the node."""
    value: float
    """Its value."""
    default: bool
    """Whether that is the default."""
    latency_s: float
    """Median time from the end of a sentence to its utterance, mean over the lines."""
    pieces: float
    """Utterances per sentence, mean over the lines."""
    missed: int
    """Sentences missed, of all lines."""
    cut: int
    """Sentences whose beginning is missing, of all lines."""
    worst_cut_ms: float
    """The longest beginning that is missing."""
    false: int
    """Utterances without a sentence, of all lines."""


def settings(lines: Sequence[TimeLine], answers: Dict[str, Answers]) -> Iterator[Setting]:
    """
    Yield a row for every value.

    :param lines: time lines, with and without sentences
    :param answers: of the cascade to every line, by its name
    """
    default = SegmenterOptions()
    for name, values in VALUES:
        for value in values:
            options = replace(default, **{name: value})
            yield _row(f'segment.{name}', value, value == getattr(default, name), lines,
                       answers, options)
    for value in AGGRESSIVENESS:
        asked = answers if value == 2 else {
            line.name: ask('cascade', line.samples, value) for line in lines}
        yield _row('vad.aggressiveness', value, value == 2, lines, asked, default)


def _row(parameter: str, value: float, is_default: bool, lines: Sequence[TimeLine],
         answers: Dict[str, Answers], options: SegmenterOptions) -> Setting:
    scores = [score(line, cut(line.samples, answers[line.name], options)) for line in lines]
    spoken = [one for one, line in zip(scores, lines) if len(line.sentences) > 10]
    return Setting(
        parameter, value, is_default,
        sum(one.latency_s for one in spoken) / len(spoken),
        sum(one.pieces for one in spoken) / len(spoken),
        sum(one.missed for one in scores), sum(one.cut for one in scores),
        max(one.worst_cut_ms for one in scores), sum(one.false for one in scores))
