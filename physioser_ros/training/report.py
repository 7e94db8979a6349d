"""Finished runs as tables: on the terminal, and as a page that states what they stand on."""

import shlex

from physioser_ros.training import run_folder
from physioser_ros.training.evaluation import compare, curve, gather, MEASURES, summary

#: Figures of a table: key and heading.
COLUMNS = (('wa', 'WA'), ('ua', 'UA'), ('macro_f1', 'macro-F1'), ('ece', 'ECE'),
           ('brier', 'Brier'), ('ua_at_80', 'UA at 80 %'))

#: Fewer speakers than these give no interval worth the name.
FEWEST_SPEAKERS = 5


def report(folders, baseline='backbone_only', pictures=None):
    """
    Write the report of finished runs.

    :param folders: run folders
    :param baseline: what the name of the baseline's experiment ends with
    :param pictures: folder for its pictures, beside the page; None: tables alone
    :return: str, Markdown
    :raises RunError: if runs lack or do not fit together
    """
    models = gather(folders)
    base = next((model for model in models if model.name.endswith(baseline)), None)
    rest = [model for model in models if model is not base]
    drawn = {}
    if pictures is not None:
        # Imported here: drawing needs matplotlib, the tables do not.
        from physioser_ros.training.illustration import illustrate

        drawn = illustrate([*rest, *([base] if base else [])], folders, pictures, base)
    parts = ['# Results', '', *_preamble(models), *_shipped(folders),
             '## Speakers never heard', '',
             *_tables(models), '']
    if base is not None and rest:
        parts += _comparisons(rest, base) + drawn.get('ablation', [])
    parts += _trust(models) + drawn.get('trust', [])
    parts += _confusions(rest[:1] or models[:1]) + drawn.get('confusion', [])
    if 'learning' in drawn:
        parts += ['## How the loss fell', '', *drawn['learning']]
    parts += _commands(folders)
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


def _shipped(folders):
    """Return a line for each run that held nobody out."""
    lines = []
    for folder in folders:
        metrics = run_folder.read_metrics(folder)
        if metrics['all_speakers']:
            name = run_folder.read_config(folder)['name']
            own = metrics['calibration']
            lines += [f'The model that ships is `{name}` trained on all '
                      f'{len(metrics["speakers"]["train"])} speakers (seed {metrics["seed"]}). '
                      f'Nobody is left to judge it: the figures of `{name}` below are its '
                      f'estimate. Temperature {own["temperature"]:.3f} and threshold '
                      f'{own["threshold"]:.3f} were fitted on {own["fitted_on"]}.', '']
    return lines


def _commands(folders):
    """Return the commands that made the runs."""
    lines = ['## Commands', '', 'Each from the root of the source tree, DATA being the folder of '
             'the recordings:', '', '```']
    for folder in folders:
        words = shlex.split(run_folder.read_environment(folder)['command'])
        if '--data' in words:
            words[words.index('--data') + 1] = 'DATA'
        lines.append(shlex.join(words))
    return [*lines, '```', '']


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
             'draws speakers within each corpus (4000 draws, seed 0), and its two-sided p. A '
             f'corpus with fewer than {FEWEST_SPEAKERS} speakers held out gets no interval of its '
             'own; that of the mean is on the narrow side as long as such corpora are in it.', '']
    for model in models:
        lines += [f'### {model.name}', '', '| corpus | WA | UA | macro-F1 |', '|---|---|---|---|']
        found = {measure: compare(model, base, measure) for measure in MEASURES}
        speakers = model.tables[0].groupby('corpus')['speaker_id'].nunique()
        for corpus in found['ua']:
            enough = speakers.get(corpus, FEWEST_SPEAKERS) >= FEWEST_SPEAKERS
            lines.append(f'| {corpus} | ' + ' | '.join(
                _difference(found[measure][corpus], enough) for measure in MEASURES) + ' |')
        lines += ['', *_verdict(model.name, base.name, found), '']
    return lines


def _verdict(name, base, found):
    """Return in words on which corpora a model is above its baseline, and whether that is sure."""
    lines = []
    for measure, title in (('wa', 'WA'), ('ua', 'UA'), ('macro_f1', 'macro-F1')):
        own = {corpus: one for corpus, one in found[measure].items() if corpus != 'mean'}
        above = [corpus for corpus, one in own.items() if one.value > 0]
        mean = found[measure]['mean']
        sure = 'excludes' if mean.low > 0 or mean.high < 0 else 'includes'
        lines.append(f'- {title}: {name} is above {base} on {len(above)} of {len(own)} corpora'
                     f'{" (" + _list(above) + ")" if above else ""}; the interval of the mean '
                     f'{sure} zero.')
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


def _difference(interval, enough=True):
    """Return a difference, with its interval where there are speakers enough for one."""
    if not enough:
        return f'{interval.value:+.3f}'
    return (f'{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}], '
            f'p {interval.p:.2f}')


def _list(values):
    """Return values with commas between them."""
    return ', '.join(map(str, values))
