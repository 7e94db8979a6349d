"""Curves: learning, and any figure against any condition."""

from pathlib import Path
from types import MappingProxyType
from typing import Any, Iterable, Mapping, Sequence, Tuple

import numpy as np

from physioser_ros.pictures.style import figure, looks, save, tidy

#: Columns of a training's log that are no loss.
_NO_LOSS = ('epoch', 'step', 'seconds', 'learning_rate')
#: What the losses of a log are called in a picture.
_LOSSES = {'loss_class': 'answer', 'loss_cpa': 'alignment of the branches',
           'loss_ssl': 'latent branch alone', 'loss_vap': 'vocal branch alone'}


def curves(path: Path, lines: Mapping[str, Iterable[Tuple[float, float]]], *, xlabel: str,
           ylabel: str, title: str = '', bottom: Any = None,
           notes: Mapping[str, Sequence[str]] = MappingProxyType({})) -> Path:
    """
    Draw one line a name, such as accuracy against the signal-to-noise ratio.

    :param path: PNG to write
    :param lines: by name, points (x, y) in ascending order of x
    :param xlabel: what x is, with its unit
    :param ylabel: what y is, with its unit
    :param title: heading, none if empty
    :param bottom: lowest y shown; None: as the points need
    :param notes: by name, what is written beside each of its points
    :returns: `path`
    """
    chart = figure(6.4, 4.2)
    axes = chart.subplots()
    for (name, points), look in zip(lines.items(), looks()):
        x, y = np.array(list(points), dtype=float).T
        axes.plot(x, y, color=look.colour, linestyle=look.style, marker=look.marker, label=name)
        for place, note in zip(zip(x, y), notes.get(name, ())):
            axes.annotate(note, place, xytext=(6, 5), textcoords='offset points', fontsize=9)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.set_ylim(bottom=bottom)
    if len(lines) > 1:
        axes.legend(fontsize=9)
    tidy(axes)
    return save(chart, path)


def learning_curves(path: Path, logs: Mapping[str, Mapping[str, Any]]) -> Path:
    """
    Draw every loss of some trainings against the epoch, one field a training.

    :param path: PNG to write
    :param logs: by name, columns of its `log.csv`; those but epoch, step, seconds and learning
        rate are taken for losses
    :returns: `path`
    """
    columns = min(2, len(logs))
    rows = -(-len(logs) // columns)
    chart = figure(5.2 * columns, 3.4 * rows)
    fields = chart.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (name, log) in zip(fields.flat, logs.items()):
        losses = [column for column in log if column not in _NO_LOSS]
        for column, look in zip(losses, looks()):
            axes.plot(log['epoch'], log[column], color=look.colour, linestyle=look.style,
                      label=_LOSSES.get(column, column))
        axes.set(title=name, xlabel='epoch', ylabel='loss on the training speakers')
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=9)
        tidy(axes)
    for axes in list(fields.flat)[len(logs):]:
        axes.remove()
    return save(chart, path)
