"""Figures of finished runs, by corpus and together, and one model against another."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from physioser_ros.training import run_folder
from physioser_ros.training.bootstrap import paired_bootstrap, speaker_confusions
from physioser_ros.training.metrics import calibration_floor, figures, risk_coverage

#: Figures that are averaged over corpora and compared between models.
MEASURES = ('wa', 'ua', 'macro_f1')


@dataclass(frozen=True)
class Judged:
    """All runs of one experiment on the same corpora that are judged together."""

    #: Name of the experiment.
    name: str
    #: What the model is, one sentence.
    about: str
    #: Labels in the order of the probabilities.
    labels: tuple
    #: Seeds that have every fold, ascending.
    seeds: tuple
    #: Folds, ascending.
    folds: tuple
    #: Trainable parameters.
    parameters: int
    #: Predictions of all folds, one table a seed.
    tables: tuple
    #: Revisions that the runs were made with.
    revisions: tuple
    #: Who is judged, see `DataOptions.protocol`.
    protocol: str = 'speakers'
    #: Whether the labels are a corpus's own.
    own_labels: bool = False
    #: Run folders of these seeds.
    folders: tuple = ()


def truth_of(table, labels):
    """Return the indices of the true labels, int, shape (n,), of a table of predictions."""
    return np.array([labels.index(label) for label in table['label']])


def probabilities_of(table, labels):
    """Return the probabilities, float64, shape (n, C), of a table of predictions."""
    values = table[[f'p_{label}' for label in labels]].to_numpy(dtype=np.float64)
    return values / values.sum(1, keepdims=True)


def judged_by_corpus(table, labels):
    """
    Compute the figures of each corpus, and their mean over corpora.

    :param table: predictions as `read_predictions` gives them
    :param labels: tuple of labels
    :return: dict of corpus, and 'mean', to a dict of figures
    """
    found = {}
    for corpus, rows in table.groupby('corpus', sort=True):
        own = figures(truth_of(rows, labels), probabilities_of(rows, labels))
        found[corpus] = {**{name: getattr(own, name) for name in
                            ('clips', 'wa', 'ua', 'macro_f1', 'ece', 'brier')},
                         'speakers': rows['speaker_id'].nunique(),
                         'ua_at_80': ua_at(rows, labels, 0.8),
                         'ece_floor': calibration_floor(probabilities_of(rows, labels)),
                         'confusion': own.confusion.tolist()}
    names = [name for name in next(iter(found.values())) if name != 'confusion']
    mean = {name: float(np.mean([own[name] for own in found.values()])) for name in names}
    mean['clips'] = len(table)
    mean['speakers'] = table['speaker_id'].nunique()
    return {**found, 'mean': mean}


def ua_at(table, labels, coverage):
    """
    Return UA of the surest clips.

    :param table: predictions
    :param labels: tuple of labels
    :param coverage: share of the clips that are answered
    :return: float
    """
    truth, probabilities = truth_of(table, labels), probabilities_of(table, labels)
    kept = np.argsort(-probabilities.max(1), kind='stable')[:max(1, round(
        coverage * len(truth)))]
    return figures(truth[kept], probabilities[kept]).ua


def curve(table, labels, coverages=(0.5, 0.6, 0.7, 0.8, 0.9, 1.0)):
    """
    Return points of the risk-coverage curve of all corpora together.

    :param table: predictions
    :param labels: tuple of labels
    :param coverages: shares of clips answered
    :return: list of (coverage, share of wrong answers, threshold)
    """
    whole = risk_coverage(truth_of(table, labels), probabilities_of(table, labels))
    places = [max(0, round(share * len(whole.risk)) - 1) for share in coverages]
    return [(share, float(whole.risk[place]), float(whole.threshold[place]))
            for share, place in zip(coverages, places)]


def gather(folders):
    """
    Group finished runs by experiment and corpora.

    :param folders: run folders; those that held nobody out are left aside, and so are seeds that
        lack a fold which another seed has
    :return: list of `Judged`, in order of first appearance
    :raises RunError: if a run is given twice, or no seed has all folds
    """
    runs = {}
    for folder in folders:
        metrics, config = run_folder.read_metrics(folder), run_folder.read_config(folder)
        if metrics['all_speakers']:
            continue
        own = runs.setdefault((config['name'], tuple(config['data']['corpora'])), {})
        key = (metrics['seed'], metrics['fold'])
        if key in own:
            raise run_folder.RunError(f'{folder} is the second run of {config["name"]} with '
                                      f'seed {key[0]} and fold {key[1]}: give one of them')
        own[key] = (folder, metrics, config)
    return [_judged(name, own) for (name, _), own in runs.items()]


def _judged(name, runs):
    """Put the runs of one experiment together."""
    folds = tuple(sorted({fold for _, fold in runs}))
    seeds = tuple(seed for seed in sorted({seed for seed, _ in runs})
                  if all((seed, fold) in runs for fold in folds))
    if not seeds:
        raise run_folder.RunError(f'no seed of {name} has all of its folds, {folds}: every seed '
                                  'needs the same folds')
    tables = tuple(pd.concat([run_folder.read_predictions(runs[seed, fold][0]) for fold in folds],
                             ignore_index=True) for seed in seeds)
    for table in tables:
        if table['path'].duplicated().any():
            raise run_folder.RunError(f'{name}: a recording is tested in two folds')
    taken = [runs[seed, fold] for seed in seeds for fold in folds]
    _, metrics, config = taken[0]
    revisions = {run_folder.read_environment(folder)['revision'] for folder, *_ in taken}
    return Judged(name, config['about'], tuple(metrics['labels']), seeds, folds,
                  metrics['trainable_parameters'], tables, tuple(sorted(revisions)),
                  config['data'].get('protocol', 'speakers'),
                  config['data'].get('labels', 'shared') == 'own',
                  tuple(folder for folder, *_ in taken))


def among_own(judged):
    """
    Return a joint model judged by answers among the emotions that each corpus has.

    :param judged: `Judged` in the shared labels, which each corpus's own labels map to one by one
    :return: `Judged`, the probabilities of other emotions 0
    """
    columns = [f'p_{label}' for label in judged.labels]
    everything = pd.concat(judged.tables)
    has = {corpus: set(rows['label']) for corpus, rows in everything.groupby('corpus')}
    tables = []
    for table in judged.tables:
        allowed = np.array([[label in has[corpus] for label in judged.labels]
                            for corpus in table['corpus']])
        values = table[columns].to_numpy(dtype=np.float64) * allowed
        values /= np.maximum(values.sum(1, keepdims=True), 1e-12)
        tables.append(table.assign(
            **dict(zip(columns, values.T)),
            answer=[judged.labels[number] for number in values.argmax(1)]))
    return replace(judged, tables=tuple(tables))


def summary(judged):
    """
    Return mean and deviation over seeds of each figure of each corpus.

    :param judged: `Judged`
    :return: dict of corpus, and 'mean', to a dict of figure to (mean, deviation); deviation 0
        for one seed
    """
    each = [judged_by_corpus(table, judged.labels) for table in judged.tables]
    return spread(each)


def spread(each):
    """
    Return mean and deviation of figures over seeds.

    :param each: list of one dict a seed, of corpus to a dict of figures
    :return: dict of corpus to a dict of figure to (mean, deviation), deviation 0 for one seed
    """
    found = {}
    for corpus in each[0]:
        names = [name for name in each[0][corpus] if name != 'confusion']
        values = {name: [one[corpus][name] for one in each] for name in names}
        found[corpus] = {name: (float(np.mean(own)), float(np.std(own, ddof=len(own) > 1)))
                         for name, own in values.items()}
    return found


def compare(ours, theirs, measure='ua', draws=4000):
    """
    Compare two models on the recordings that both were judged on; seeds are pooled in a speaker.

    :param ours: `Judged`, or a list of those that make up one model, a corpus each
    :param theirs: the same of the model to compare with
    :param measure: 'wa', 'ua' or 'macro_f1'
    :param draws: number of bootstrap draws
    :return: dict of corpus, and 'mean', to `Interval` of ours minus theirs
    :raises RunError: if the two were judged on no common recording
    """
    pairs = {}
    for one, other in _pairs(ours, theirs):
        common = set(one.tables[0]['path']) & set(other.tables[0]['path'])
        for corpus, rows in one.tables[0].groupby('corpus', sort=True):
            order = sorted(set(rows[rows['path'].isin(common)]['speaker_id']))
            if order:
                pairs[corpus] = tuple(_confusions(model, corpus, order, common)
                                      for model in (one, other))
    if not pairs:
        raise run_folder.RunError('the two models were judged on no common recording: give runs '
                                  'of the same folds')
    found = {corpus: paired_bootstrap([pair], measure, draws) for corpus, pair in pairs.items()}
    found['mean'] = paired_bootstrap(list(pairs.values()), measure, draws)
    return found


def _pairs(ours, theirs):
    """Return what can be compared: one `Judged` of each, in the same labels."""
    ours, theirs = ([judged] if isinstance(judged, Judged) else judged
                    for judged in (ours, theirs))
    return [pair for one in ours for other in theirs
            if one.labels == other.labels for pair in [_same_draws(one, other)] if pair]


def _same_draws(one, other):
    """Return both with the seeds that mean the same recordings; None where there are none."""
    if one.protocol != 'clips':
        return one, other
    seeds = [seed for seed in one.seeds if seed in other.seeds]
    return tuple(replace(model, seeds=tuple(seeds), tables=tuple(
        model.tables[model.seeds.index(seed)] for seed in seeds)) for model in (one, other)) \
        if seeds else None


def _confusions(judged, corpus, order, common):
    """Return the confusions of a corpus's speakers, all seeds together."""
    total = 0
    for table in judged.tables:
        rows = table[(table['corpus'] == corpus) & (
            table['path'].isin(common) | (judged.protocol == 'clips'))]
        rows = rows[rows['speaker_id'].isin(order)]
        answers = probabilities_of(rows, judged.labels).argmax(1)
        total = total + speaker_confusions(truth_of(rows, judged.labels), answers,
                                           rows['speaker_id'], len(judged.labels), order)
    return total
