"""
Is one model better than another? A paired bootstrap over speakers.

Clips of one voice stand or fall together, so what is drawn again is the speaker, not the clip;
both models are judged on the same draw. Everything is done on confusion matrices per speaker,
which makes thousands of draws cheap.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """A figure, or the difference of two, with what drawing the speakers again does to it."""

    #: The figure on the speakers as they are.
    value: float
    #: 2.5 % quantile over the draws.
    low: float
    #: 97.5 % quantile over the draws.
    high: float
    #: Two-sided p: twice the share of draws on the other side of 0, at most 1.
    p: float


def speaker_confusions(truth, answers, speakers, classes, order=None):
    """
    Count answers per speaker.

    :param truth: int, shape (n,)
    :param answers: int, shape (n,)
    :param speakers: str, shape (n,)
    :param classes: number of classes C
    :param order: the speakers to count, in this order; None: those that occur, sorted
    :return: float, shape (S, C, C): speaker, truth, answer
    """
    speakers = np.asarray(speakers)
    order = np.unique(speakers) if order is None else np.asarray(order)
    counts = np.zeros((len(order), classes, classes))
    place = {name: number for number, name in enumerate(order)}
    np.add.at(counts, ([place[name] for name in speakers], truth, answers), 1)
    return counts


def accuracy_of(confusion):
    """Return WA of confusion matrices, shape (..., C, C) to (...)."""
    return np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum((-2, -1))


def recall_of(confusion):
    """Return UA of confusion matrices, shape (..., C, C) to (...); absent classes do not count."""
    total, right = confusion.sum(-1), np.diagonal(confusion, axis1=-2, axis2=-1)
    present = total > 0
    recall = np.divide(right, total, out=np.zeros_like(right, dtype=float), where=present)
    return recall.sum(-1) / present.sum(-1)


def macro_f1_of(confusion):
    """Return macro-F1 of confusion matrices, (..., C, C) to (...); absent classes do not count."""
    total, right = confusion.sum(-1), np.diagonal(confusion, axis1=-2, axis2=-1)
    both, present = total + confusion.sum(-2), total > 0
    score = np.divide(2 * right, both, out=np.zeros_like(right, dtype=float), where=both > 0)
    return (score * present).sum(-1) / present.sum(-1)


#: The figures that a bootstrap can be asked for.
MEASURES = {'wa': accuracy_of, 'ua': recall_of, 'macro_f1': macro_f1_of}


def paired_bootstrap(corpora, measure='ua', draws=4000, seed=0):
    """
    Bootstrap the difference of two models, mean over corpora, speakers drawn within each corpus.

    :param corpora: list of pairs (ours, theirs) of confusions as `speaker_confusions` gives them,
        one pair a corpus, both with the same speakers in the same order
    :param measure: a key of `MEASURES`
    :param draws: number of bootstrap draws
    :param seed: seed of the draws
    :return: `Interval` of ours minus theirs
    :raises ValueError: if a pair does not match
    """
    figure, rng = MEASURES[measure], np.random.default_rng(seed)
    value, drawn = [], []
    for ours, theirs in corpora:
        if ours.shape != theirs.shape:
            raise ValueError(f'confusions of shape {ours.shape} and {theirs.shape} are not of the '
                             'same speakers: compare runs of the same folds')
        count = len(ours)
        weights = rng.multinomial(count, np.full(count, 1 / count), size=draws)
        value.append(figure(ours.sum(0)) - figure(theirs.sum(0)))
        drawn.append(figure(np.tensordot(weights, ours, 1))
                     - figure(np.tensordot(weights, theirs, 1)))
    differences = np.mean(drawn, axis=0)
    low, high = np.quantile(differences, (0.025, 0.975))
    tail = min((differences <= 0).mean(), (differences >= 0).mean())
    return Interval(float(np.mean(value)), float(low), float(high), float(min(1.0, 2 * tail)))
