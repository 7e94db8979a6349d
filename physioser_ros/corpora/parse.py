"""From the folder of a corpus as published to the rows of the index."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from physioser_ros.corpora.registry import CorpusError
from physioser_ros.corpora.tables import read_segments, read_tables, stem

#: Suffixes of audio files; the names of the recordings are the same in all of them.
AUDIO_SUFFIXES = frozenset({'.wav', '.flac', '.mp3', '.ogg', '.opus', '.aiff', '.aif', '.webm'})

#: Columns of the rows. `start_s` and `end_s` follow where a corpus is cut from long recordings.
COLUMNS = ('path', 'corpus', 'language', 'speaker_id', 'emotion', 'emotion_norm', 'licence',
           'licence_class', 'sex', 'prompt', 'text')


@dataclass(frozen=True)
class Parsed:
    """What was found in a folder."""

    #: One row a recording with a label, columns `COLUMNS`, sorted by path below the folder.
    rows: pd.DataFrame
    #: Audio files whose names or labels are not of this corpus.
    unknown: tuple
    #: Recordings found before under another path; the first path in alphabetical order stays.
    repeated: tuple
    #: Recordings without a label.
    unlabelled: tuple
    #: Optional tables that were not found.
    absent: tuple
    #: Recordings that a table gives a label to and that are not there.
    silent: tuple
    #: What tells recordings apart: the values of the pattern's groups, one entry a recording.
    identities: frozenset


def parse(corpus, folder):
    """
    Read the folder of a corpus.

    :param corpus: `Corpus`
    :param folder: its folder as published; folders around it do no harm
    :return: `Parsed`
    :raises FileNotFoundError: if there is no such folder
    :raises CorpusError: if a table that holds the labels is absent or has another form
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'no folder {folder}; give the one that holds {corpus.name}')
    tables, absent = read_tables(corpus, folder)
    rows, identities, heard = [], set(), set()
    unknown, repeated, unlabelled = [], [], []
    for path, facts in _recordings(corpus, folder):
        heard.add(stem(path))
        if facts is None:
            unknown.append(path)
            continue
        identity = identity_of(facts)
        _join(facts, path, tables)
        code = facts.get('emotion', '').lower()
        if code and code not in corpus.emotions:
            unknown.append(path)
        elif not code or corpus.emotions[code] is None:
            unlabelled.append(path)
        elif identity in identities:
            repeated.append(path)
        else:
            identities.add(identity)
            rows.append(_row(corpus, path, facts, corpus.emotions[code]))
    columns = list(COLUMNS) + (['start_s', 'end_s'] if corpus.segments else [])
    return Parsed(pd.DataFrame(rows, columns=columns), tuple(unknown), tuple(repeated),
                  tuple(unlabelled), tuple(absent),
                  tuple(sorted(_labelled(corpus, tables) - heard)), frozenset(identities))


def identity_of(facts):
    """Return what tells a recording apart, whatever the case of its letters."""
    return tuple(sorted((name, str(value).lower()) for name, value in facts.items()))


def audio_files(folder):
    """Return the audio files below `folder`, relative to it, sorted, hidden ones left out."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*')
                  if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file()
                  and not path.name.startswith('.'))


def _recordings(corpus, folder):
    """Yield (relative path, facts of its name or list, None if the name is not of the corpus)."""
    paths = [path for path in audio_files(folder) if not corpus.ignores(path)]
    if not corpus.segments:
        yield from ((path, corpus.match(path)) for path in paths)
        return
    audio = {path.rpartition('.')[0]: path for path in paths}
    for path in paths:
        if corpus.match(path) is None:
            yield path, None
    for source, facts in read_segments(corpus, folder):
        beside = source.relative_to(folder).with_suffix('').as_posix()
        if beside not in audio:
            raise CorpusError(f'{source} has no recording beside it, expected {beside}.flac')
        yield audio[beside], {**corpus.match(audio[beside]), **facts}


def _join(facts, path, tables):
    """Add to `facts` what the tables know of the recording, then of its speaker."""
    for kind, table in sorted(tables, key=lambda item: item[0]):
        key = stem(path) if kind == 'recording' else facts.get('speaker')
        for name, value in table.get(key, {}).items():
            facts[name] = value


def _labelled(corpus, tables):
    """Return the names of the recordings to which a table gives one of the corpus's labels."""
    return {name for kind, table in tables if kind == 'recording' for name, facts in table.items()
            if corpus.emotions.get(facts.get('emotion', '').lower())}


def _row(corpus, path, facts, emotion):
    """Return one row of the index as a dict."""
    speaker = corpus.speaker.format(**facts)
    speaker = corpus.aliases.get(speaker, speaker)
    row = {
        'path': path,
        'corpus': corpus.key,
        'language': corpus.language_of.get(speaker, corpus.language),
        'speaker_id': f'{corpus.key}_{speaker}',
        'emotion': emotion.label,
        'emotion_norm': emotion.shared,
        'licence': corpus.licence,
        'licence_class': corpus.licence_class,
        'sex': corpus.sex_of({**facts, 'speaker': speaker}),
        'prompt': facts.get('prompt', ''),
        'text': facts.get('text', ''),
    }
    if corpus.segments:
        row.update(start_s=facts['start_s'], end_s=facts['end_s'])
    return row
