"""Bars with intervals: ablations, models side by side."""

from pathlib import Path
from typing import Mapping, Optional, Tuple

from physioser_ros.pictures.style import BLUE, figure, INK, PALE, save, tidy


def bars(path: Path, values: Mapping[str, Tuple[float, float, float]], *, xlabel: str,
         reference: Optional[str] = None) -> Path:
    """
    Draw one horizontal bar a name, with its interval.

    :param path: PNG to write
    :param values: by name, (value, low, high); low = high = value where nothing is known
    :param xlabel: what the value is, with its unit
    :param reference: name of the bar that the others are measured against: a line is drawn
        through its end; None: through zero
    :returns: `path`
    """
    names = list(values)
    chart = figure(7.2, 1.2 + 0.42 * len(names))
    axes = chart.subplots()
    middles = [values[name][0] for name in names]
    errors = [[max(0.0, values[name][0] - values[name][1]) for name in names],
              [max(0.0, values[name][2] - values[name][0]) for name in names]]
    drawn = axes.barh(names, middles, color=[PALE if name == reference else BLUE
                                             for name in names], edgecolor=INK, height=0.65)
    axes.errorbar(middles, names, xerr=errors, fmt='none', ecolor=INK, capsize=3, linewidth=1.2)
    for bar, middle, name in zip(drawn, middles, names):
        end = max(middle, values[name][2], 0.0)
        axes.annotate(f'{middle:+.3f}' if reference is None else f'{middle:.3f}',
                      (end, bar.get_y() + bar.get_height() / 2), xytext=(5, 0),
                      textcoords='offset points', va='center', fontsize=9)
    at = 0.0 if reference is None else values[reference][0]
    axes.axvline(at, color=INK, linewidth=0.9, linestyle='-' if reference is None else '--')
    axes.invert_yaxis()
    axes.margins(x=0.16)
    axes.set(xlabel=xlabel)
    tidy(axes)
    axes.grid(visible=False, axis='y')
    return save(chart, path)
