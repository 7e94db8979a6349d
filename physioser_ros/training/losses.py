"""Losses of the training, and the weights that keep a large corpus from drowning a small one."""

import numpy as np
import torch
from torch.nn import functional

#: What stands for the label of a clip that has none: every answer is as wrong as any other.
NO_LABEL = -1


def classification_loss(logits, targets, weights, label_smoothing=0.0):
    """
    Compute the weighted cross entropy with label smoothing.

    :param logits: float32, shape (B, C)
    :param targets: int64, shape (B,); of `NO_LABEL` the target is spread over all classes
    :param weights: float32, shape (B,), of each clip; they average 1 over the training set
    :param label_smoothing: share of the target spread evenly over all C classes
    :return: scalar: the mean over the batch, not divided by the batch's own sum of weights, so
        that a batch of rare clips counts for what it is worth
    """
    likely = functional.log_softmax(logits, 1)
    own = likely.gather(1, targets.clamp_min(0)[:, None])[:, 0]
    spread = torch.full_like(own, label_smoothing).masked_fill(targets == NO_LABEL, 1)
    loss = -(1 - spread) * own - spread * likely.mean(1)
    return (loss * weights).mean()


def balanced_weights(corpora, labels, corpus_power=0.5):
    """
    Weigh clips so that classes count evenly within a corpus and corpora by a power of their size.

    :param corpora: sequence of n names
    :param labels: sequence of n labels
    :param corpus_power: a corpus of N clips counts as N ** corpus_power: 1 as they are, 0 all
        alike
    :return: float32, shape (n,), mean 1
    """
    keys, cell = np.unique([f'{corpus}\0{label}' for corpus, label in zip(corpora, labels)],
                           return_inverse=True)
    names, corpus = np.unique(list(corpora), return_inverse=True)
    in_cell, in_corpus = np.bincount(cell), np.bincount(corpus)
    cells_of = np.bincount([list(names).index(key.split('\0')[0]) for key in keys])
    share = in_corpus.astype(float) ** corpus_power
    weights = share[corpus] / cells_of[corpus] / in_cell[cell]
    return (weights / weights.mean()).astype(np.float32)
