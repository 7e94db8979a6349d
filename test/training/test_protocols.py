"""Protocols and baselines: who is judged, by which labels, and what stands beside the model."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from physioser_ros.training.baselines import Baseline, BASELINES, make_look_up, NEVER
from physioser_ros.training.options import DataOptions, experiment_from, ExperimentError
from physioser_ros.training.protocol import possible, recordings, sexes, split_of

EMOTIONS = {'emodb': {'anger': 'angry', 'boredom': 'other', 'neutral': 'neutral'},
            'ravdess': {'angry': 'angry', 'calm': 'other', 'neutral': 'neutral'}}


@pytest.fixture
def folder(tmp_path):
    """Two corpora of six speakers, three emotions, two clips each; no sound."""
    rows = [{'path': f'{corpus}/{number}_{own}_{take}.wav', 'corpus': corpus, 'language': 'de',
             'speaker_id': f'{corpus}_{number:02d}', 'emotion': own, 'emotion_norm': shared,
             'duration_s': 1.0, 'licence': 'CC0-1.0', 'licence_class': 'permissive',
             'sha1_pcm': hashlib.sha1(f'{corpus}{number}{own}{take}'.encode()).hexdigest()}
            for corpus, emotions in EMOTIONS.items() for number in range(8, 14)
            for own, shared in emotions.items() for take in range(2)]
    pd.DataFrame(rows).to_csv(tmp_path / 'index.csv', index=False)
    return tmp_path


def test_own_labels_are_those_of_one_corpus(folder):
    index, labels = recordings(folder, DataOptions(corpora=('emodb',), labels='own'))
    assert labels == ('anger', 'boredom', 'neutral') and set(index['emotion_norm']) == set(labels)
    with pytest.raises(ExperimentError, match='the corpora are emodb, ravdess: each has its own'):
        recordings(folder, DataOptions(labels='own'))


def test_an_experiment_may_take_some_emotions_only(folder):
    index, labels = recordings(folder, DataOptions(emotions=('angry', 'neutral')))
    assert labels == ('angry', 'neutral') and len(index) == 48
    with pytest.raises(ExperimentError, match='has happy, which no recording has'):
        recordings(folder, DataOptions(emotions=('happy',)))


def test_an_experiment_may_train_on_more_than_it_judges(folder):
    data = DataOptions(judged=('angry', 'neutral'))
    index, labels = recordings(folder, data)
    split = split_of(index, data, 0, 0)
    assert set(split.train['emotion_norm']) == set(labels) == {'angry', 'neutral', 'other'}
    assert set(split.test['emotion_norm']) == set(split.calibration['emotion_norm']) == {
        'angry', 'neutral'}
    logits = possible(np.array([[1.0, 2.0, 9.0]]), labels, data.judged)
    assert logits[0, :2].tolist() == [1, 2] and logits[0, 2] < -1000
    with pytest.raises(ExperimentError, match='data.judged has happy'):
        possible(logits, labels, ('happy',))


def test_each_protocol_judges_whom_it_says(folder):
    index, _ = recordings(folder, DataOptions())
    for protocol, fold, corpora in (('speakers', 0, 2), ('corpora', 1, 1), ('clips', 0, 2)):
        split = split_of(index, DataOptions(protocol=protocol), fold, 5)
        assert split.test['corpus'].nunique() == corpora
        assert split.speaker_dependent == (protocol == 'clips')
    one = index[index['corpus'] == 'ravdess']
    split = split_of(one, DataOptions(protocol='emobox', calibration_share=0.2), 0, 5)
    assert set(split.test['speaker_id']) == {'ravdess_11'}


def test_random_clips_are_drawn_anew_for_each_seed_and_have_no_folds(folder):
    index, _ = recordings(folder, DataOptions())
    data = DataOptions(protocol='clips')
    one, other = (split_of(index, data, 0, seed) for seed in (0, 1))
    assert set(one.test['path']) != set(other.test['path'])
    with pytest.raises(ExperimentError, match='fold is 2, but the random split has no folds'):
        split_of(index, data, 2, 0)


def test_the_registry_knows_the_sex_of_speakers_whom_the_index_does_not():
    table = pd.DataFrame({'corpus': ['nemo', 'indowave', 'emodb', 'mine'],
                          'speaker_id': ['nemo_EB0', 'indowave_01', 'emodb_03', 'x_1']})
    assert sexes(table) == ['f', 'm', 'm', '']


@pytest.mark.parametrize('change, text', [
    ({'data': {'protocol': 'luck'}}, "data.protocol is 'luck'"),
    ({'data': {'labels': 'mine'}}, "data.labels is 'mine'"),
    ({'kind': 'physioser', 'per_speaker': True}, 'per_speaker is for baselines'),
])
def test_a_wrong_choice_is_refused(change, text):
    with pytest.raises(ExperimentError, match=text):
        experiment_from({'name': 'x', **change})


class Store:
    """Frames and quartets of clips whose digest is their class."""

    def read(self, digest):
        """Return frames and quartet of a clip."""
        rng = np.random.default_rng(int(digest))
        sign = 1 - 2 * (int(digest) % 2)
        return (rng.normal(sign, 1, (9, 2, 5)), rng.normal(0.5 * sign, 1, (30, 4, 6)))


def clips(count, start=0, shift=0.0):
    """Return rows whose class is the parity of their digest."""
    return pd.DataFrame({'sha1_pcm': [str(number) for number in range(start, start + count)],
                         'corpus': 'toy',
                         'speaker_id': [f's{number // 8}' for number in range(count)]})


@pytest.mark.parametrize('kind', BASELINES)
def test_each_baseline_answers_in_the_labels_of_the_model(kind):
    def functionals(digest):
        return Store().read(digest)[0].mean((0, 1)).astype(np.float32)

    baseline = Baseline(kind, make_look_up(kind, Store(), functionals))
    rows, targets = clips(40), np.array([1 + number % 2 for number in range(39)] + [1])
    baseline.fit(rows, targets, np.ones(40))
    logits = baseline.logits(clips(12, start=40), 4)
    assert logits.shape == (12, 4) and (logits[:, [0, 3]] == NEVER).all()
    assert baseline.parameters > 0
    wanted = np.array([1 + number % 2 for number in range(40, 52)])
    right = (logits.argmax(1) == wanted).mean()
    assert right == 0.5 if kind == 'majority' else right > 0.9


def test_a_speakers_own_mean_is_taken_off_without_looking_at_labels():
    def look_up(digest):
        # Speakers of eight clips each lie far apart; the class is a small step on top.
        number = int(digest)
        return np.array([100.0 * (number // 8) + number % 2], np.float32)

    baseline = Baseline('linear_probe', look_up, per_speaker=True)
    rows = clips(32)
    baseline.fit(rows, np.arange(32) % 2, np.ones(32))
    assert (baseline.logits(clips(16, start=320), 2).argmax(1) == np.arange(16) % 2).all()
