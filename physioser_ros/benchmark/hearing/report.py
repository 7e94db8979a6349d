"""The tables of docs/hearing.md."""

from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence

from physioser_ros.benchmark.hearing.cost import Soak
from physioser_ros.benchmark.hearing.score import Score
from physioser_ros.benchmark.hearing.time_line import TimeLine
from physioser_ros.benchmark.hearing.tuning import Setting
from physioser_ros.benchmark.marks import write_between

BEGIN, END = '<!-- measured by physioser hearing -->', '<!-- end of what was measured -->'

TITLES = {'cascade': 'cascade (default)', 'webrtc': 'webrtcvad alone', 'silero': 'Silero alone',
          'auditok': 'auditok'}


def sections(spoken: Sequence[TimeLine], noises: Sequence[TimeLine],
             scores: Dict[str, Dict[str, Score]], settings: Sequence[Setting],
             percent: Dict[str, float], soak: Optional[Soak]) -> str:
    """
    Return all sections in Markdown.

    :param spoken: lines on which people speak
    :param noises: lines of long noises
    :param scores: by listener and line
    :param settings: rows of the tuning table
    :param percent: share of a core in `speech` and in a `quiet` room
    :param soak: hours of sound, None if they were not heard
    """
    count = len(spoken[0].sentences)
    parts = [
        '## What it hears', '',
        f'{count} sentences of the corpora on a time line, 1.5 to 3 s of silence between them. '
        'Each cell: sentences missed / with a beginning cut off (the worst in ms) / whole in an '
        'utterance that they opened / utterances without any sentence.', '',
        *_table(['', *TITLES.values()],
                ([line.name, *(_spoken_cell(scores[name][line.name]) for name in TITLES)]
                 for line in spoken)), '',
        '## What it takes for a voice', '',
        f'{len(noises[0].sentences)} stretches of each noise at −20 dBFS, '
        f'{_noise_s(noises[0]) / 60:.0f} minutes in all, and a sentence 0.3 s after each. Each '
        'cell: false utterances in 10 minutes / sentences whole in an utterance that they '
        'opened.', '',
        *_table(['', *TITLES.values()],
                ([line.name, *(_noise_cell(scores[name][line.name], line) for name in TITLES)]
                 for line in noises)), '',
        '## What the parameters do', '',
        'One parameter at a time, the others at their defaults (bold), with the cascade, over '
        'the lines of speech above, servo sweep and music. Latency is the median time from the '
        'end of a sentence to its utterance; pieces are utterances per sentence.', '',
        *_table(['parameter', 'value', 'latency', 'pieces', 'missed', 'beginnings cut',
                 'worst cut', 'false'], map(_setting_row, settings)), '',
        '## What it costs', '',
        f'Detector and segmenter take {percent["speech"]:.2f} % of a core while somebody speaks '
        f'without a pause and {percent["quiet"]:.3f} % in a quiet room.']
    if soak is not None:
        first, last = soak.resident_mib
        parts += ['', f'{soak.hours:.1f} hours of sound at full speed, {soak.utterances} '
                  f'utterances: {first:.1f} MiB resident after the first quarter, {last:.1f} MiB '
                  'at the end.']
    return '\n'.join(parts)


def write(text: str, path: Path) -> None:
    """
    Put the sections between the two marks of a page.

    :raises ValueError: when the page has no marks
    """
    write_between(path, BEGIN, END, text)


def _spoken_cell(one: Score) -> str:
    worst = f' ({one.worst_cut_ms:.0f})' if one.cut else ''
    return f'{one.missed} / {one.cut}{worst} / {one.opened} / {one.false}'


def _noise_cell(one: Score, line: TimeLine) -> str:
    return f'{one.false * 600 / _noise_s(line):.1f} / {one.opened} of {one.sentences}'


def _noise_s(line: TimeLine) -> float:
    """Return how long there is noise on a line: all but sentences and the silence at them."""
    return line.duration_s - sum((end - start) / 16000 + 2.3 for start, end in line.sentences)


def _setting_row(row: Setting) -> List[str]:
    value = f'{row.value:g}'
    cut = f'{row.worst_cut_ms:.0f} ms' if row.cut else '–'
    return [f'`{row.parameter}`', f'**{value}**' if row.default else value,
            f'{row.latency_s:.2f} s', f'{row.pieces:.2f}', str(row.missed), str(row.cut), cut,
            str(row.false)]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> List[str]:
    return ['| ' + ' | '.join(cells) + ' |' for cells in
            (header, ['---'] * len(header), *rows)]
