"""One run: closed-form answers, and bad input that never reaches onnxruntime."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest
from tiny_model import expected, LABELS, next_state, samples_for, write_tiny_model

from physioser_ros.inference import (
    component_saliency, InferenceError, load_model, Model, occlusion_masks)


def noise(count, seed=0, scale=0.2):
    return (np.random.default_rng(seed).standard_normal(count) * scale).astype(np.float32)


@pytest.mark.parametrize('count', [6400, 6401, 16000, 160000])
def test_the_answer_is_the_closed_form_at_any_length(tiny, count):
    wave = noise(count)
    readout = tiny.run(wave)
    assert readout.probabilities == pytest.approx(expected(wave)[np.newaxis], abs=1e-4)
    assert readout.probabilities.dtype == np.float64
    assert readout.branch_weights.sum() == pytest.approx(1)
    assert readout.vap_frame_weights.shape == (1, count // 1280)
    assert readout.speaker_state_next is None


@pytest.mark.parametrize('index', range(len(LABELS)))
def test_each_label_can_win(tiny, index):
    wave = samples_for(index).astype(np.float32) / 32768
    assert np.argmax(tiny.run(wave).probabilities) == index


def test_a_short_waveform_is_padded_with_zeros(tiny):
    wave = noise(1000)
    padded = np.concatenate([wave, np.zeros(5400, np.float32)])
    assert np.array_equal(tiny.run(wave).probabilities, tiny.run(padded).probabilities)


def test_each_row_of_the_mask_is_a_variant(tiny):
    wave = noise(16000)
    masks = occlusion_masks()
    readout = tiny.run(wave, component_mask=masks)
    for row, mask in zip(readout.probabilities, masks):
        assert row == pytest.approx(expected(wave, mask=mask), abs=1e-4)
    assert readout.vap_frame_weights.shape == (5, 12)


def test_the_state_of_a_speaker_changes_the_answer_and_goes_on(adapting):
    wave = noise(16000)
    state = np.array([2, 0.1, 0.2, 0.3, 0.4], np.float32)
    readout = adapting.run(wave, speaker_state=state)
    assert readout.probabilities[0] == pytest.approx(expected(wave, state=state), abs=1e-3)
    assert readout.speaker_state_next == pytest.approx(next_state(wave, state), abs=1e-4)
    nobody = adapting.run(wave, speaker_state=np.zeros(5, np.float32))
    assert np.array_equal(adapting.run(wave).probabilities, nobody.probabilities)


@pytest.mark.parametrize('wave, words', [
    (np.zeros(16000), 'float64'),
    (np.zeros(16000, np.int16), 'int16'),
    ([0.0] * 16000, 'list'),
    (np.zeros((1, 16000), np.float32), 'shape'),
    (np.zeros(0, np.float32), 'no sample'),
    (np.zeros(160001, np.float32), 'at most 160000'),
    (np.array([0, np.nan], np.float32), 'NaN'),
    (np.array([0, -np.inf], np.float32), 'NaN or infinite'),
])
def test_a_bad_waveform_is_refused(tiny, wave, words):
    with pytest.raises(ValueError, match=words):
        tiny.run(wave)


@pytest.mark.parametrize('mask', [
    np.ones((1, 4)), np.ones(4, np.float32), np.ones((1, 3), np.float32),
    np.ones((0, 4), np.float32), np.full((1, 4), np.nan, np.float32)])
def test_a_bad_mask_is_refused(tiny, mask):
    with pytest.raises(ValueError, match='component_mask'):
        tiny.run(noise(16000), component_mask=mask)


def test_a_bad_speaker_state_is_refused(tiny, adapting):
    with pytest.raises(ValueError, match='no speaker adaptation'):
        tiny.run(noise(16000), speaker_state=np.zeros(5, np.float32))
    for state in (np.zeros(4, np.float32), np.zeros(5), np.full(5, np.inf, np.float32)):
        with pytest.raises(ValueError, match='speaker_state'):
            adapting.run(noise(16000), speaker_state=state)


def test_a_refused_waveform_leaves_the_next_answer_as_it_was(tiny):
    before = tiny.run(noise(16000)).probabilities
    with pytest.raises(ValueError):
        tiny.run(np.full(16000, np.nan, np.float32))
    assert np.array_equal(tiny.run(noise(16000)).probabilities, before)


def test_nan_from_the_model_is_an_error_and_no_answer(tmp_path):
    model = load_model(write_tiny_model(tmp_path / 'tiny.onnx', nan_above=0.5))
    quiet = samples_for(1).astype(np.float32) / 32768
    loud = samples_for(7).astype(np.float32) / 32768
    before = model.run(quiet).probabilities
    with pytest.raises(InferenceError, match='NaN'):
        model.run(loud)
    assert np.array_equal(model.run(quiet).probabilities, before)


class AlteredSession:
    """The session of a model, one of whose outputs is altered once it is loaded."""

    def __init__(self, session, name, alter):
        self._session, self._name, self._alter = session, name, alter
        self.loaded = False

    def __getattr__(self, name):
        return getattr(self._session, name)

    def run(self, names, feed, options):
        outputs = self._session.run(names, feed, options)
        if self.loaded:
            index = names.index(self._name)
            outputs[index] = self._alter(outputs[index])
        return outputs


@pytest.mark.parametrize('name, alter, words', [
    ('probabilities', lambda values: values[:, :3], 'of the shape'),
    ('branch_weights', lambda values: values[0], 'of the shape'),
    ('vap_frame_weights', lambda values: values[:, :0], 'of the shape'),
    ('ssl_frame_weights', lambda values: values * np.inf, 'NaN or infinite'),
    ('probabilities', lambda values: values * 2, 'do not sum to 1'),
    ('branch_weights', lambda _: np.array([[1.5, -0.5]], np.float32), 'negative'),
    ('speaker_state_next', lambda values: values[:2], 'speaker_state_next'),
    ('speaker_state_next', lambda values: values * np.nan, 'speaker_state_next'),
])
def test_outputs_that_are_no_answer_are_an_error(adapting, name, alter, words):
    session = AlteredSession(adapting._session, name, alter)
    model = Model(session, adapting.metadata)
    session.loaded = True
    with pytest.raises(InferenceError, match=words):
        model.run(noise(16000))


@settings(max_examples=30)
@given(st.integers(1, 20000), st.floats(0, 1e30), st.integers(0, 2 ** 32 - 1))
def test_any_finite_waveform_gives_a_distribution_or_an_error(tiny, count, scale, seed):
    try:
        readout = tiny.run((noise(count, seed, 0.1) * scale).astype(np.float32))
    except (ValueError, InferenceError):
        return
    assert np.isfinite(readout.probabilities).all()
    assert readout.probabilities.sum() == pytest.approx(1, abs=1e-12)


def test_saliency_is_the_drop_of_the_winner_without_a_component():
    probabilities = np.array([[0.2, 0.8], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9], [1, 0]])
    saliency = component_saliency(probabilities)
    assert saliency == pytest.approx([np.log(2), 0, np.log(8 / 9), np.log(0.8 / 1e-7)])
    assert saliency.dtype == np.float32
    with pytest.raises(ValueError, match='5'):
        component_saliency(probabilities[:4])
