"""Fit a model on cached features, resumably."""

import logging
from pathlib import Path
import warnings

import lightning
from lightning.pytorch.callbacks import ModelCheckpoint
import numpy as np
import torch

from physioser_ros.training.callbacks import AveragedWeights, EpochLog
from physioser_ros.training.data import FeatureSet
from physioser_ros.training.losses import balanced_weights
from physioser_ros.training.module import EmotionModule, forward

#: Clips a batch when judging.
JUDGED_CLIPS = 16


class CropBatches(torch.utils.data.IterableDataset):
    """Batches of one epoch after another, each epoch a function of the seed and its number."""

    def __init__(self, features, options, seed):
        """
        Keep what is drawn from.

        :param features: `FeatureSet`
        :param options: `TrainingOptions`
        :param seed: seed of the order, the copies and the crops
        """
        super().__init__()
        self._features, self._options, self._seed = features, options, seed
        self._epoch = 0

    def __len__(self):
        """Return the number of batches an epoch; clips that fill none wait for the next epoch."""
        return max(1, len(self._features) // self._options.batch_size)

    def set_epoch(self, epoch):
        """Take the number of the epoch, so that a resumed training draws what it would have."""
        self._epoch = epoch

    def __iter__(self):
        """Yield the batches of the epoch."""
        rng = np.random.default_rng([self._seed, self._epoch])
        order, size = rng.permutation(len(self._features)), self._options.batch_size
        for number in range(len(self)):
            yield self._features.crops(order[number * size:(number + 1) * size], rng,
                                       self._options)


class _Epochs(lightning.Callback):
    """Make each epoch a function of the seed and its number, however often it is resumed."""

    def __init__(self, batches, seed):
        self._batches, self._seed = batches, seed

    def on_train_start(self, trainer, module):
        self._batches.set_epoch(trainer.current_epoch)

    def on_train_epoch_start(self, trainer, module):
        self._batches.set_epoch(trainer.current_epoch)

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        # Not at the start of the epoch: the loader draws a number of its own in between.
        if batch_idx == 0:
            torch.manual_seed(self._seed * 100_003 + trainer.current_epoch)


def feature_set(store, rows, labels, corpus_power=None, heard=None, sounds=()):
    """
    Return the features of some rows of an index.

    :param store: `FeatureStore`, filled for them
    :param rows: pandas DataFrame
    :param labels: tuple of the model's labels, in order
    :param corpus_power: see `balanced_weights`; None: every clip counts the same
    :param heard: `HeardBefore` of the same rows, for a model that adapts to speakers
    :param sounds: features of sounds without speech
    :return: `FeatureSet`
    """
    targets = [labels.index(label) for label in rows['emotion_norm']]
    weights = None if corpus_power is None else balanced_weights(
        rows['corpus'], rows['emotion_norm'], corpus_power)
    return FeatureSet(store, rows['sha1_pcm'], targets, weights, heard, sounds)


def fit(model, features, options, seed, folder, say=None):
    """
    Train a model; go on where an interrupted training of the same folder stopped.

    :param model: `PhysioSER` without backbone; its weights are changed in place
    :param features: `FeatureSet` of the training clips
    :param options: `TrainingOptions`
    :param seed: seed of everything that is drawn in training
    :param folder: run folder, for `log.csv` and `checkpoints/`
    :param say: callable of one line of text, told of each epoch
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    batches = CropBatches(features, options, seed)
    torch.manual_seed(seed)
    module = EmotionModule(model.train(), options, len(batches) * options.epochs)
    last = folder / 'checkpoints' / 'last.ckpt'
    callbacks = [
        _Epochs(batches, seed), EpochLog(folder / 'log.csv', say),
        ModelCheckpoint(last.parent, filename='epoch', save_last=True, save_top_k=1,
                        every_n_epochs=1, enable_version_counter=False)]
    if options.ema_decay:
        callbacks.insert(0, AveragedWeights(options.ema_decay))
    with warnings.catch_warnings():
        # Features come from memory-mapped files: workers would only copy them.
        warnings.filterwarnings('ignore', message='.*does not have many workers.*')
        warnings.filterwarnings('ignore', message='.*`__len__` defined.*')
        warnings.filterwarnings('ignore', message='.*exists and is not empty.*')
        warnings.filterwarnings('ignore', message='.*LeafSpec.*')
        logging.getLogger('lightning.pytorch').setLevel(logging.WARNING)
        trainer = lightning.Trainer(
            max_epochs=options.epochs, callbacks=callbacks, logger=False, accelerator='auto',
            devices=1, gradient_clip_val=options.gradient_clip, enable_progress_bar=False,
            enable_model_summary=False, default_root_dir=folder)
        trainer.fit(module, torch.utils.data.DataLoader(batches, batch_size=None),
                    ckpt_path=last if last.exists() else None)
    if trainer.interrupted:
        raise KeyboardInterrupt
    model.eval()


@torch.inference_mode()
def logits_of(model, features):
    """
    Return a model's logits for whole clips.

    :param model: `PhysioSER`
    :param features: `FeatureSet`
    :return: dict of `logits`, float32 (n, C); `branch_weights`, float32 (n, 2); `branch_logits`,
        float32 (n, 2, C); `gate`, float32 (n,)
    """
    model.eval()
    lengths = [len(next(part for part in features.store.read(digest) if part is not None))
               for digest in features.digests]
    order = np.argsort(lengths, kind='stable')
    found = {}
    for first in range(0, len(order), JUDGED_CLIPS):
        numbers = order[first:first + JUDGED_CLIPS]
        output = forward(model, features.whole(numbers))
        for name in ('logits', 'branch_weights', 'branch_logits', 'gate'):
            values = getattr(output, name).numpy()
            if name not in found:
                found[name] = np.zeros((len(order), *values.shape[1:]), np.float32)
            found[name][numbers] = values
    return found
