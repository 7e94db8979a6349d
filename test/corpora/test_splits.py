"""Splits: every speaker and every recording on one side, always."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from physioser_ros.corpora.emobox import emobox_folds, hold_out_emobox
from physioser_ros.corpora.splits import (
    all_speakers, check_disjoint, hold_out, hold_out_corpus, random_clips, speaker_folds, Split,
    SplitError)


@pytest.fixture
def index():
    """Two corpora of 10 and 7 speakers, six recordings each."""
    rows = [{'corpus': corpus, 'speaker_id': f's{speaker}', 'sha1_pcm': f'{corpus}{speaker}{clip}',
             'sex': 'fm'[speaker % 2] if corpus == 'known' else '',
             'emotion': 'ab'[clip % 2], 'path': f'{corpus}/{speaker}_{clip}.wav'}
            for corpus, speakers in (('known', 10), ('unknown', 7))
            for speaker in range(speakers) for clip in range(6)]
    return pd.DataFrame(rows)


def keys(rows):
    """Return the speakers of `rows`."""
    return set(zip(rows['corpus'], rows['speaker_id']))


@pytest.mark.parametrize('fold', range(5))
def test_no_speaker_and_no_recording_is_on_two_sides(index, fold):
    split = hold_out(index, fold)
    parts = (split.train, split.calibration, split.test)
    assert sum(map(len, parts)) == len(index)
    for one, other in combinations(parts, 2):
        assert not keys(one) & keys(other)
        assert not set(one['sha1_pcm']) & set(other['sha1_pcm'])
    for part in parts:
        assert set(part['corpus']) == {'known', 'unknown'}


def test_each_speaker_is_tested_once_over_the_folds(index):
    tested = [key for fold in range(5) for key in keys(hold_out(index, fold).test)]
    assert len(tested) == len(set(tested)) == 17


def test_folds_are_balanced_by_sex_where_it_is_known(index):
    sexes = index.groupby(['corpus', 'speaker_id'])['sex'].first()
    for fold in range(5):
        held = [sexes[key] for key, own in speaker_folds(index).items()
                if own == fold and key[0] == 'known']
        assert sorted(held) == ['f', 'm']


def test_folds_do_not_depend_on_the_order_of_the_rows(index):
    assert speaker_folds(index.sample(frac=1, random_state=3)) == speaker_folds(index)
    assert speaker_folds(index, seed=1) != speaker_folds(index)


def test_a_speaker_in_two_splits_is_an_error(index):
    with pytest.raises(SplitError, match='speaker known/s0 is in both train and test'):
        Split(train=index[:3], calibration=index[:0], test=index[3:9])


def test_a_recording_in_two_splits_is_an_error(index):
    twin = index[:1].assign(speaker_id='somebody else')
    with pytest.raises(SplitError, match='recording known00 is in both'):
        check_disjoint({'train': index, 'test': twin})


def test_a_corpus_held_out_gives_nothing_to_the_training(index):
    for fold, corpus in enumerate(('known', 'unknown')):
        split = hold_out_corpus(index, fold)
        assert set(split.test['corpus']) == {corpus} and len(split.calibration)
        assert corpus not in set(split.train['corpus']) | set(split.calibration['corpus'])
    with pytest.raises(SplitError, match='expected two or more corpora'):
        hold_out_corpus(index[index['corpus'] == 'known'], 0)


def test_a_random_split_says_that_it_shares_speakers(index):
    split = random_clips(index, 3)
    parts = split.train, split.calibration, split.test
    assert split.speaker_dependent and keys(split.train) & keys(split.test)
    assert sum(map(len, parts)) == len(index)
    for part, share in zip(parts, (0.7, 0.1, 0.2)):
        counts = part.groupby(['corpus', 'emotion']).size()
        assert (abs(counts - share * np.array([30, 30, 21, 21])) <= 1).all()
    assert list(split.test.index) == list(random_clips(index, 3).test.index)
    assert list(split.test.index) != list(random_clips(index, 4).test.index)


def test_emobox_folds_hold_each_actor_and_each_recording_out_once():
    kind, folds = emobox_folds('ravdess')
    assert kind == 'speakers' and [len(fold) for fold in folds] == [4] * 6
    assert frozenset.union(*folds) == {f'{actor:02d}' for actor in range(1, 25)}
    kind, folds = emobox_folds('emodb')
    assert kind == 'clips' and [len(fold) for fold in folds] == [107] * 5
    assert len(frozenset.union(*folds)) == 535


def test_emobox_folds_of_the_real_recordings(recordings):
    from physioser_ros.corpora.index import read_index
    split = hold_out_emobox(read_index(recordings, ['ravdess']), 1)
    assert {name[-2:] for name in split.test['speaker_id']} == {'04', '10', '12', '14'}
    assert not split.speaker_dependent and len(set(split.calibration['speaker_id'])) == 2
    split = hold_out_emobox(read_index(recordings, ['emodb']), 0)
    assert split.speaker_dependent and len(split.test) == 107
    with pytest.raises(SplitError, match='no EmoBox folds of nemo; there are of emodb, ravdess'):
        hold_out_emobox(read_index(recordings, ['nemo']), 0)


def test_a_model_that_ships_trains_on_everybody(index):
    split = all_speakers(index)
    assert len(split.train) == len(index) and not len(split.test) and not len(split.calibration)


@pytest.mark.parametrize('arguments, text', [
    ({'fold': 5}, 'fold is 5, expected 0 to 4'),
    ({'fold': 0, 'folds': 8}, 'corpus unknown has 7 speakers, too few for 8 folds'),
    ({'fold': 0, 'folds': 1}, 'expected 0 to 0|at least 2'),
    ({'fold': 0, 'calibration_share': 1.0}, 'calibration_share is 1.0'),
])
def test_what_the_data_cannot_give_is_refused(index, arguments, text):
    with pytest.raises(SplitError, match=text):
        hold_out(index, **arguments)


def test_the_real_recordings_split_by_speaker(recordings):
    from physioser_ros.corpora.index import read_index
    split = hold_out(read_index(recordings), 0)
    for part in (split.train, split.calibration, split.test):
        assert set(part['corpus']) == {'emodb', 'indowave', 'nemo', 'ravdess'}
