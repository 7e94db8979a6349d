"""The index of a data folder: one row a recording, the one format that training reads."""

from pathlib import Path

import pandas as pd

#: The shared emotions, in the order of the model's outputs.
SHARED_LABELS = ('angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise', 'other')

#: Columns that every index has. Others (`text`, `sex`, levels, ...) are kept as they are.
REQUIRED_COLUMNS = ('path', 'corpus', 'language', 'speaker_id', 'emotion', 'emotion_norm',
                    'duration_s', 'licence', 'licence_class', 'sha1_pcm')

#: Speakers of EmoDB as published: 03 (31, male), 08 (34, female), ...
_EMODB_MALE = frozenset({'03', '10', '11', '12', '15'})


class CorpusIndexError(ValueError):
    """An index that cannot be used; the text says which row or column and what to do."""


def read_index(folder, corpora=None):
    """
    Read and check `index.csv` of a data folder.

    :param folder: folder that holds `index.csv` and, under it, the recordings
    :param corpora: names of the corpora to keep; None keeps all
    :return: pandas DataFrame, one row a recording, with the columns `REQUIRED_COLUMNS`, whatever
        else the file has, and `sex` ('f', 'm' or '' where unknown); paths stay relative to
        `folder`; sorted by corpus and path so that the order never depends on the file's
    :raises FileNotFoundError: if there is no such file
    :raises CorpusIndexError: if a column or a value lacks, a value is out of range, or a
        recording is listed twice
    """
    path = Path(folder) / 'index.csv'
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist: write it with `physioser corpora`, or by hand with the '
            f'columns {", ".join(REQUIRED_COLUMNS)}')
    try:
        index = pd.read_csv(path, dtype={name: str for name in REQUIRED_COLUMNS
                                         if name != 'duration_s'})
    # A ParserError is one, so is text that is not UTF-8; an OverflowError are digits without end.
    except (ValueError, OverflowError) as error:
        raise CorpusIndexError(f'{path} is no table: {error}; write it with `physioser corpora`'
                               ) from error
    missing = [name for name in REQUIRED_COLUMNS if name not in index.columns]
    if missing:
        raise CorpusIndexError(f'{path} lacks the columns {", ".join(missing)}; '
                               '`physioser corpora measure` adds duration_s and sha1_pcm')
    if corpora is not None:
        unknown = sorted(set(corpora) - set(index['corpus']))
        if unknown:
            raise CorpusIndexError(f'{path} has no corpus {", ".join(unknown)}; it has '
                                   f'{", ".join(sorted(set(index["corpus"])))}')
        index = index[index['corpus'].isin(list(corpora))]
    index = index.sort_values(['corpus', 'path'], kind='stable').reset_index(drop=True)
    check_index(index, source=str(path))
    index['sex'] = [_sex(row) for row in index.to_dict('records')]
    return index


def check_index(index, source='the index'):
    """
    Check the values of an index.

    :param index: pandas DataFrame with the columns `REQUIRED_COLUMNS`
    :param source: what to call the index in an error
    :raises CorpusIndexError: naming the first fault
    """
    if not len(index):
        raise CorpusIndexError(f'{source} lists no recording')
    for column in REQUIRED_COLUMNS:
        empty = index.index[index[column].isna()]
        if len(empty):
            raise CorpusIndexError(f'{source}: row {empty[0] + 2} has no {column}')
    labels = sorted(set(index['emotion_norm']) - set(SHARED_LABELS))
    if labels:
        raise CorpusIndexError(f'{source}: emotion_norm has {labels[0]!r}; expected one of '
                               f'{", ".join(SHARED_LABELS)}')
    for column in ('path', 'sha1_pcm'):
        twice = index[index[column].duplicated()]
        if len(twice):
            value = twice.iloc[0][column]
            raise CorpusIndexError(f'{source}: {column} {value!r} is listed twice; remove one of '
                                   'the rows')
    seconds = pd.to_numeric(index['duration_s'], errors='coerce')
    short = index[~((seconds > 0) & (seconds < float('inf')))]
    if len(short):
        raise CorpusIndexError(f'{source}: {short.iloc[0]["path"]} has duration_s '
                               f'{short.iloc[0]["duration_s"]}, expected more than 0 seconds')


def present_labels(index):
    """
    Return the shared labels that occur in an index.

    :param index: pandas DataFrame with the column `emotion_norm`
    :return: tuple of str in the order of `SHARED_LABELS`
    """
    found = set(index['emotion_norm'])
    return tuple(label for label in SHARED_LABELS if label in found)


def _sex(row):
    """Return 'f', 'm' or '': the index's own column, else what the corpus publishes."""
    given = row.get('sex')
    if isinstance(given, str) and given[:1].lower() in ('f', 'm'):
        return given[:1].lower()
    number = row['speaker_id'].rpartition('_')[2]
    if row['corpus'] == 'emodb':
        return 'm' if number in _EMODB_MALE else 'f'
    if row['corpus'] == 'ravdess' and number.isdigit():
        return 'm' if int(number) % 2 else 'f'
    return ''
