"""What the hang-over costs and brings, as a picture of the measured table."""

from pathlib import Path
import re
from typing import List, Tuple

#: A row of the table of settings: value, latency in s, utterances per sentence.
_ROW = re.compile(r'^\| `segment\.hangover_s` \| \**([\d.]+)\** \| ([\d.]+) s \| ([\d.]+) \|',
                  re.MULTILINE)


def rows(page: str) -> List[Tuple[float, float, float]]:
    """
    Return hang-over in s, latency in s and utterances per sentence of each row of the table.

    :raises ValueError: when the page has no such rows
    """
    found = [tuple(map(float, row)) for row in _ROW.findall(page)]
    if not found:
        raise ValueError('the page has no rows of segment.hangover_s: `physioser hearing '
                         '--report` writes them')
    return found


def draw(page: Path, path: Path) -> None:
    """
    Draw how often sentences are cut in two against the latency, one point a hang-over.

    :param page: the page that holds the table
    :param path: PNG to write
    """
    from physioser_ros.pictures import curves

    found = rows(page.read_text(encoding='utf-8'))
    name = 'segment.hangover_s'
    curves(path, {name: [(latency, 100 * (pieces - 1)) for _, latency, pieces in found]},
           notes={name: [f'{value:g} s' for value, _, _ in found]}, bottom=0,
           xlabel='from the end of a sentence to its utterance, in s',
           ylabel='further utterances a hundred sentences',
           title='Beside each point: segment.hangover_s')
