"""Which recordings an experiment takes, what they are called, and who is judged."""

from dataclasses import replace

import numpy as np

from physioser_ros.corpora.emobox import hold_out_emobox
from physioser_ros.corpora.index import present_labels, read_index
from physioser_ros.corpora.registry import corpus_names, get_corpus
from physioser_ros.corpora.splits import hold_out, hold_out_corpus, random_clips
from physioser_ros.training.options import ExperimentError

#: Logit of a label that is no possible answer.
IMPOSSIBLE = -1e4


def recordings(folder, data):
    """
    Read the recordings of an experiment.

    :param folder: data folder with its `index.csv`
    :param data: `DataOptions`
    :return: pandas DataFrame whose `emotion_norm` is the label that is trained and judged, and
        the tuple of the labels in the order of the model's outputs
    :raises ExperimentError: if labels and corpora do not go together
    """
    index = read_index(folder, data.corpora or None)
    if data.emotions:
        absent = sorted(set(data.emotions) - set(index['emotion_norm']))
        if absent:
            raise ExperimentError(f'data.emotions has {", ".join(absent)}, which no recording '
                                  'has')
        index = index[index['emotion_norm'].isin(list(data.emotions))].reset_index(drop=True)
    if data.sexes == 'registry':
        index['sex'] = sexes(index)
    if data.labels == 'shared':
        return index, present_labels(index)
    corpora = sorted(set(index['corpus']))
    if len(corpora) != 1:
        raise ExperimentError(f'data.labels is own and the corpora are {", ".join(corpora)}: '
                              'each has its own labels, choose one (--corpus)')
    return index.assign(emotion_norm=index['emotion']), tuple(sorted(set(index['emotion'])))


def sexes(table):
    """
    Return what the registry of corpora knows of the speakers' sex.

    :param table: pandas DataFrame with `corpus` and `speaker_id`
    :return: list of 'f', 'm' or '' where unknown
    """
    known = {}
    for key in set(zip(table['corpus'], table['speaker_id'])):
        corpus, speaker = key[0], str(key[1]).rpartition('_')[2]
        known[key] = '' if corpus not in corpus_names() else \
            get_corpus(corpus).sex_of({'speaker': speaker})
    return [known[key] for key in zip(table['corpus'], table['speaker_id'])]


def split_of(index, data, fold, seed):
    """
    Split the recordings by the protocol of an experiment.

    :param index: pandas DataFrame as `recordings` gives it
    :param data: `DataOptions`
    :param fold: which fold is judged
    :param seed: seed of the training; the random split is drawn anew for each, as in the paper
    :return: `Split`
    :raises SplitError: if there is no such fold, or the data cannot be split so
    :raises ExperimentError: if a fold is asked for where there are none
    """
    split = _protocol(index, data, fold, seed)
    if not data.judged:
        return split
    return replace(split, **{part: rows[rows['emotion_norm'].isin(list(data.judged))] for
                             part, rows in (('calibration', split.calibration),
                                            ('test', split.test))})


def possible(logits, labels, judged):
    """
    Return logits in which only the judged labels can win.

    :param logits: float, shape (n, C)
    :param labels: tuple of the C labels
    :param judged: labels that can be answers; empty: all of them
    :return: float, shape (n, C), with `IMPOSSIBLE` for the others
    :raises ExperimentError: if there is no such label
    """
    unknown = sorted(set(judged) - set(labels))
    if unknown:
        raise ExperimentError(f'data.judged has {", ".join(unknown)}; the labels are '
                              f'{", ".join(labels)}')
    if not judged:
        return logits
    return np.where([label in judged for label in labels], logits, IMPOSSIBLE)


def _protocol(index, data, fold, seed):
    """Return the split before anything is left out of what is judged."""
    common = {'seed': data.split_seed, 'calibration_share': data.calibration_share}
    if data.protocol == 'clips':
        if fold:
            raise ExperimentError(f'fold is {fold}, but the random split has no folds: it is '
                                  'drawn anew for each seed')
        return random_clips(index, [data.split_seed, seed])
    if data.protocol == 'corpora':
        return hold_out_corpus(index, fold, **common)
    if data.protocol == 'emobox':
        return hold_out_emobox(index, fold, **common)
    return hold_out(index, fold, folds=data.folds, **common)
