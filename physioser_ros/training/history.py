"""What was heard of a speaker before, for the training of a model that adapts to speakers."""

from typing import NamedTuple, Optional

import numpy as np
import torch


class History(NamedTuple):
    """What was heard of the speakers of a batch before; zeros where nothing was."""

    #: Number of utterances, float32, shape (B, 1).
    count: torch.Tensor
    #: Mean over them of each utterance's mean backbone frame, float32, shape (B, L, D).
    frames: torch.Tensor
    #: The same of the quartet, float32, shape (B, 4, rows); None unless the model uses it.
    quartet: Optional[torch.Tensor]


class HeardBefore:
    """
    Draws other utterances of a clip's speaker, as a robot may have heard them.

    People are not balanced corpora: a third of the draws takes any utterances, a third mostly
    neutral ones, a third those of one emotion, so that no mixture becomes a hint at the answer.
    """

    #: Share of neutral utterances in a mostly neutral draw.
    NEUTRAL_SHARE = 0.7

    def __init__(self, store, digests, speakers, emotions, vocal=False):
        """
        Average each clip over time once.

        :param store: `FeatureStore`, filled for the clips
        :param digests: digests of the clips
        :param speakers: sequence of n names, unique over all corpora
        :param emotions: sequence of n labels, of which `neutral` has a meaning
        :param vocal: whether quartets are wanted as well
        """
        copies = range(store.views + 1)
        means = [[store.means(digest, view) for digest in digests] for view in copies]
        self._frames = np.stack([[pair[0] for pair in copy] for copy in means])
        self._quartets = np.stack([[pair[1] for pair in copy] for copy in means]) if vocal \
            else None
        self._emotions = np.asarray(emotions, dtype=str)
        names, self._speaker = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
        self._clips = [np.flatnonzero(self._speaker == number) for number in range(len(names))]

    def draw(self, numbers, views, rng, counts):
        """
        Draw a history for each clip of a batch.

        :param numbers: which clips
        :param views: copy of each, 0 the clean one; its history is of the same kind of copy
        :param rng: numpy Generator
        :param counts: numbers of utterances to draw from
        :return: `History`
        """
        frames = np.zeros((len(numbers), *self._frames.shape[2:]), np.float32)
        quartets = None if self._quartets is None else \
            np.zeros((len(numbers), *self._quartets.shape[2:]), np.float32)
        count = rng.choice(np.asarray(counts, dtype=int), len(numbers))
        for row, (number, view) in enumerate(zip(numbers, views)):
            chosen = self._choose(number, count[row], rng)
            count[row] = len(chosen)
            if len(chosen):
                frames[row] = self._frames[view, chosen].mean(0)
                if quartets is not None:
                    quartets[row] = self._quartets[view, chosen].mean(0)
        return History(torch.from_numpy(count[:, None].astype(np.float32)),
                       torch.from_numpy(frames),
                       None if quartets is None else torch.from_numpy(quartets))

    def _choose(self, number, count, rng):
        """Return up to `count` other clips of the clip's speaker."""
        clips = self._clips[self._speaker[number]]
        clips = clips[clips != number]
        kind = rng.integers(3)
        if not count or not len(clips):
            return clips[:0]
        if kind == 0:
            return rng.choice(clips, min(count, len(clips)), replace=False)
        emotions = self._emotions[clips]
        if kind == 1:
            return rng.choice(clips, count, p=_mostly(emotions == 'neutral', self.NEUTRAL_SHARE))
        own = clips[emotions == rng.choice(emotions)]
        return rng.choice(own, min(count, len(own)), replace=False)

    def quartet_mean(self):
        """Return the mean of the clean quartets, float32, shape (4, rows)."""
        return self._quartets[0].mean(0)


def _mostly(wanted, share):
    """Return probabilities that give what is wanted this share, if there is it and more."""
    count = wanted.sum()
    if not 0 < count < len(wanted):
        return np.full(len(wanted), 1 / len(wanted))
    return np.where(wanted, share / count, (1 - share) / (len(wanted) - count))
