"""The decision: uncertain, smooth, steady, and never across speakers."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from physioser_ros.inference import Decision, DecisionOptions

LABELS = ('calm', 'glad', 'cross')


def decision(**options):
    return Decision(DecisionOptions(**options))


def distributions(classes=3):
    return st.lists(st.floats(0, 1), min_size=classes, max_size=classes).filter(
        lambda values: sum(values) > 1e-3).map(lambda values: np.array(values) / sum(values))


def test_by_default_the_most_probable_label_is_the_answer():
    verdict = decision().decide(LABELS, np.array([0.2, 0.5, 0.3]))
    assert verdict.labels == ('glad', 'cross', 'calm')
    assert verdict.probabilities == pytest.approx((0.5, 0.3, 0.2))
    assert (verdict.label, verdict.confidence) == ('glad', pytest.approx(0.5))


def test_equal_probabilities_stand_in_the_order_of_the_labels():
    assert decision().decide(LABELS, np.full(3, 1 / 3)).labels == LABELS


def test_a_top_label_below_the_threshold_is_uncertain():
    verdict = decision(min_confidence=0.6).decide(LABELS, np.array([0.2, 0.5, 0.3]))
    assert (verdict.label, verdict.confidence) == ('uncertain', pytest.approx(0.5))
    assert verdict.labels[0] == 'glad'


@pytest.mark.parametrize('temperature, top', [(0.5, 0.25 / 0.38), (2.0, 0.4154), (1.0, 0.5)])
def test_temperature_sharpens_or_softens(temperature, top):
    verdict = decision(temperature=temperature).decide(LABELS, np.array([0.2, 0.5, 0.3]))
    assert verdict.probabilities[0] == pytest.approx(top, abs=1e-4)


def test_smoothing_weighs_the_past_by_its_age():
    smooth = decision(smoothing='ema', time_constant_s=2.0)
    first, second = np.array([0.8, 0.1, 0.1]), np.array([0.1, 0.8, 0.1])
    smooth.decide(LABELS, first, time_s=10.0)
    verdict = smooth.decide(LABELS, second, time_s=12.0)
    kept = np.exp(-1)
    mean = np.exp(kept * np.log(first) + (1 - kept) * np.log(second))
    by_label = dict(zip(verdict.labels, verdict.probabilities))
    assert [by_label[label] for label in LABELS] == pytest.approx(mean / mean.sum())


@pytest.mark.parametrize('later_s', [10.1, -5.0], ids=['after a gap', 'after time went back'])
def test_smoothing_starts_anew(later_s):
    smooth = decision(smoothing='ema', time_constant_s=1000.0, gap_s=10.0)
    smooth.decide(LABELS, np.array([0.8, 0.1, 0.1]), time_s=100.0)
    verdict = smooth.decide(LABELS, np.array([0.1, 0.8, 0.1]), time_s=100.0 + later_s)
    assert (verdict.label, verdict.confidence) == ('glad', pytest.approx(0.8))


def test_a_partial_answer_sees_the_past_and_leaves_no_trace():
    smooth = decision(smoothing='ema')
    smooth.decide(LABELS, np.array([0.8, 0.1, 0.1]), time_s=0.0)
    other = np.array([0.1, 0.8, 0.1])
    partial = smooth.decide(LABELS, other, time_s=1.0, partial=True)
    assert smooth.decide(LABELS, other, time_s=1.0) == partial
    assert partial != smooth.read(LABELS, other)


def test_a_label_is_held_until_another_wins_by_the_margin():
    steady = decision(hysteresis=0.1)
    answers = [steady.decide(LABELS, np.array([p, 1 - p, 0]), time_s=t).label
               for t, p in enumerate([0.6, 0.48, 0.46, 0.44, 0.52, 0.56])]
    assert answers == ['calm', 'calm', 'calm', 'glad', 'glad', 'calm']


def test_the_confidence_is_that_of_the_held_label():
    steady = decision(hysteresis=0.2)
    steady.decide(LABELS, np.array([0.6, 0.4, 0]), time_s=0)
    verdict = steady.decide(LABELS, np.array([0.45, 0.55, 0]), time_s=1)
    assert (verdict.label, verdict.confidence) == ('calm', pytest.approx(0.45))
    assert verdict.labels[0] == 'glad'


def test_uncertain_does_not_flicker_around_the_threshold():
    steady = decision(hysteresis=0.1, min_confidence=0.6)
    answers = [steady.decide(LABELS, np.array([p, 1 - p, 0]), time_s=t).label
               for t, p in enumerate([0.55, 0.61, 0.55, 0.49, 0.55, 0.59, 0.62])]
    assert answers == ['uncertain', 'calm', 'calm', 'uncertain', 'uncertain', 'uncertain',
                       'calm']


def test_new_options_keep_the_past():
    steady = decision(hysteresis=0.5)
    steady.decide(LABELS, np.array([0.6, 0.4, 0]), time_s=0)
    steady.options = DecisionOptions(hysteresis=0.4)
    assert steady.decide(LABELS, np.array([0.4, 0.6, 0]), time_s=1).label == 'calm'
    steady.reset()
    assert steady.decide(LABELS, np.array([0.4, 0.6, 0]), time_s=2).label == 'glad'


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from('ab'), distributions()), max_size=12))
def test_nothing_passes_from_one_speaker_to_another(utterances):
    options = {'smoothing': 'ema', 'hysteresis': 0.1, 'min_confidence': 0.4}
    together, alone = decision(**options), {'a': decision(**options), 'b': decision(**options)}
    for time_s, (speaker, probabilities) in enumerate(utterances):
        assert together.decide(LABELS, probabilities, time_s=time_s, speaker_id=speaker) == \
            alone[speaker].decide(LABELS, probabilities, time_s=time_s)


@settings(max_examples=50)
@given(st.lists(distributions(), min_size=1, max_size=8), st.floats(0.05, 10),
       st.floats(0, 0.99), st.floats(0, 1), st.sampled_from(['none', 'ema']))
def test_any_verdict_is_a_distribution_with_a_known_label(
        utterances, temperature, hysteresis, min_confidence, smoothing):
    maker = decision(temperature=temperature, hysteresis=hysteresis, smoothing=smoothing,
                     min_confidence=min_confidence)
    for time_s, probabilities in enumerate(utterances):
        verdict = maker.decide(LABELS, probabilities, time_s=time_s)
        assert sorted(verdict.labels) == sorted(LABELS)
        assert list(verdict.probabilities) == sorted(verdict.probabilities, reverse=True)
        assert sum(verdict.probabilities) == pytest.approx(1)
        assert verdict.label in (*LABELS, 'uncertain')
        assert 0 <= verdict.confidence <= 1


@pytest.mark.parametrize('option, value', [
    ('temperature', 0), ('temperature', 11), ('temperature', float('nan')),
    ('min_confidence', -0.1), ('min_confidence', 1.1), ('smoothing', 'mean'),
    ('time_constant_s', 0), ('time_constant_s', float('inf')), ('gap_s', -1),
    ('hysteresis', 1), ('hysteresis', -0.1)])
def test_an_option_out_of_range_is_named(option, value):
    with pytest.raises(ValueError, match=f'{option} is'):
        DecisionOptions(**{option: value})
