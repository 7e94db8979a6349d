"""Charts of the answers of a classifier: what for what, how sure, and how rightly so."""

from pathlib import Path
from typing import Mapping, Sequence

import numpy as np

from physioser_ros.pictures.style import COLOUR_MAP, figure, INK, looks, save, tidy

#: A share of fewer clips than these says nothing, and is not drawn.
FEWEST_CLIPS = 5


def confusion(path: Path, matrices: Mapping[str, np.ndarray], labels: Sequence[str]) -> Path:
    """
    Draw one confusion matrix a corpus: shade is the share of the row, the number the count.

    :param path: PNG to write
    :param matrices: by title, int (C, C), row = truth, column = answer; empty rows are left out
    :param labels: the C labels
    :returns: `path`
    """
    columns = min(2, len(matrices))
    rows = -(-len(matrices) // columns)
    chart = figure(5.2 * columns, 4.4 * rows)
    fields = list(chart.subplots(rows, columns, squeeze=False).flat)
    for axes, (title, counts) in zip(fields, matrices.items()):
        _matrix(axes, title, np.asarray(counts), labels)
    for axes in fields[len(matrices):]:
        axes.remove()
    return save(chart, path)


def _matrix(axes, title, counts, labels):
    present = np.flatnonzero(counts.sum(1))
    counts = counts[present]
    share = counts / counts.sum(1, keepdims=True)
    axes.imshow(share, cmap=COLOUR_MAP, vmin=0, vmax=1, aspect='auto')
    for row, column in zip(*np.nonzero(counts)):
        axes.text(column, row, str(counts[row, column]), ha='center', va='center', fontsize=9,
                  color='black' if share[row, column] > 0.5 else 'white')
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha='right', fontsize=9)
    axes.set_yticks(range(len(present)), [labels[index] for index in present], fontsize=9)
    axes.set(title=title, xlabel='answer', ylabel='truth')


def reliability(path: Path, models: Mapping[str, tuple], bins: int = 10) -> Path:
    """
    Draw how often an answer is right against how sure it was, and how often it is how sure.

    :param path: PNG to write
    :param models: by name, confidence of the top answer (n,) in [0, 1] and whether it was
        right (n,)
    :param bins: bins of equal width
    :returns: `path`
    """
    chart = figure(5.6, 5.6)
    above, below = chart.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot((0, 1), (0, 1), color=INK, linewidth=0.8, linestyle=':', label='as sure as right')
    edges = np.linspace(0, 1, bins + 1)
    for (name, (confidence, right)), look in zip(models.items(), looks()):
        place = np.clip(np.digitize(confidence, edges) - 1, 0, bins - 1)
        counts = np.bincount(place, minlength=bins)
        filled = counts >= FEWEST_CLIPS
        mean, share = (np.bincount(place, values, minlength=bins)[filled] / counts[filled]
                       for values in (confidence, right))
        above.plot(mean, share, color=look.colour, linestyle=look.style, marker=look.marker,
                   label=name)
        below.stairs(counts / len(confidence), edges, color=look.colour, linestyle=look.style)
    above.set(ylabel='share of right answers', xlim=(0, 1), ylim=(0, 1))
    above.legend(fontsize=9)
    below.set(xlabel='confidence of the answer', ylabel='share of clips')
    tidy(above)
    tidy(below)
    return save(chart, path)


def risk_coverage(path: Path, models: Mapping[str, tuple]) -> Path:
    """
    Draw the share of wrong answers against the share of clips that are answered at all.

    :param path: PNG to write
    :param models: by name, coverage (n,) ascending to 1 and risk (n,)
    :returns: `path`
    """
    chart = figure(6.4, 4.2)
    axes = chart.subplots()
    for (name, (coverage, risk)), look in zip(models.items(), looks()):
        # Among the first few clips one error moves the curve from nothing to everything.
        shown = np.asarray(coverage) >= 0.05
        axes.plot(np.asarray(coverage)[shown], np.asarray(risk)[shown], color=look.colour,
                  linestyle=look.style, label=name)
    axes.set(xlabel='share of clips answered, the surest first',
             ylabel='share of wrong answers among them', xlim=(0, 1), ylim=(0, None))
    axes.legend(fontsize=9)
    tidy(axes)
    return save(chart, path)
