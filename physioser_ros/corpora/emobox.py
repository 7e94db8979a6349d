"""
The folds of EmoBox, for figures that may stand beside its published ones.

Source: Ma et al., "EmoBox: Multilingual Multi-corpus Speech Emotion Recognition Toolkit and
Benchmark", Interspeech 2024. Its folds of RAVDESS hold four actors out each; those of EmoDB cut
through the speakers.
"""

from functools import lru_cache
from pathlib import Path

import yaml

from physioser_ros.corpora.splits import random_clips, Split, split_apart, SplitError

_FILE = Path(__file__).with_suffix('.yaml')


@lru_cache(maxsize=None)
def emobox_folds(corpus):
    """
    Return the folds of a corpus.

    :param corpus: name of the corpus
    :return: ('speakers' or 'clips', tuple of one frozenset a fold)
    :raises SplitError: if EmoBox has no folds of it here
    """
    known = yaml.safe_load(_FILE.read_text(encoding='utf-8'))
    if corpus not in known:
        raise SplitError(f'there are no EmoBox folds of {corpus}; there are of '
                         f'{", ".join(sorted(known))}')
    (kind, folds), = known[corpus].items()
    return kind, tuple(frozenset(fold.split() if isinstance(fold, str) else fold)
                       for fold in folds)


def hold_out_emobox(index, fold, *, seed=0, calibration_share=0.12):
    """
    Split the index of one corpus by a fold of EmoBox; what is not tested trains and calibrates.

    :param index: pandas DataFrame as `read_index` gives it, of one corpus
    :param fold: which fold is the test, from 0 (EmoBox counts from 1)
    :param seed: seed of what is set aside for calibration
    :param calibration_share: share of the training part set aside: speakers, or clips where the
        folds cut through the speakers
    :return: `Split`
    :raises SplitError: if there is more than one corpus, or no such fold
    """
    corpora = sorted(set(index['corpus']))
    if len(corpora) != 1:
        raise SplitError(f'EmoBox folds are of one corpus, the data has {", ".join(corpora)}: '
                         'choose one')
    kind, folds = emobox_folds(corpora[0])
    if not 0 <= fold < len(folds):
        raise SplitError(f'fold is {fold}, expected 0 to {len(folds) - 1}: EmoBox has '
                         f'{len(folds)} folds of {corpora[0]}')
    names = index['speaker_id'].str.rpartition('_')[2] if kind == 'speakers' else \
        index['path'].map(lambda path: Path(path).stem)
    own = names.isin(folds[fold]).to_numpy()
    if not own.any():
        raise SplitError(f'nothing of the data is in EmoBox fold {fold} of {corpora[0]}: its '
                         f'{kind} are named otherwise')
    rest, test = index[~own], index[own]
    if kind == 'speakers':
        return split_apart(rest, test, calibration_share, [seed, fold])
    inner = random_clips(rest, [seed, fold], (1 - calibration_share, calibration_share, 0))
    return Split(inner.train, inner.calibration, test, speaker_dependent=True)
