"""Finished runs as tables: on the terminal, and as a page that states what they stand on."""

from physioser_ros.training.evaluation import compare, curve, gather, MEASURES, summary

#: Figures of a table: key and heading.
COLUMNS = (('wa', 'WA'), ('ua', 'UA'), ('macro_f1', 'macro-F1'), ('ece', 'ECE'),
           ('brier', 'Brier'), ('ua_at_80', 'UA at 80 %'))


def report(folders, baseline='backbone_only'):
    """
    Write the report of finished runs.

    :param folders: run folders
    :param baseline: what the name of the baseline's experiment ends with
    :return: str, Markdown
    :raises RunError: if runs lack or do not fit together
    """
    models = gather(folders)
    base = next((model for model in models if model.name.endswith(baseline)), None)
    rest = [model for model in models if model is not base]
    parts = ['# Results', '', *_preamble(models), '## Speakers never heard', '',
             *_tables(models), '']
    if base is not None and rest:
        parts += _comparisons(rest, base)
    parts += _trust(models) + _confusions(rest[:1] or models[:1])
    return '\n'.join(parts).rstrip() + '\n'


def _preamble(models):
    """Return what every table stands on."""
    lines = ['Written by `physioser evaluate` from run folders; nothing here is typed by hand.',
             'Whoever is judged was not heard in training: whole speakers are held out, in every '
             'corpus. Answers are among all labels of the joint model, so a label that a corpus '
             'does not have counts as an error there. UA is the mean recall of the emotions that '
             'the corpus has. Temperature and threshold come from further speakers held out of '
             'the training, never from those judged.', '', '| model | what it is | trainable '
             'parameters | folds | seeds | revision |', '|---|---|---|---|---|---|']
    lines += [f'| {model.name} | {model.about} | {model.parameters:,} | {_list(model.folds)} | '
              f'{_list(model.seeds)} | {_list(model.revisions)} |' for model in models]
    return [*lines, '']


def _tables(models):
    """Return one table a corpus, and their mean."""
    each = [(model, summary(model)) for model in models]
    lines = []
    for corpus in each[0][1]:
        one = each[0][1][corpus]
        title = 'Mean of the corpora' if corpus == 'mean' else corpus
        lines += [f'### {title}', '', f'{one["clips"][0]:.0f} clips of '
                  f'{one["speakers"][0]:.0f} speakers held out.', '',
                  '| model | ' + ' | '.join(title for _, title in COLUMNS) + ' |',
                  '|---|' + '---|' * len(COLUMNS)]
        if corpus != 'mean':
            lines.append(_majority(each[0][0], corpus))
        for model, own in each:
            lines.append(f'| {model.name} | ' + ' | '.join(
                _value(own[corpus][key], len(model.seeds)) for key, _ in COLUMNS) + ' |')
        lines.append('')
    return lines


def _majority(model, corpus):
    """Return the row of always answering the corpus's most frequent emotion."""
    rows = model.tables[0].query('corpus == @corpus')
    counts = rows['label'].value_counts()
    share, classes = counts.iloc[0] / counts.sum(), len(counts)
    f1 = 2 * share / (1 + share) / classes
    return (f'| always {counts.index[0]} | {share:.3f} | {1 / classes:.3f} | {f1:.3f} | | | |')


def _comparisons(models, base):
    """Return the tables of gains over the baseline."""
    lines = [f'## Against {base.name}', '',
             'Difference on the same held-out speakers, 95 % interval of a paired bootstrap that '
             'draws speakers (4000 draws, seed 0), and its two-sided p. With two to five '
             'speakers a corpus and fold the intervals of single corpora are rough.', '']
    for model in models:
        lines += [f'### {model.name}', '', '| corpus | WA | UA | macro-F1 |', '|---|---|---|---|']
        found = {measure: compare(model, base, measure) for measure in MEASURES}
        for corpus in found['ua']:
            lines.append(f'| {corpus} | ' + ' | '.join(
                _difference(found[measure][corpus]) for measure in MEASURES) + ' |')
        lines.append('')
    return lines


def _trust(models):
    """Return the risk-coverage tables."""
    lines = ['## Answering only when sure', '',
             'Share of wrong answers among those given, all corpora together, when the least '
             'confident clips get "uncertain"; in brackets the confidence that this takes.', '']
    points = [(model, curve(model.tables[0], model.labels)) for model in models]
    lines += ['| model | ' + ' | '.join(f'{share:.0%} answered'
                                        for share, *_ in points[0][1]) + ' |',
              '|---|' + '---|' * len(points[0][1])]
    lines += [f'| {model.name} | ' + ' | '.join(
        f'{risk:.3f} ({threshold:.2f})' for _, risk, threshold in own) + ' |'
        for model, own in points]
    return [*lines, '']


def _confusions(models):
    """Return the confusion of each corpus for the first model."""
    lines = []
    for model in models:
        table = model.tables[0]
        lines += [f'## What {model.name} takes for what', '',
                  f'Rows: the truth; columns: the answer. Seed {model.seeds[0]}.', '']
        for corpus, rows in table.groupby('corpus', sort=True):
            labels = [label for label in model.labels if label in set(rows['label'])
                      or label in set(rows['answer'])]
            lines += [f'| {corpus} | ' + ' | '.join(labels) + ' |',
                      '|---|' + '---|' * len(labels)]
            for truth in (label for label in labels if label in set(rows['label'])):
                own = rows[rows['label'] == truth]['answer']
                lines.append(f'| **{truth}** | ' + ' | '.join(
                    str(int((own == label).sum())) for label in labels) + ' |')
            lines.append('')
    return lines


def _value(pair, seeds):
    """Return a figure, with its deviation where there are several seeds."""
    mean, deviation = pair
    return f'{mean:.3f} ± {deviation:.3f}' if seeds > 1 else f'{mean:.3f}'


def _difference(interval):
    """Return a difference with its interval."""
    return (f'{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}], '
            f'p {interval.p:.2f}')


def _list(values):
    """Return values with commas between them."""
    return ', '.join(map(str, values))
