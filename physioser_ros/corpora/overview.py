"""The registry as a table of Markdown, for the documentation and the command line."""

from physioser_ros.corpora.registry import corpus_names, get_corpus

_HEADER = ('corpus', 'language', 'speech', 'clips', 'speakers', 'classes', 'licence',
           'commercial use', 'verified')


def overview():
    """Return one tuple of str a corpus, in the order of `header`."""
    return [_cells(get_corpus(name)) for name in corpus_names()]


def header():
    """Return the names of the columns of `overview`."""
    return _HEADER


def markdown():
    """Return the registry as Markdown: the table, then how to obtain and cite each corpus."""
    lines = [_line(_HEADER), _line(['---'] * len(_HEADER))]
    lines += [_line(cells) for cells in overview()]
    for name in corpus_names():
        corpus = get_corpus(name)
        lines += ['', f'### {corpus.name} (`{name}`)', '',
                  f'{corpus.obtain} Source: <{corpus.source}>. Cite: {corpus.citation}.', '',
                  f'Layout, for instance: {_layout(corpus)}. Labels: {_labels(corpus)}.']
        if corpus.note:
            lines += ['', corpus.note]
        if corpus.unverified:
            lines += [''] + [f'- In doubt, {fact}: {reason}.' for fact, reason in
                             corpus.unverified.items()]
    return '\n'.join(lines) + '\n'


def _cells(corpus):
    """Return one row of the table."""
    language = '/'.join(sorted({corpus.language, *corpus.language_of.values()}))
    doubt = 'yes' if corpus.verified else f'not: {", ".join(corpus.unverified)}'
    return (f'{corpus.name} (`{corpus.key}`)', language, corpus.speech, _count(corpus.clips),
            _count(corpus.speakers), str(len(corpus.labels)), corpus.licence, corpus.commercial,
            doubt)


def _count(number):
    """Return a count, or why there is none."""
    return 'by release' if number is None else str(number)


def _line(cells):
    """Return one line of a Markdown table."""
    return f'| {" | ".join(cells)} |'


def _layout(corpus):
    """Return the paths of the registry's examples."""
    paths = [example['path'] for example in corpus.examples] + sorted(corpus.files)
    return ', '.join(f'`{path}`' for path in dict.fromkeys(paths))


def _labels(corpus):
    """Return the corpus's labels, with the shared one where it differs."""
    pairs = sorted({(emotion.label, emotion.shared) for emotion in corpus.emotions.values()
                    if emotion})
    return ', '.join(label if label == shared else f'{label} → {shared}'
                     for label, shared in pairs)
