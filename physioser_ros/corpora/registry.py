"""The registry: one YAML file a corpus, read into a `Corpus`."""

from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
import re

import yaml

from physioser_ros.corpora.index import SHARED_LABELS

FOLDER = Path(__file__).parent / 'registry'

LICENCE_CLASSES = ('permissive', 'nc')
COMMERCIAL = ('yes', 'no', 'on request')


class CorpusError(ValueError):
    """A registry entry or a folder that cannot be read; the text says which part and why."""


@dataclass(frozen=True)
class Emotion:
    """One class of a corpus."""

    #: The label that the corpus itself uses.
    label: str
    #: The shared label, one of `SHARED_LABELS`.
    shared: str
    #: How many recordings of it are published, or None where that depends on the release.
    clips: int = None


@dataclass(frozen=True)
class Corpus:
    """What is known of one corpus and how its files are read."""

    #: Name in commands and in the index, the stem of the YAML file.
    key: str
    #: Name as its authors write it.
    name: str
    #: ISO 639-1 code of the language.
    language: str
    #: acted, acted dialogue, broadcast or podcast.
    speech: str
    #: Terms in a few words.
    licence: str
    #: 'permissive' if a model trained on it may be sold, else 'nc'.
    licence_class: str
    #: Commercial use: 'yes', 'no' or 'on request'.
    commercial: str
    #: Landing page or DOI.
    source: str
    #: How to come by it, in words.
    obtain: str
    #: What to cite.
    citation: str
    #: Published recordings with a label, None where that depends on the release.
    clips: int
    #: Distinct values of speaker_id, None where that depends on the release.
    speakers: int
    #: Regular expression over the end of the path without its suffix. Its groups `speaker`,
    #: `emotion`, `prompt` and `sex` have a meaning, all of them together tell recordings apart.
    pattern: str
    #: Code in the names or tables (in lower case) to `Emotion`, or to None for "no label".
    emotions: dict
    #: Regular expression of audio files that lie in the folder and are not part of the corpus.
    ignore: str = ''
    #: Groups that no name tells, the same for every recording.
    constants: dict = field(default_factory=dict)
    #: How to compose the speaker from several groups.
    speaker: str = '{speaker}'
    #: Speaker codes that mean another one (slips in published names).
    aliases: dict = field(default_factory=dict)
    #: Code of the group `sex`, or the speaker where there is no such group, to 'f' or 'm'.
    sex: dict = field(default_factory=dict)
    #: Speakers who speak another language than `language`.
    language_of: dict = field(default_factory=dict)
    #: Tables beside the recordings, see `tables.py`.
    tables: tuple = ()
    #: Where long recordings are cut, see `tables.py`.
    segments: dict = None
    #: Names of every recording, with braces to expand, where the design is complete.
    names: tuple = ()
    #: Paths as published and what they must parse to.
    examples: tuple = ()
    #: Paths of recordings that must be left out for want of a label.
    unlabelled: tuple = ()
    #: Contents of the tables that go with the examples.
    files: dict = field(default_factory=dict)
    #: Facts that could not be confirmed, and why.
    unverified: dict = field(default_factory=dict)
    #: Oddities that a user must know.
    note: str = ''

    @property
    def verified(self):
        """Return True if no fact of this entry is in doubt."""
        return not self.unverified

    @property
    def labels(self):
        """Return the corpus's own labels in alphabetical order."""
        return tuple(sorted({emotion.label for emotion in self.emotions.values() if emotion}))

    def match(self, path):
        """
        Read what the name of a recording says.

        :param path: str, relative to the corpus's folder, with forward slashes
        :return: dict of the pattern's groups and the corpus's constants, or None if the name is
            not of this corpus
        """
        found = re.search(rf'(?:^|/)(?:{self.pattern})$', path.rpartition('.')[0] or path)
        return {**self.constants, **found.groupdict(default='')} if found else None

    def ignores(self, path):
        """Return True for an audio file that may lie in the folder and is not counted."""
        return bool(self.ignore and re.search(self.ignore, path))

    def sex_of(self, facts):
        """
        Return 'f', 'm' or '' where unknown.

        :param facts: dict with `speaker` and perhaps `sex`, as the name and the tables give them
        """
        if self.sex:
            return self.sex.get(facts.get('sex', facts.get('speaker')), '')
        initial = facts.get('sex', '')[:1].lower()
        return initial if initial in ('f', 'm') else ''


@lru_cache(maxsize=None)
def corpus_names():
    """Return the names of all registered corpora in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob('*.yaml')))


@lru_cache(maxsize=None)
def get_corpus(name):
    """
    Return one corpus.

    :param name: stem of its YAML file, one of `corpus_names()`
    :raises CorpusError: if there is no such corpus or its entry has a fault
    """
    if name not in corpus_names():
        raise CorpusError(f'no corpus {name!r}; expected one of {", ".join(corpus_names())}')
    return read_entry(FOLDER / f'{name}.yaml')


def read_entry(path):
    """
    Read a YAML entry.

    :param path: the file; its stem becomes the corpus's name
    :return: `Corpus`
    :raises CorpusError: naming the key that is unknown, absent or has a value out of range
    """
    path = Path(path)
    entry = yaml.safe_load(path.read_text(encoding='utf-8'))
    known = {item.name for item in fields(Corpus)} - {'key'}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise CorpusError(f'{path.name}: unknown key {unknown[0]!r}; known are '
                          f'{", ".join(sorted(known))}')
    entry['emotions'] = {str(code).lower(): Emotion(*value) if value else None
                         for code, value in entry.get('emotions', {}).items()}
    for name in ('tables', 'names', 'examples', 'unlabelled'):
        entry[name] = tuple(entry.get(name, ()))
    try:
        corpus = Corpus(key=path.stem, **entry)
    except TypeError as error:
        raise CorpusError(f'{path.name}: {error}') from None
    _check_entry(corpus, path.name)
    return corpus


def _check_entry(corpus, source):
    """Raise `CorpusError` for a value that no entry may have."""
    for name, allowed in (('licence_class', LICENCE_CLASSES), ('commercial', COMMERCIAL)):
        if getattr(corpus, name) not in allowed:
            raise CorpusError(f'{source}: {name} is {getattr(corpus, name)!r}, expected one of '
                              f'{", ".join(allowed)}')
    if (corpus.commercial == 'yes') != (corpus.licence_class == 'permissive'):
        raise CorpusError(f'{source}: licence_class {corpus.licence_class!r} does not go with '
                          f'commercial {corpus.commercial!r}')
    for emotion in filter(None, corpus.emotions.values()):
        if emotion.shared not in SHARED_LABELS:
            raise CorpusError(f'{source}: {emotion.label} maps to {emotion.shared!r}, expected '
                              f'one of {", ".join(SHARED_LABELS)}')
    try:
        re.compile(corpus.pattern)
    except re.error as error:
        raise CorpusError(f'{source}: pattern {corpus.pattern!r}: {error}') from None
