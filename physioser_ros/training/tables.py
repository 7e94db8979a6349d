"""Tables of Markdown from judged models."""

import numpy as np

from physioser_ros.training.evaluation import compare, curve, judged_by_corpus, MEASURES, spread

#: Figures of a detailed table: key and heading.
COLUMNS = (('wa', 'WA'), ('ua', 'UA'), ('macro_f1', 'macro-F1'), ('ece', 'ECE'),
           ('ece_floor', 'ECE if perfect'), ('brier', 'Brier'), ('ua_at_80', 'UA at 80 %'))

#: Figures of which a compact table gives the mean over corpora.
MEANS = (('wa', 'WA'), ('ua', 'UA'), ('macro_f1', 'macro-F1'), ('ece', 'ECE'))

#: Fewer speakers than these give no interval worth the name.
FEWEST_SPEAKERS = 5


def table(heads, rows):
    """Return the lines of a table and an empty one behind it; cells are written as they are."""
    lines = ['| ' + ' | '.join(map(str, heads)) + ' |', '|---|' + '---|' * (len(heads) - 1)]
    return [*lines, *('| ' + ' | '.join(map(str, row)) + ' |' for row in rows), '']


def value(pair, seeds=1):
    """Return a figure, with its deviation where there are several seeds."""
    mean, deviation = pair
    return f'{mean:.3f} ± {deviation:.3f}' if seeds > 1 else f'{mean:.3f}'


def listed(values):
    """Return values with commas between them, runs of numbers as first to last."""
    values = list(values)
    if len(values) > 2 and all(isinstance(one, int) for one in values) and \
            values == list(range(values[0], values[0] + len(values))):
        return f'{values[0]}-{values[-1]}'
    return ', '.join(map(str, values))


def by_name(models):
    """Return dict of name to the list of `Judged` that make up one model, a corpus each."""
    found = {}
    for model in models:
        found.setdefault(model.name, []).append(model)
    return found


def preamble(models):
    """Return the table of what was trained."""
    rows = [(name, parts[0].about, listed(sorted({f'{part.parameters:,}' for part in parts})),
             listed(sorted({revision for part in parts for revision in part.revisions})))
            for name, parts in by_name(models).items()]
    return table(('model', 'what it is', 'fitted numbers', 'revision'), rows)


def detailed(models):
    """Return one table a corpus, and their mean, of models over all corpora."""
    each = [(model, [judged_by_corpus(one, model.labels) for one in model.tables])
            for model in models]
    each = [(model, spread(figures)) for model, figures in each]
    lines = []
    for corpus in each[0][1]:
        title = 'Mean of the corpora' if corpus == 'mean' else corpus
        rows = [] if corpus == 'mean' else [_majority(each[0][0], corpus)]
        for model, own in each:
            # The mean over fewer corpora is another figure.
            if corpus in own and (corpus != 'mean' or set(own) == set(each[0][1])):
                rows.append((model.name, *(value(own[corpus][key], len(model.seeds))
                                           for key, _ in COLUMNS),
                             f'{own[corpus]["clips"][0]:.0f}',
                             f'{own[corpus]["speakers"][0]:.0f}', listed(model.folds),
                             listed(model.seeds)))
        lines += [f'### {title}', '', *table(
            ('model', *(head for _, head in COLUMNS), 'clips', 'speakers', 'folds', 'seeds'),
            rows)]
    return lines


def _majority(model, corpus):
    """Return the row of always answering the corpus's most frequent emotion."""
    rows = model.tables[0].query('corpus == @corpus')
    counts = rows['label'].value_counts()
    share, classes = counts.iloc[0] / counts.sum(), len(counts)
    f1 = 2 * share / (1 + share) / classes
    return (f'always {counts.index[0]}', f'{share:.3f}', f'{1 / classes:.3f}', f'{f1:.3f}',
            *[''] * (len(COLUMNS) - 3), len(rows), rows['speaker_id'].nunique(),
            listed(model.folds), '')


def compact(models, published=()):
    """
    Return one table: a row a model, UA of each corpus, the means over corpora.

    :param models: list of `Judged`
    :param published: triples of name, corpus and UA that others published on the same folds
    :return: lines of Markdown
    """
    families = by_name(models)
    corpora = sorted({corpus for model in models for corpus in model.tables[0]['corpus']})
    rows = [_most_frequent(families, corpora)]
    for name, parts in families.items():
        cells, each, seeds = [], {}, {}
        for part in parts:
            for seed, own in zip(part.seeds, part.tables):
                for corpus, figures in judged_by_corpus(own, part.labels).items():
                    if corpus != 'mean':
                        each.setdefault(corpus, {})[seed] = figures
        for corpus in corpora:
            own = [figures['ua'] for figures in each.get(corpus, {}).values()]
            cells.append(value((np.mean(own), np.std(own, ddof=len(own) > 1)), len(own))
                         if own else '')
            seeds[corpus] = len(own)
        rows.append((name, *cells, *_means(each, corpora), folds_of(parts),
                     _by_corpus(seeds)))
    rows += [(f'{name} (theirs)', *(f'{ua:.3f}' if corpus == own else '' for corpus in corpora),
              *[''] * (len(MEANS) + 2)) for name, own, ua in published]
    return table(('model', *(f'{corpus} UA' for corpus in corpora),
                  *(f'mean {head}' for _, head in MEANS), 'folds', 'seeds'), rows)


