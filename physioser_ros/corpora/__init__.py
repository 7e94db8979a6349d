"""
Corpora of emotional speech: what they are, how their files are named, how to index and split them.

One YAML file a corpus in `registry/` says everything; `parse` turns a folder as published into
rows, `check` says what is missing or extra, `index` reads the one index that training uses.
"""

from physioser_ros.corpora.check import check, Report
from physioser_ros.corpora.parse import parse, Parsed
from physioser_ros.corpora.registry import Corpus, corpus_names, CorpusError, get_corpus

__all__ = ['Corpus', 'CorpusError', 'Parsed', 'Report', 'check', 'corpus_names', 'get_corpus',
           'parse']
