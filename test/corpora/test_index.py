"""The index: read, checked, and refused with a reason."""

import pandas as pd
import pytest

from physioser_ros.corpora.index import CorpusIndexError, present_labels, read_index


def row(number, **changes):
    """Return one good row of an index, with `changes`."""
    return {'path': f'toy/{number}.wav', 'corpus': 'toy', 'language': 'en',
            'speaker_id': f'toy_{number % 4:02d}', 'emotion': 'joy', 'emotion_norm': 'happy',
            'duration_s': 1.5, 'licence': 'CC0-1.0', 'licence_class': 'permissive',
            'sha1_pcm': f'{number:040x}', **changes}


def write(folder, rows):
    """Write rows as the index of `folder`."""
    pd.DataFrame(rows).to_csv(folder / 'index.csv', index=False)
    return folder


def test_rows_come_in_an_order_of_their_own(tmp_path):
    index = read_index(write(tmp_path, [row(3), row(1), row(2, emotion_norm='sad')]))
    assert list(index['path']) == ['toy/1.wav', 'toy/2.wav', 'toy/3.wav']
    assert present_labels(index) == ('happy', 'sad')


def test_sex_is_the_columns_else_what_the_corpus_publishes(tmp_path):
    rows = [row(1, sex='Female'), row(2, corpus='ravdess', speaker_id='ravdess_03'),
            row(3, corpus='emodb', speaker_id='emodb_08'), row(4)]
    index = read_index(write(tmp_path, rows)).set_index('path')['sex']
    assert index.to_dict() == {'toy/1.wav': 'f', 'toy/2.wav': 'm', 'toy/3.wav': 'f',
                               'toy/4.wav': ''}


@pytest.mark.parametrize('rows, text', [
    ([row(1, emotion_norm='joy')], "'joy'; expected one of angry"),
    ([row(1), row(1)], 'listed twice'),
    ([row(1, duration_s=0.0)], 'duration_s'),
    ([row(1, speaker_id=None)], 'has no speaker_id'),
    ([{'path': 'a.wav'}], 'lacks the columns'),
])
def test_a_bad_index_is_refused_with_the_reason(tmp_path, rows, text):
    with pytest.raises(CorpusIndexError, match=text):
        read_index(write(tmp_path, rows))


def test_a_folder_without_index_and_an_unknown_corpus_say_so(tmp_path):
    with pytest.raises(FileNotFoundError, match='index.csv does not exist'):
        read_index(tmp_path)
    with pytest.raises(CorpusIndexError, match='no corpus nowhere; it has toy'):
        read_index(write(tmp_path, [row(1)]), corpora=['nowhere'])


def test_the_real_recordings_are_all_there(recordings):
    index = read_index(recordings)
    assert index.groupby('corpus').size().to_dict() == {
        'emodb': 535, 'indowave': 300, 'nemo': 2931, 'ravdess': 1439}
    assert set(index.loc[index['corpus'] == 'ravdess', 'sex']) == {'f', 'm'}
