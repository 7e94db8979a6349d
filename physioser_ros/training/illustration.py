"""Finished runs as pictures beside the report, and the lines of Markdown that show them."""

from pathlib import Path

import numpy as np
import pandas as pd

from physioser_ros import pictures
from physioser_ros.training.evaluation import compare, probabilities_of, truth_of
from physioser_ros.training.metrics import risk_coverage

#: More lines than these in one chart cannot be told apart.
MOST_LINES = 6


def illustrate(models, folders, folder, base=None):
    """
    Draw what the report says in tables.

    :param models: list of `Judged`, the one to look at closely first
    :param folders: run folders, whose logs are drawn, too, each also into its own folder
    :param folder: where the pictures go, beside the page that shows them; created if
        need be
    :param base: `Judged` to compare the others with, or None
    :return: dict of section to Markdown lines, of the sections that could be drawn: 'learning',
        'confusion', 'trust', 'ablation'
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = {'confusion': _confusion(models[0], folder), 'trust': _trust(models, folder, base)}
    rest = [model for model in models if model is not base]
    if base is not None and rest:
        found['ablation'] = _ablation(rest, base, folder)
    logs = {Path(own).name: log for own in folders for log in [read_log(own)] if log is not None}
    for own in folders:
        if Path(own).name in logs:
            pictures.learning_curves(Path(own) / 'learning.png',
                                     {Path(own).name: logs[Path(own).name]})
    if logs:
        found['learning'] = _learning(models[0], logs, folder)
    return found


def read_log(folder):
    """
    Read the log of a training.

    :param folder: run folder
    :return: pandas DataFrame, or None for a model that has no epochs
    """
    path = Path(folder) / 'log.csv'
    return pd.read_csv(path) if path.is_file() else None


def _learning(model, logs, folder):
    own = {name: log for name, log in logs.items() if name.startswith(f'{model.name}-')}
    chosen = dict(list((own or logs).items())[:4])
    pictures.learning_curves(folder / 'learning.png', chosen)
    return [f'![Losses of {", ".join(chosen)} against the epoch]'
            f'({folder.name}/learning.png)', '']


def _confusion(model, folder):
    table, size = model.tables[0], len(model.labels)
    matrices = {}
    for corpus, rows in table.groupby('corpus', sort=True):
        truth = truth_of(rows, model.labels)
        answers = probabilities_of(rows, model.labels).argmax(1)
        counts = np.zeros((size, size), dtype=int)
        np.add.at(counts, (truth, answers), 1)
        matrices[corpus] = counts
    pictures.confusion(folder / 'confusion.png', matrices, model.labels)
    return [f'![Confusion of {model.name} on each corpus: truth in rows, answers in columns]'
            f'({folder.name}/confusion.png)', '']


def _trust(models, folder, base):
    # The baseline is never the one that is left out.
    others = [model for model in models if model is not base]
    shown = others[:MOST_LINES - 1] + [base] if base is not None else others[:MOST_LINES]
    sure, kept = {}, {}
    for model in shown:
        truth = truth_of(model.tables[0], model.labels)
        probabilities = probabilities_of(model.tables[0], model.labels)
        sure[model.name] = (probabilities.max(1), probabilities.argmax(1) == truth)
        curve = risk_coverage(truth, probabilities)
        kept[model.name] = (curve.coverage, curve.risk)
    pictures.risk_coverage(folder / 'risk_coverage.png', kept)
    pictures.reliability(folder / 'reliability.png', sure)
    return ['![Share of wrong answers against the share of clips answered]'
            f'({folder.name}/risk_coverage.png)', '',
            '![Share of right answers against confidence, and how often each confidence occurs]'
            f'({folder.name}/reliability.png)', '']


def _ablation(models, base, folder):
    gains = {}
    for model in models:
        mean = compare(model, base, 'ua')['mean']
        gains[model.name] = (mean.value, mean.low, mean.high)
    pictures.bars(folder / 'ablation.png', gains,
                  xlabel=f'UA minus that of {base.name}, mean of the corpora, 95 % interval')
    return [f'![Difference of UA between each model and {base.name}, with its interval]'
            f'({folder.name}/ablation.png)', '']
