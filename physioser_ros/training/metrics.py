"""
Figures of a classifier: accuracy in three senses, calibration, and what refusing to answer buys.

Accuracies come from scikit-learn, the calibration error from torchmetrics. Everything takes the
true labels and the probabilities, so that one set of predictions gives every figure.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

#: Bins of the expected calibration error.
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class Figures:
    """What one set of predictions amounts to."""

    #: Number of clips judged.
    clips: int
    #: Weighted accuracy: the share of clips that are right.
    wa: float
    #: Unweighted accuracy: the mean recall of the emotions that occur.
    ua: float
    #: Mean F1 of the emotions that occur.
    macro_f1: float
    #: Expected calibration error of the top answer, 15 bins of equal width.
    ece: float
    #: Brier score: mean squared distance of the probabilities from the truth, 0 to 2.
    brier: float
    #: Counts, (C, C): row = truth, column = answer.
    confusion: np.ndarray


def figures(truth, probabilities):
    """
    Compute every figure of a set of predictions.

    Emotions that do not occur in `truth` have no recall and no F1, but answering one of them is
    an error all the same.

    :param truth: int, shape (n,), indices of the true labels
    :param probabilities: float, shape (n, C), each row sums to 1
    :return: `Figures`
    :raises ValueError: if there is no clip or the shapes disagree
    """
    truth, probabilities = np.asarray(truth), np.asarray(probabilities, dtype=np.float64)
    if not len(truth) or probabilities.shape[:1] != truth.shape:
        raise ValueError(f'{len(truth)} labels and probabilities of shape {probabilities.shape}: '
                         'expected one row of probabilities a label, and at least one')
    answers, present = probabilities.argmax(1), np.unique(truth)
    one_hot = np.eye(probabilities.shape[1])[truth]
    return Figures(
        clips=len(truth),
        wa=float(accuracy_score(truth, answers)),
        ua=float(recall_score(truth, answers, labels=present, average='macro')),
        macro_f1=float(f1_score(truth, answers, labels=present, average='macro')),
        ece=calibration_error(truth, probabilities),
        brier=float(((probabilities - one_hot) ** 2).sum(1).mean()),
        confusion=confusion_matrix(truth, answers, labels=range(probabilities.shape[1])))


def calibration_error(truth, probabilities):
    """
    Compute the expected calibration error of the top answer (Guo et al., ICML 2017).

    :param truth: int, shape (n,)
    :param probabilities: float, shape (n, C), each row sums to 1
    :return: float, 0 (confidence equals accuracy in each of 15 bins) to 1
    """
    return float(multiclass_calibration_error(
        torch.as_tensor(np.asarray(probabilities, dtype=np.float64)),
        torch.as_tensor(np.asarray(truth)),
        num_classes=np.shape(probabilities)[1], n_bins=CALIBRATION_BINS, norm='l1'))


def calibration_floor(probabilities, draws=20, seed=0):
    """
    Return the calibration error that confidence which is exactly right would get by chance.

    Few clips fill few bins: on 200 clips a perfect model has an error of about 0.05.

    :param probabilities: float, shape (n, C), each row sums to 1
    :param draws: how often labels are drawn from the probabilities
    :param seed: seed of the draws
    :return: float, mean over the draws
    """
    rng, bounds = np.random.default_rng(seed), np.cumsum(probabilities, 1)[:, :-1]
    return float(np.mean([
        calibration_error((rng.random((len(bounds), 1)) > bounds).sum(1), probabilities)
        for _ in range(draws)]))


@dataclass(frozen=True)
class RiskCoverage:
    """What answering only the surest clips gives, from the surest one to all."""

    #: Share of clips answered, shape (n,), ascending to 1.
    coverage: np.ndarray
    #: Share of wrong answers among those answered, shape (n,).
    risk: np.ndarray
    #: Confidence of the last clip answered, shape (n,): the threshold of this coverage.
    threshold: np.ndarray


def risk_coverage(truth, probabilities):
    """
    Compute the risk-coverage curve (El-Yaniv and Wiener, JMLR 2010).

    :param truth: int, shape (n,)
    :param probabilities: float, shape (n, C)
    :return: `RiskCoverage`
    """
    truth, probabilities = np.asarray(truth), np.asarray(probabilities)
    order = np.argsort(-probabilities.max(1), kind='stable')
    wrong = probabilities.argmax(1)[order] != truth[order]
    count = np.arange(1, len(truth) + 1)
    return RiskCoverage(coverage=count / len(truth), risk=np.cumsum(wrong) / count,
                        threshold=probabilities.max(1)[order])


def threshold_at(probabilities, coverage):
    """
    Return the confidence below which the answer is "uncertain".

    :param probabilities: float, shape (n, C), calibrated, of speakers unseen in training
    :param coverage: share of the clips that shall be answered, above 0, at most 1
    :return: float: the lowest confidence that is still answered
    :raises ValueError: if `coverage` is out of range
    """
    if not 0 < coverage <= 1:
        raise ValueError(f'coverage is {coverage}, expected more than 0 and at most 1')
    confidence = np.sort(np.asarray(probabilities).max(1))[::-1]
    return float(confidence[max(0, round(coverage * len(confidence)) - 1)])