def _means(each, corpora):
    """Return the means over corpora, with their deviation over seeds; empty where one lacks."""
    if set(each) != set(corpora):
        return [''] * len(MEANS)
    common = set.intersection(*(set(own) for own in each.values()))
    cells = []
    for key, _ in MEANS:
        values = [np.mean([each[corpus][seed][key] for corpus in corpora]) for seed in common]
        cells.append(value((np.mean(values), np.std(values, ddof=len(values) > 1)), len(values))
                     if values else '')
    return cells


def folds_of(parts):
    """Return the folds that make up a model, by corpus where they differ."""
    return _by_corpus({corpus: listed(part.folds) for part in parts
                       for corpus in sorted(set(part.tables[0]['corpus']))})


def seeds_of(parts):
    """Return the seeds of a model, by corpus where they differ."""
    return _by_corpus({corpus: listed(part.seeds) for part in parts
                       for corpus in sorted(set(part.tables[0]['corpus']))})


def _by_corpus(values):
    """Return the value that all corpora share, or each with the name of its corpus."""
    known = {corpus: value for corpus, value in values.items() if value}
    if len(set(known.values())) == 1:
        return next(iter(known.values()))
    return '; '.join(f'{corpus} {value}' for corpus, value in sorted(known.items()))


def _most_frequent(families, corpora):
    """Return the row of always answering the most frequent emotion of each corpus."""
    shares, recalls, f1s = [], [], []
    for corpus in corpora:
        own = next(part.tables[0] for parts in families.values() for part in parts
                   if corpus in set(part.tables[0]['corpus']))
        counts = own[own['corpus'] == corpus]['label'].value_counts()
        share = counts.iloc[0] / counts.sum()
        shares.append(share)
        recalls.append(1 / len(counts))
        f1s.append(2 * share / (1 + share) / len(counts))
    return ('most frequent emotion', *(f'{recall:.3f}' for recall in recalls),
            *(f'{np.mean(values):.3f}' for values in (shares, recalls, f1s)), '', '', '')


def comparisons(models, base_name):
    """Return the tables of gains over the baseline, the model of this name."""
    families = by_name(models)
    base = families[base_name]
    lines = []
    for name, parts in families.items():
        if name == base_name:
            continue
        found = {measure: compare(parts, base, measure) for measure in MEASURES}
        speakers = {corpus: own['speaker_id'].nunique() for part in parts
                    for corpus, own in part.tables[0].groupby('corpus')}
        rows = [(corpus, *(difference(found[measure][corpus],
                                      speakers.get(corpus, FEWEST_SPEAKERS) >= FEWEST_SPEAKERS)
                           for measure in MEASURES)) for corpus in found['ua']]
        lines += [f'### {name} against {base_name}', '',
                  f'Folds {folds_of(parts)}, seeds {seeds_of(parts)}, against folds '
                  f'{folds_of(base)}, seeds {seeds_of(base)}.', '',
                  *table(('corpus', 'WA', 'UA', 'macro-F1'), rows),
                  *_verdict(name, base_name, found), '']
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
                     f'{" (" + listed(above) + ")" if above else ""}; the interval of the mean '
                     f'{sure} zero.')
    return lines


def difference(interval, enough=True):
    """Return a difference, with its interval where there are speakers enough for one."""
    if not enough:
        return f'{interval.value:+.3f}'
    return (f'{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}], '
            f'p {"< 0.001" if interval.p < 0.001 else f"{interval.p:.3f}"}')


def trust(models):
    """Return the risk-coverage table, each model's first seed."""
    points = [(model, curve(model.tables[0], model.labels)) for model in models]
    return table(('model', *(f'{share:.0%} answered' for share, *_ in points[0][1]), 'folds',
                  'seed'), [
        (model.name, *(f'{risk:.3f} ({threshold:.2f})' for _, risk, threshold in own),
         listed(model.folds), model.seeds[0]) for model, own in points])


def confusions(model):
    """Return the confusion of each corpus for one model, its first seed."""
    lines = [f'## What {model.name} takes for what', '',
             f'Rows: the truth; columns: the answer. Folds {listed(model.folds)}, seed '
             f'{model.seeds[0]}.', '']
    for corpus, rows in model.tables[0].groupby('corpus', sort=True):
        labels = [label for label in model.labels if label in set(rows['label'])
                  or label in set(rows['answer'])]
        cells = []
        for truth in (label for label in labels if label in set(rows['label'])):
            own = rows[rows['label'] == truth]['answer']
            cells.append((f'**{truth}**', *(int((own == label).sum()) for label in labels)))
        lines += table((corpus, *labels), cells)
    return lines
