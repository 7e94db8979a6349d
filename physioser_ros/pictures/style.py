"""Colours, lines and sizes that the pictures share; the colours are those of Okabe and Ito."""

from itertools import cycle
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from matplotlib.figure import Figure

INK, PALE = '#333333', '#B0B0B0'
BLUE, VERMILION = '#0072B2', '#D55E00'
#: Rises evenly in lightness and looks alike to colour-blind readers.
COLOUR_MAP = 'cividis'
DOTS_PER_INCH = 110


class Look(NamedTuple):
    """How one of several things in a chart is told from the others, in colour and without."""

    colour: str
    """Colour of its line or bar."""
    style: Any
    """Line style of matplotlib."""
    marker: str
    """Marker of its points."""
    hatch: str
    """Hatching of its bar."""


_LOOKS = (Look(BLUE, '-', 'o', ''), Look(VERMILION, '--', 's', '//'),
          Look('#009E73', '-.', '^', '..'), Look('#CC79A7', ':', 'D', '\\\\'),
          Look('#E69F00', (0, (5, 1)), 'v', 'xx'), Look('#56B4E9', (0, (1, 1)), 'P', '++'),
          Look(INK, (0, (3, 1, 1, 1)), 'X', 'oo'))


def looks() -> Iterator[Look]:
    """Yield one look after another; they repeat after the seventh."""
    return cycle(_LOOKS)


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches, without any window or global state."""
    return Figure(figsize=(width, height), layout='constrained')


def tidy(axes: Any) -> None:
    """Take away the lines of the frame that carry no scale, and draw a faint grid."""
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    axes.grid(color='#DDDDDD', linewidth=0.6)
    axes.set_axisbelow(True)


def save(chart: Figure, path: Path) -> Path:
    """Write a figure, without date and program, so that equal numbers give an equal file."""
    path = Path(path)
    chart.savefig(path, dpi=DOTS_PER_INCH, metadata={'Software': None})
    return path
