"""Batches from cached features: random crops to train on, whole clips to judge."""

from typing import NamedTuple, Optional

import numpy as np
import torch

from physioser_ros.training.history import History
from physioser_ros.training.losses import NO_LABEL


class Batch(NamedTuple):
    """Clips of one step, padded at their end."""

    #: Backbone frames, float32, shape (B, L, T, D); None for a model without latent branch.
    frames: Optional[torch.Tensor]
    #: Frames that are real, int64, shape (B,); None with the above.
    frame_lengths: Optional[torch.Tensor]
    #: Quartet, float32, shape (B, 4, F, Tq); None for a model without vocal branch.
    quartet: Optional[torch.Tensor]
    #: Quartet frames that are real, int64, shape (B,); None with the above.
    quartet_lengths: Optional[torch.Tensor]
    #: Indices of the labels, int64, shape (B,); `NO_LABEL` for what is no speech.
    targets: torch.Tensor
    #: Weights of the clips in the loss, float32, shape (B,).
    weights: torch.Tensor
    #: What was heard of each clip's speaker before; None for a model that does not adapt.
    history: Optional[History] = None


class FeatureSet:
    """The cached features of some recordings, all their copies, with labels and weights."""

    def __init__(self, store, digests, targets, weights=None, heard=None, sounds=()):
        """
        Keep what is needed to cut batches.

        :param store: `FeatureStore`, filled for `digests`
        :param digests: digests of the clips
        :param targets: int, shape (n,), indices of the labels
        :param weights: float, shape (n,); None: all 1
        :param heard: `HeardBefore` of the same clips, for a model that adapts to speakers
        :param sounds: features of sounds without speech, as `store` reads those of clips
        """
        self.store, self.heard, self.sounds = store, heard, sounds
        self.digests = list(digests)
        self.targets = np.asarray(targets, dtype=np.int64)
        self.weights = np.ones(len(self.digests), np.float32) if weights is None else \
            np.asarray(weights, dtype=np.float32)

    def __len__(self):
        """Return the number of clips."""
        return len(self.digests)

    def whole(self, numbers):
        """
        Cut a batch of whole clean clips.

        :param numbers: which clips
        :return: `Batch`
        """
        pairs = [self.store.read(self.digests[number]) for number in numbers]
        return self._batch(numbers, pairs)

    def crops(self, numbers, rng, options):
        """
        Cut a batch of random crops of random copies, sounds without speech behind them.

        :param numbers: which clips
        :param rng: numpy Generator
        :param options: `TrainingOptions`
        :return: `Batch`
        """
        store, duration_s = self.store, rng.uniform(*options.crop_s)
        pairs, views = [], []
        for number in numbers:
            view, place = 0, rng.random()
            if store.views and rng.random() >= options.clean_share:
                view = 1 + rng.integers(store.views)
            views.append(view)
            pairs.append(self._crop(*store.read(self.digests[number], view), place, duration_s,
                                    rng, options))
        strangers = round(options.non_speech * len(numbers)) if self.sounds else 0
        for _ in range(strangers):
            sound = self.sounds[rng.integers(len(self.sounds))]
            pairs.append(self._crop(*sound, rng.random(), duration_s, rng, options))
        batch = self._batch(numbers, pairs)
        if self.heard is None:
            return batch
        # A sound comes between what people say: it has the history of one of them.
        return batch._replace(history=self.heard.draw(
            [*numbers, *numbers[:strangers]], [*views, *views[:strangers]], rng, options.history))

    def _crop(self, frames, quartet, place, duration_s, rng, options):
        """Cut the features of a clip at `place`, 0 to 1, and mask the quartet."""
        store = self.store
        clip_s = len(quartet) * store.quartet_step_s if frames is None else \
            len(frames) * store.frame_step_s
        # On the grid of the coarser frames, so that both branches see the same stretch.
        start_s = store.frame_step_s * round(
            place * max(0.0, clip_s - duration_s) / store.frame_step_s)
        frames = _stretch(frames, start_s, duration_s, store.frame_step_s)
        quartet = _stretch(quartet, start_s, duration_s, store.quartet_step_s)
        if quartet is not None:
            quartet = np.array(quartet)
            mask(quartet, rng, options.mask_frames, options.mask_bands)
        return frames, quartet

    def _batch(self, numbers, pairs):
        """Pad and stack; pairs beyond the numbers are of no speech."""
        strangers = len(pairs) - len(numbers)
        frames, quartets = (None if arrays[0] is None else padded(arrays)
                            for arrays in zip(*pairs))
        return Batch(
            *((None, None) if frames is None else (frames[0].transpose(1, 2), frames[1])),
            *((None, None) if quartets is None else
              (quartets[0].permute(0, 2, 3, 1).contiguous(), quartets[1])),
            torch.from_numpy(np.append(self.targets[numbers], np.full(strangers, NO_LABEL))),
            torch.from_numpy(np.append(self.weights[numbers], np.ones(strangers, np.float32))))


def _stretch(array, start_s, duration_s, step_s):
    """Return part of an array along time, at least one frame; None stays None."""
    if array is None:
        return None
    start = min(round(start_s / step_s), len(array) - 1)
    return array[start:start + max(1, round(duration_s / step_s))]


def padded(arrays):
    """
    Stack arrays of unequal length, zeros behind the shorter ones.

    :param arrays: list of B arrays of shape (time, ...)
    :return: float32 tensor (B, longest, ...) and int64 tensor (B,) of lengths
    """
    lengths = [len(array) for array in arrays]
    out = np.zeros((len(arrays), max(lengths), *arrays[0].shape[1:]), np.float32)
    for row, array in zip(out, arrays):
        row[:len(array)] = array
    return torch.from_numpy(out), torch.tensor(lengths)


def mask(quartet, rng, frames_share, bands_share):
    """
    Zero a random stretch of frames and a random stretch of bands (SpecAugment), in place.

    :param quartet: shape (Tq, 4, F)
    :param rng: numpy Generator
    :param frames_share: widest stretch as a share of the frames
    :param bands_share: widest stretch as a share of the bands
    """
    for axis, share in ((0, frames_share), (2, bands_share)):
        size = quartet.shape[axis]
        width = int(rng.uniform(0, share) * size)
        start = rng.integers(0, size - width + 1)
        quartet[(slice(None),) * axis + (slice(start, start + width),)] = 0
