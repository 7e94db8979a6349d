"""One utterance to one result, without a thread."""

import numpy as np
import pytest
from tiny_model import expected, LABELS, samples_for, write_tiny_model

from physioser_ros.inference import (
    Decision, DecisionOptions, InferenceError, load_model, Recognizer, SpeakerMemory, UNCERTAIN)

CONTEXT = object()


def test_a_result_carries_everything_and_the_context(tiny):
    samples = samples_for(2)
    result = Recognizer(tiny, Decision()).recognize(samples, context=CONTEXT)
    answer = dict(zip(LABELS, expected(samples / 32768)))
    assert dict(zip(result.labels, result.probabilities)) == pytest.approx(answer, abs=1e-4)
    assert (result.label, result.confidence) == (result.labels[0], result.probabilities[0])
    assert result.label == LABELS[2]
    assert result.context is CONTEXT
    assert result.vap_frame_weights.shape == (12,)
    assert sum(result.branch_weights) == pytest.approx(1)
    assert result.component_saliency is None
    assert (result.partial, result.skipped_samples, result.queued_s) == (False, 0, 0)
    assert result.processing_s > 0


def test_saliency_comes_where_it_is_switched_on(tiny):
    samples = samples_for(2)
    plain = Recognizer(tiny, Decision()).recognize(samples)
    salient = Recognizer(tiny, Decision(), saliency=True).recognize(samples)
    assert salient.probabilities == pytest.approx(plain.probabilities, abs=1e-6)
    assert salient.component_saliency.shape == (4,)
    # The model weighs M most, so the answer suffers most without it.
    assert np.argmax(salient.component_saliency) == 0


def test_of_a_long_utterance_the_end_is_heard_and_the_rest_is_told(tiny):
    samples = np.concatenate([samples_for(6, duration_s=3.0), samples_for(1, duration_s=10.0)])
    result = Recognizer(tiny, Decision()).recognize(samples)
    assert result.skipped_samples == 48000
    assert result.label == LABELS[1]
    assert len(result.vap_frame_weights) == 125


def test_the_whole_range_of_int16_is_scaled_into_the_unit_range(tiny):
    waveform, skipped = Recognizer(tiny, Decision()).waveform(
        np.array([-32768, 0, 32767], np.int16))
    assert waveform.dtype == np.float32 and skipped == 0
    assert waveform.tolist() == [-1.0, 0.0, 32767 / 32768]


@pytest.mark.parametrize('samples, words', [
    (np.zeros(100, np.float32), 'float32'), (np.zeros((1, 100), np.int16), 'shape'),
    ([1, 2, 3], 'list'), (np.zeros(0, np.int16), 'no sample')])
def test_samples_of_another_kind_are_refused(tiny, samples, words):
    with pytest.raises(ValueError, match=words):
        Recognizer(tiny, Decision()).recognize(samples)


def test_a_speaker_is_remembered_and_another_is_not_touched(adapting):
    recognizer = Recognizer(adapting, Decision(), SpeakerMemory())
    samples = samples_for(4)
    first = recognizer.recognize(samples, speaker_id='a', time_s=0.0)
    assert recognizer.speakers.recall('a', 0.0)[0] == 1
    second = recognizer.recognize(samples, speaker_id='a', time_s=1.0)
    assert second.probabilities != first.probabilities
    stranger = recognizer.recognize(samples, speaker_id='b', time_s=1.0)
    assert stranger.probabilities == first.probabilities
    recognizer.reset()
    assert recognizer.recognize(samples, speaker_id='a').probabilities == first.probabilities


def test_a_partial_utterance_is_not_remembered(adapting):
    recognizer = Recognizer(adapting, Decision(), SpeakerMemory())
    assert recognizer.recognize(samples_for(4), partial=True).partial
    assert len(recognizer.speakers) == 0


def test_what_says_little_about_a_voice_does_not_change_what_is_known_of_it(adapting):
    recognizer = Recognizer(adapting, Decision(), SpeakerMemory())
    recognizer.recognize(samples_for(4))
    known = recognizer.speakers.recall('', 0.0)
    recognizer.recognize(samples_for(7, duration_s=0.45))
    recognizer.recognize(np.full(16000, -32, np.int16))
    recognizer.decision.options = DecisionOptions(min_confidence=1.0)
    assert recognizer.recognize(samples_for(7)).label == UNCERTAIN
    assert recognizer.speakers.recall('', 0.0) is known


def test_an_utterance_without_an_answer_does_not_change_what_is_known_of_a_voice(tmp_path):
    model = load_model(write_tiny_model(tmp_path / 'tiny.onnx', speaker=True, nan_above=0.5))
    recognizer = Recognizer(model, Decision(), SpeakerMemory())
    recognizer.recognize(samples_for(2))
    known = recognizer.speakers.recall('', 0.0)
    with pytest.raises(InferenceError):
        recognizer.recognize(samples_for(7))
    assert recognizer.speakers.recall('', 0.0) is known


def test_explaining_changes_nothing(adapting):
    recognizer = Recognizer(adapting, Decision(DecisionOptions(hysteresis=0.9)),
                            SpeakerMemory())
    recognizer.recognize(samples_for(1), time_s=0.0)
    held = recognizer.recognize(samples_for(2), time_s=1.0)
    assert held.label == LABELS[1]
    explained = recognizer.explain(samples_for(2))
    assert explained.label == LABELS[2]
    assert explained.component_saliency is not None
    assert recognizer.speakers.recall('', 1.0)[0] == 2
