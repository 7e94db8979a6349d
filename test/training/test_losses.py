"""Losses and weights against closed forms."""

import math

import numpy as np
import pytest
import torch

from physioser_ros.model import ContrastiveAlignment
from physioser_ros.training.losses import balanced_weights, classification_loss, NO_LABEL
from physioser_ros.training.module import warm_cosine


def test_cross_entropy_with_smoothing_is_its_closed_form():
    logits, targets = torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([0])
    log_sum = math.log(math.exp(2) + 2)
    wanted = log_sum - (0.9 * 2 + 0.1 * 2 / 3)
    loss = classification_loss(logits, targets, torch.ones(1), 0.1)
    assert float(loss) == pytest.approx(wanted, rel=1e-6)


def test_without_a_label_no_answer_is_best():
    targets = torch.tensor([NO_LABEL])
    flat, sure = torch.zeros(1, 3), torch.tensor([[2.0, 0.0, 0.0]])
    assert float(classification_loss(flat, targets, torch.ones(1))) == pytest.approx(math.log(3))
    log_sum = math.log(math.exp(2) + 2)
    assert float(classification_loss(sure, targets, torch.ones(1))) == pytest.approx(
        log_sum - 2 / 3)


def test_a_weight_multiplies_what_a_clip_counts():
    logits, targets = torch.randn(4, 3, generator=torch.manual_seed(0)), torch.arange(4) % 3
    each = [float(classification_loss(logits[n:n + 1], targets[n:n + 1], torch.ones(1)))
            for n in range(4)]
    weights = torch.tensor([0.0, 1.0, 2.0, 0.5])
    wanted = np.mean(np.array(each) * weights.numpy())
    assert float(classification_loss(logits, targets, weights)) == pytest.approx(wanted)


def test_alignment_is_log_n_for_strangers_and_small_for_partners():
    alignment = ContrastiveAlignment().requires_grad_(False)
    assert float(alignment(torch.ones(8, 4), torch.ones(8, 4))) == pytest.approx(math.log(8))
    assert float(alignment(torch.eye(8), torch.eye(8))) < 1e-4


def test_classes_count_evenly_within_a_corpus_and_corpora_by_their_power():
    corpora = ['big'] * 90 + ['small'] * 10
    labels = ['happy'] * 60 + ['sad'] * 30 + ['happy'] * 2 + ['sad'] * 8
    weights = balanced_weights(corpora, labels, corpus_power=0.5)
    sums = [weights[:60].sum(), weights[60:90].sum(), weights[90:92].sum(), weights[92:].sum()]
    assert weights.mean() == pytest.approx(1, rel=1e-6)
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)
    assert sums[2] == pytest.approx(sums[3], rel=1e-5)
    assert (sums[0] + sums[1]) / (sums[2] + sums[3]) == pytest.approx(3, rel=1e-5)
    assert len(set(balanced_weights(corpora, corpora, corpus_power=1))) == 1


def test_the_learning_rate_rises_in_a_line_and_falls_as_a_cosine():
    shares = [warm_cosine(step, 100, 0.1) for step in range(100)]
    assert shares[0] == pytest.approx(1 / 11) and shares[9] == pytest.approx(10 / 11)
    assert shares[10] == pytest.approx(1) and shares[55] == pytest.approx(0.5)
    assert 0 < shares[99] < 0.001
    assert warm_cosine(0, 1, 0.05) > 0
