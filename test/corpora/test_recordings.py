"""The four corpora at hand: their file names parse to the speakers and emotions of their index."""

import pandas as pd
import pytest

from physioser_ros.corpora import get_corpus, parse


@pytest.fixture(scope='module')
def listed(recordings):
    return pd.read_csv(recordings / 'index.csv', dtype=str)


@pytest.mark.parametrize('name', ['emodb', 'indowave', 'ravdess', 'nemo'])
def test_file_names_agree_with_the_index(name, recordings, listed):
    parsed = parse(get_corpus(name), recordings / name)
    expected = listed[listed['corpus'] == name].set_index('path').sort_index()
    rows = parsed.rows.assign(path=f'{name}/' + parsed.rows['path']).set_index('path')
    rows = rows.sort_index()
    assert parsed.unknown == parsed.repeated == parsed.unlabelled == ()
    assert list(rows.index) == list(expected.index)
    for column in ('language', 'speaker_id', 'emotion', 'emotion_norm', 'licence',
                   'licence_class'):
        assert list(rows[column]) == list(expected[column]), column
    assert set(rows['sex']) == {'f', 'm'}
