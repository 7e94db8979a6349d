"""Figures against what they are by hand."""

import numpy as np
import pytest

from physioser_ros.training.bootstrap import (
    accuracy_of, macro_f1_of, paired_bootstrap, recall_of, speaker_confusions)
from physioser_ros.training.calibration import calibrated, fit_temperature
from physioser_ros.training.metrics import (
    calibration_error, calibration_floor, figures, risk_coverage, threshold_at)

#: Four clips of class 0, one of class 1; class 2 never occurs.
TRUTH = np.array([0, 0, 0, 0, 1])
PROBABILITIES = np.array([[.9, .1, 0], [.8, .1, .1], [.6, .4, 0], [.3, .5, .2], [.2, .2, .6]])


def test_accuracies_of_a_case_done_by_hand():
    found = figures(TRUTH, PROBABILITIES)
    assert found.wa == pytest.approx(3 / 5)
    assert found.ua == pytest.approx((3 / 4 + 0) / 2)
    assert found.macro_f1 == pytest.approx((2 * 3 / (3 + 4) + 0) / 2)
    assert found.confusion.tolist() == [[3, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_calibration_error_and_brier_of_a_case_done_by_hand():
    found = figures(TRUTH, PROBABILITIES)
    # Bins of width 1/15: .9, .8 and .5 are alone, the two of .6 (one right) share one.
    assert found.ece == pytest.approx((.1 + .2 + 2 * abs(.6 - .5) + .5) / 5)
    brier = [.02, .06, .32, .78, 1.04]
    assert found.brier == pytest.approx(np.mean(brier))


def test_even_perfect_confidence_is_off_by_chance_and_less_so_on_many_clips():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([0.5, 0.5, 0.5], 5000)
    truth = [rng.choice(3, p=row) for row in probabilities]
    few, many = calibration_floor(probabilities[:100]), calibration_floor(probabilities)
    assert 0.06 < few < 0.16 and many < 0.02
    assert calibration_error(truth, probabilities) == pytest.approx(many, abs=0.01)
    assert calibration_floor(np.eye(3)) == 0


def test_figures_refuse_what_they_cannot_judge():
    with pytest.raises(ValueError, match='at least one'):
        figures([], np.zeros((0, 3)))


def test_risk_falls_with_coverage_where_confidence_is_honest():
    found = risk_coverage(TRUTH, PROBABILITIES)
    np.testing.assert_allclose(found.coverage, [.2, .4, .6, .8, 1])
    np.testing.assert_allclose(found.risk, [0, 0, 0, 1 / 4, 2 / 5])
    assert threshold_at(PROBABILITIES, 0.6) == pytest.approx(.6)
    assert threshold_at(PROBABILITIES, 1.0) == pytest.approx(.5)
    with pytest.raises(ValueError, match='coverage is 0'):
        threshold_at(PROBABILITIES, 0)


def test_temperature_is_the_one_that_made_the_labels():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6000, 4)) * 2
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, rel=0.05)
    np.testing.assert_allclose(calibrated(logits, 2.0).sum(1), 1)
    with pytest.raises(ValueError, match='no clip'):
        fit_temperature(np.zeros((0, 4)), [])


def test_confusions_give_the_figures_of_scikit_learn():
    rng = np.random.default_rng(1)
    truth, probabilities = rng.integers(0, 3, 60), rng.dirichlet(np.ones(4), 60)
    confusion = speaker_confusions(truth, probabilities.argmax(1), ['a', 'b'] * 30, 4)
    assert confusion.shape == (2, 4, 4)
    found, whole = figures(truth, probabilities), confusion.sum(0)
    assert accuracy_of(whole) == pytest.approx(found.wa)
    assert recall_of(whole) == pytest.approx(found.ua)
    assert macro_f1_of(whole) == pytest.approx(found.macro_f1)


def _speakers(right, count=8):
    """Return confusions of `count` speakers with 10 clips of each of two classes."""
    return np.array([[[share, 10 - share], [10 - share, share]] for share in right[:count]],
                    dtype=float)


def test_bootstrap_sees_a_gain_that_every_speaker_has():
    theirs = _speakers([5, 9, 6, 8, 7, 4, 9, 6])
    found = paired_bootstrap([(theirs + [[1, -1], [-1, 1]], theirs)], draws=500)
    assert [found.value, found.low, found.high] == pytest.approx([0.1, 0.1, 0.1])
    assert found.p < 0.01


def test_bootstrap_sees_no_gain_where_speakers_disagree():
    ours, theirs = _speakers([5, 9, 6, 8, 7, 4, 9, 6]), _speakers([9, 5, 8, 6, 4, 7, 6, 9])
    found = paired_bootstrap([(ours, theirs)], draws=500)
    assert found.value == 0 and found.low < 0 < found.high and found.p > 0.5


def test_bootstrap_refuses_other_speakers():
    with pytest.raises(ValueError, match='same speakers'):
        paired_bootstrap([(_speakers([5, 6]), _speakers([5, 6, 7]))])
