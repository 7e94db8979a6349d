"""
Splits: what the model is judged on is never a recording, and as a rule never a voice, it has met.

Folds are deterministic in (index, number of folds, seed). Within each corpus every fold holds out
speakers, as evenly as their number and sex allow. A speaker or a recording on two sides is an
error, never a warning; a split that shares voices on purpose has to say so.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


class SplitError(ValueError):
    """A split that would leak, or that the data cannot give."""


@dataclass(frozen=True)
class Split:
    """Three disjoint sets of rows of one index."""

    #: Rows that the weights are fitted on.
    train: pd.DataFrame
    #: Rows of other speakers, for the temperature and the threshold.
    calibration: pd.DataFrame
    #: Rows of yet other speakers, for the figures. Empty for a model that ships.
    test: pd.DataFrame
    #: Whether the three share voices, so that the figures say nothing about new people.
    speaker_dependent: bool = False

    def __post_init__(self):
        """Refuse a split in which a speaker or a recording occurs twice."""
        check_disjoint({'train': self.train, 'calibration': self.calibration, 'test': self.test},
                       speakers=not self.speaker_dependent)


def check_disjoint(parts, speakers=True):
    """
    Check that no speaker and no recording occurs in two parts.

    :param parts: dict of name to pandas DataFrame with `corpus`, `speaker_id` and `sha1_pcm`
    :param speakers: whether speakers are looked at; recordings always are
    :raises SplitError: naming the first speaker or recording found twice
    """
    seen = {}
    for name, rows in parts.items():
        keys = {('recording', digest) for digest in rows['sha1_pcm']}
        if speakers:
            keys |= {('speaker', f'{corpus}/{speaker}')
                     for corpus, speaker in zip(rows['corpus'], rows['speaker_id'])}
        for kind, key in sorted(keys):
            if (kind, key) in seen:
                raise SplitError(f'{kind} {key} is in both {seen[kind, key]} and {name}: '
                                 'split by speaker, and list each recording once')
        seen.update(dict.fromkeys(keys, name))


def speaker_folds(index, folds=5, seed=0):
    """
    Deal the speakers of each corpus to folds.

    Speakers are shuffled within each sex and dealt round robin, women after men, so that each
    fold gets its share of both; each corpus starts at another fold, so that the folds that get
    one speaker more are not the same in all corpora.

    :param index: pandas DataFrame with `corpus`, `speaker_id` and, where known, `sex`
    :param folds: number of folds, at least 2
    :param seed: seed of the shuffle
    :return: dict of (corpus, speaker_id) to the fold that holds this speaker out
    :raises SplitError: if a corpus has fewer speakers than folds
    """
    if folds < 2:
        raise SplitError(f'folds is {folds}, expected at least 2')
    fold_of, first = {}, 0
    for corpus, rows in index.groupby('corpus', sort=True):
        sexes = rows.groupby('speaker_id')['sex'].first() if 'sex' in rows else \
            pd.Series('', index=sorted(set(rows['speaker_id'])))
        if len(sexes) < folds:
            raise SplitError(f'corpus {corpus} has {len(sexes)} speakers, too few for {folds} '
                             'folds that each hold one out: use fewer folds')
        rng = np.random.default_rng([seed, *corpus.encode()])
        dealt = [speaker for sex in ('m', 'f', '')
                 for speaker in rng.permutation(sorted(sexes.index[sexes == sex]))]
        for place, speaker in enumerate(dealt):
            fold_of[corpus, str(speaker)] = (first + place) % folds
        first = (first + len(dealt)) % folds
    return fold_of


def hold_out(index, fold, *, folds=5, seed=0, calibration_share=0.12):
    """
    Split an index for one fold of the cross-validation.

    :param index: pandas DataFrame as `read_index` gives it
    :param fold: which fold is the test, 0 to `folds` - 1
    :param folds: number of folds
    :param seed: seed of the folds; keep it fixed over the seeds of the training, so that these
        measure the training alone
    :param calibration_share: share of each corpus's training speakers set aside for calibration,
        at least one speaker a corpus when it is above 0
    :return: `Split`
    :raises SplitError: if the fold does not exist or a corpus has too few speakers
    """
    if not 0 <= fold < folds:
        raise SplitError(f'fold is {fold}, expected 0 to {folds - 1}')
    fold_of = speaker_folds(index, folds, seed)
    own = np.array([fold_of[key] for key in zip(index['corpus'], index['speaker_id'])])
    return split_apart(index[own != fold], index[own == fold], calibration_share, [seed, fold])


def hold_out_corpus(index, fold, *, seed=0, calibration_share=0.12):
    """
    Split an index so that a whole corpus is judged that no training clip comes from.

    :param index: pandas DataFrame as `read_index` gives it
    :param fold: which corpus is the test, counted from 0 in alphabetical order
    :param seed: seed of who is set aside for calibration
    :param calibration_share: see `hold_out`
    :return: `Split`
    :raises SplitError: if there is no such corpus, or no other to train on
    """
    corpora = sorted(set(index['corpus']))
    if len(corpora) < 2 or not 0 <= fold < len(corpora):
        raise SplitError(f'fold is {fold} and the corpora are {", ".join(corpora)}: expected two '
                         'or more corpora and the place of one of them, from 0')
    own = (index['corpus'] == corpora[fold]).to_numpy()
    return split_apart(index[~own], index[own], calibration_share, [seed, fold])


def random_clips(index, seed, shares=(0.7, 0.1, 0.2)):
    """
    Split an index at random by clip, so that everybody judged was heard in training.

    This is the 7:1:2 split of the paper. Within each corpus and emotion the clips are dealt in
    these shares. It is here to be compared with published figures, not to tell anything about
    people whom the model has not met.

    :param index: pandas DataFrame as `read_index` gives it
    :param seed: seed of the draw
    :param shares: shares of training, calibration and test, sum 1
    :return: `Split`, `speaker_dependent`
    :raises SplitError: if the shares do not add up
    """
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise SplitError(f'shares are {shares}, expected three that add up to 1')
    part = np.zeros(len(index), dtype=int)
    rng = np.random.default_rng(seed)
    places = pd.Series(np.arange(len(index)))
    for _, own in places.groupby([index['corpus'].to_numpy(), index['emotion'].to_numpy()]):
        dealt = rng.permutation(own.to_numpy())
        ends = np.round(np.cumsum(shares) * len(dealt)).astype(int)
        part[dealt[ends[0]:ends[1]]] = 1
        part[dealt[ends[1]:]] = 2
    return Split(*(index[part == number] for number in range(3)), speaker_dependent=True)


def split_apart(rest, test, calibration_share, seed):
    """
    Return the split that judges some rows and sets speakers of the others aside for calibration.

    :param rest: pandas DataFrame of whoever is not judged
    :param test: pandas DataFrame of whoever is
    :param calibration_share: see `hold_out`
    :param seed: seed, or list of them, of who is set aside
    :return: `Split`
    """
    inner = _calibration_speakers(rest, calibration_share, seed)
    held = np.array([key in inner for key in zip(rest['corpus'], rest['speaker_id'])], dtype=bool)
    return Split(train=rest[~held], calibration=rest[held], test=test)


def all_speakers(index):
    """
    Return the split of a model that ships: everybody trains, nobody is held out.

    :param index: pandas DataFrame as `read_index` gives it
    :return: `Split` with empty `calibration` and `test`
    """
    return Split(train=index, calibration=index.iloc[:0], test=index.iloc[:0])


def _calibration_speakers(rows, share, seed):
    """Choose the speakers set aside for calibration, as (corpus, speaker_id)."""
    if not 0 <= share < 1:
        raise SplitError(f'calibration_share is {share}, expected 0 or more and less than 1')
    chosen = set()
    if not share:
        return chosen
    for corpus, own in rows.groupby('corpus', sort=True):
        speakers = sorted(set(own['speaker_id']))
        if len(speakers) < 2:
            raise SplitError(f'corpus {corpus} has one training speaker left: nobody can be set '
                             'aside for calibration (calibration_share: 0 turns this off)')
        count = min(max(1, round(share * len(speakers))), len(speakers) - 1)
        rng = np.random.default_rng([*seed, *corpus.encode()])
        chosen.update((corpus, str(name)) for name in rng.permutation(speakers)[:count])
    return chosen
