"""Figures of finished runs, by corpus and together, and one model against another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from physioser_ros.training import run_folder
from physioser_ros.training.bootstrap import paired_bootstrap, speaker_confusions
from physioser_ros.training.metrics import figures, risk_coverage

#: Figures that are averaged over corpora and compared between models.
MEASURES = ('wa', 'ua', 'macro_f1')


@dataclass(frozen=True)
class Judged:
    """All runs of one experiment that are judged together."""

    #: Name of the experiment.
    name: str
    #: What the model is, one sentence.
    about: str
    #: Labels in the order of the probabilities.
    labels: tuple
    #: Seeds, ascending.
    seeds: tuple
    #: Folds that every seed has, ascending.
    folds: tuple
    #: Trainable parameters.
    parameters: int
    #: Predictions of all folds, one table a seed.
    tables: tuple
    #: Revisions that the runs were made with.
    revisions: tuple


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
    Group finished runs by experiment.

    :param folders: run folders; those that held nobody out are left aside
    :return: list of `Judged`, in order of first appearance
    :raises RunError: if a run is given twice, or the folds of an experiment's seeds differ
    """
    runs = {}
    for folder in folders:
        metrics, config = run_folder.read_metrics(folder), run_folder.read_config(folder)
        if metrics['all_speakers']:
            continue
        own = runs.setdefault(config['name'], {})
        key = (metrics['seed'], metrics['fold'])
        if key in own:
            raise run_folder.RunError(f'{folder} is the second run of {config["name"]} with '
                                      f'seed {key[0]} and fold {key[1]}: give one of them')
        own[key] = (folder, metrics, config)
    return [_judged(name, own) for name, own in runs.items()]


def _judged(name, runs):
    """Put the runs of one experiment together."""
    seeds, folds = (tuple(sorted({key[place] for key in runs})) for place in (0, 1))
    missing = [f'seed {seed} fold {fold}' for seed in seeds for fold in folds
               if (seed, fold) not in runs]
    if missing:
        raise run_folder.RunError(f'{name} lacks {", ".join(missing)}: every seed needs the same '
                                  'folds')
    tables = tuple(pd.concat([run_folder.read_predictions(runs[seed, fold][0]) for fold in folds],
                             ignore_index=True) for seed in seeds)
    for table in tables:
        if table['path'].duplicated().any():
            raise run_folder.RunError(f'{name}: a recording is tested in two folds')
    _, metrics, config = next(iter(runs.values()))
    revisions = {run_folder.read_environment(folder)['revision'] for folder, *_ in runs.values()}
    return Judged(name, config['about'], tuple(metrics['labels']), seeds, folds,
                  metrics['trainable_parameters'], tables, tuple(sorted(revisions)))


def summary(judged):
    """
    Return mean and deviation over seeds of each figure of each corpus.

    :param judged: `Judged`
    :return: dict of corpus, and 'mean', to a dict of figure to (mean, deviation); deviation 0
        for one seed
    """
    each = [judged_by_corpus(table, judged.labels) for table in judged.tables]
    found = {}
    for corpus in each[0]:
        names = [name for name in each[0][corpus] if name != 'confusion']
        values = {name: [one[corpus][name] for one in each] for name in names}
        found[corpus] = {name: (float(np.mean(own)), float(np.std(own, ddof=len(own) > 1)))
                         for name, own in values.items()}
    return found


def compare(ours, theirs, measure='ua', draws=4000):
    """
    Compare two models on the same held-out speakers; seeds are pooled within a speaker.

    :param ours: `Judged`
    :param theirs: `Judged` with the same folds
    :param measure: 'wa', 'ua' or 'macro_f1'
    :param draws: number of bootstrap draws
    :return: dict of corpus, and 'mean', to `Interval` of ours minus theirs
    :raises RunError: if the two were not judged on the same recordings
    """
    if set(ours.tables[0]['path']) != set(theirs.tables[0]['path']):
        raise run_folder.RunError(f'{ours.name} and {theirs.name} were not judged on the same '
                                  'recordings: give runs of the same folds')
    pairs = {}
    for corpus in sorted(set(ours.tables[0]['corpus'])):
        order = sorted(set(ours.tables[0].query('corpus == @corpus')['speaker_id']))
        pairs[corpus] = tuple(_confusions(model, corpus, order) for model in (ours, theirs))
    found = {corpus: paired_bootstrap([pair], measure, draws) for corpus, pair in pairs.items()}
    found['mean'] = paired_bootstrap(list(pairs.values()), measure, draws)
    return found


def _confusions(judged, corpus, order):
    """Return the confusions of a corpus's speakers, all seeds together."""
    total = 0
    for table in judged.tables:
        rows = table[table['corpus'] == corpus]
        answers = probabilities_of(rows, judged.labels).argmax(1)
        total = total + speaker_confusions(truth_of(rows, judged.labels), answers,
                                           rows['speaker_id'], len(judged.labels), order)
    return total
