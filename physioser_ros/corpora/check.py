"""What a folder lacks of a corpus, and what it has too much."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
import re

from physioser_ros.corpora.parse import identity_of, parse


@dataclass(frozen=True)
class Report:
    """A folder compared with the registry."""

    #: `Corpus` that the folder was compared with.
    corpus: object
    #: `Parsed`, what was found.
    parsed: object
    #: Own label to (found, published) where they differ.
    counts: dict
    #: (found, published) number of speakers, or None where they agree or none is published.
    speakers: tuple
    #: Names of published recordings that were not found, where the registry or a table of the
    #: corpus can name them.
    missing: tuple

    @property
    def complete(self):
        """Return True if everything published is there and nothing else."""
        return not (self.counts or self.speakers or self.missing or self.parsed.unknown
                    or self.parsed.repeated)

    def lines(self, most=10):
        """
        Return the report as sentences.

        :param most: how many names to give of each kind
        """
        rows = self.parsed.rows
        lines = [f'{self.corpus.name}: {len(rows)} recordings of '
                 f'{rows["speaker_id"].nunique()} speakers.']
        lines += [f'{label}: {found} found, {published} published.'
                  for label, (found, published) in sorted(self.counts.items())]
        if self.speakers:
            lines.append('speakers: {} found, {} published.'.format(*self.speakers))
        for title, names in (('missing', self.missing), ('repeated', self.parsed.repeated),
                             ('extra, not of this corpus', self.parsed.unknown),
                             ('left out, no label', self.parsed.unlabelled),
                             ('optional table not found', self.parsed.absent)):
            if names:
                more = f' and {len(names) - most} more' if len(names) > most else ''
                lines.append(f'{title} ({len(names)}): {", ".join(names[:most])}{more}.')
        lines += [f'{fact} in doubt: {reason}.' for fact, reason in
                  self.corpus.unverified.items()]
        lines.append('Complete.' if self.complete else 'Not as published.')
        return lines


def check(corpus, folder):
    """
    Compare a folder with what is published.

    :param corpus: `Corpus`
    :param folder: its folder
    :return: `Report`
    :raises FileNotFoundError: if there is no such folder
    :raises CorpusError: if a table that holds the labels is absent or has another form
    """
    parsed = parse(corpus, folder)
    found = Counter(parsed.rows['emotion'])
    published = {emotion.label: emotion.clips for emotion in corpus.emotions.values() if emotion}
    counts = {label: (found[label], clips) for label, clips in published.items()
              if clips is not None and found[label] != clips}
    speakers = parsed.rows['speaker_id'].nunique()
    wrong = corpus.speakers is not None and speakers != corpus.speakers
    missing = tuple(name for name in expected_names(corpus)
                    if identity_of(corpus.match(f'{name}.wav')) not in parsed.identities)
    missing += parsed.silent
    return Report(corpus, parsed, counts, (speakers, corpus.speakers) if wrong else None, missing)


def expected_names(corpus):
    """Return the names of all published recordings, () where the registry cannot tell them."""
    return tuple(name for template in corpus.names for name in expand(template))


def expand(template):
    """
    Expand the braces of a name as a shell does.

    :param template: str, for instance '{a,b}_{01..12}'; numbers keep their leading zeros
    :return: list of str
    """
    parts = re.split(r'\{([^}]*)\}', template)
    choices = [[part] if place % 2 == 0 else _choices(part) for place, part in enumerate(parts)]
    return [''.join(chosen) for chosen in product(*choices)]


def _choices(inner):
    """Return what the inside of one pair of braces stands for."""
    span = re.fullmatch(r'(\d+)\.\.(\d+)', inner)
    if not span:
        return inner.split(',')
    first, last = span.groups()
    return [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]
