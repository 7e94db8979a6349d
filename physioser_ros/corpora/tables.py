"""
What a corpus keeps beside its recordings: tables, annotation lines and lists of segments.

A table of the registry has `files` (a pattern of paths below the corpus's folder) and `match`:
`recording`, where its key is the name of a recording, or `speaker`. Either `key` and `columns`
name columns of a delimited file (`columns` maps what we call it to what the file calls it), or
`line` is a regular expression whose group `key` is the key and whose other groups are the facts.
"""

from pathlib import PurePosixPath
import re

import pandas as pd
import yaml

from physioser_ros.corpora.registry import CorpusError


def read_tables(corpus, folder):
    """
    Read every table of a corpus.

    :param corpus: `Corpus`
    :param folder: pathlib.Path, the corpus as published
    :return: (tables, absent): list of (what the key is, dict of key to dict of facts), and the
        `files` patterns of optional tables that were not found
    :raises CorpusError: if a table that holds the labels is absent, or lacks a column
    """
    tables, absent = [], []
    for table in corpus.tables:
        paths = find(folder, table['files'])
        if paths:
            read = _lines if 'line' in table else _columns
            facts = {}
            for path in paths:
                facts.update(read(path, table))
            tables.append((table['match'], facts))
        elif 'emotion' in table.get('columns', ()) or '<emotion>' in table.get('line', ''):
            raise CorpusError(f'{corpus.name} keeps its labels in {table["files"]}, which is not '
                              f'below {folder}; download it too')
        else:
            absent.append(table['files'])
    return tables, absent


def read_segments(corpus, folder):
    """
    Read the lists that say where long recordings are cut (YAML, one mapping a segment).

    :param corpus: `Corpus` with `segments`
    :param folder: pathlib.Path, the corpus as published
    :return: iterator of (path of the list, dict of facts with `start_s` and `end_s` in seconds)
    :raises CorpusError: if there is no list, or an entry lacks a key
    """
    spec = corpus.segments
    paths = find(folder, spec['files'])
    if not paths:
        raise CorpusError(f'{corpus.name} lists its recordings in {spec["files"]}, which is not '
                          f'below {folder}; download it too')
    loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    for path in paths:
        for entry in yaml.load(path.read_text(encoding='utf-8'), Loader=loader):
            try:
                facts = {name: str(entry[column]) for name, column in spec['columns'].items()}
                facts['start_s'] = float(entry[spec['start']])
                facts['end_s'] = float(entry[spec['end']])
            except KeyError as error:
                raise CorpusError(f'{path}: an entry has no {error.args[0]!r}') from None
            yield path, facts


def find(folder, pattern):
    """Return the files below `folder` that end in `pattern`, sorted, hidden ones left out."""
    return sorted(path for path in folder.rglob(pattern)
                  if path.is_file() and not path.name.startswith('.'))


def stem(name):
    """Return the name of a recording without folders and suffix."""
    return PurePosixPath(str(name).replace('\\', '/')).stem


def _columns(path, table):
    """Return dict of key to facts from a delimited file."""
    frame = pd.read_csv(path, sep=table.get('separator', ','), dtype=str, keep_default_na=False,
                        encoding='utf-8-sig')
    wanted = {'key': table['key'], **table['columns']}
    lacking = [column for column in wanted.values() if column not in frame.columns]
    if lacking:
        raise CorpusError(f'{path} has no column {lacking[0]!r}; it has '
                          f'{", ".join(frame.columns)}')
    clean = stem if table['match'] == 'recording' else str
    return {clean(row[table['key']]): {name: row[column].strip()
                                       for name, column in table['columns'].items()}
            for row in frame.to_dict('records')}


def _lines(path, table):
    """Return dict of key to facts from the lines of a text file that match."""
    facts = {}
    for line in path.read_text(encoding='utf-8-sig', errors='replace').splitlines():
        found = re.search(table['line'], line)
        if found:
            groups = found.groupdict()
            facts[groups.pop('key')] = groups
    return facts
