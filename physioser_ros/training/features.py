"""
Frozen features of a data folder: backbone frames and quartets, computed once and cached.

Both come from the model's own parts, in the order of `PhysioSER.forward`, so that training sees
what the exported model will compute. They are kept apart: another quartet does not cost another
pass of the backbone.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.progress import track
import soundfile
import soxr
import torch

from physioser_ros.model import normalise_level
from physioser_ros.training.augmentation import degrade
from physioser_ros.training.cache import ArrayCache, cache_key, SHARD_CLIPS

#: Sampling rate of the model in Hz.
SAMPLE_RATE = 16000


class FeatureStore:
    """The caches of one model's features, clean and degraded."""

    def __init__(self, frames, quartets, frame_step_s, quartet_step_s):
        """
        Keep the caches.

        :param frames: list of `ArrayCache`, clean copy first, of arrays (T, L, D); None for a
            model without latent branch
        :param quartets: the same of arrays (Tq, 4, rows); None for a model without vocal branch
        :param frame_step_s: step of the frames in seconds
        :param quartet_step_s: step of the quartet in seconds
        """
        #: The caches that there are, latent branch first; each a list, clean copy first.
        self.caches = [caches for caches in (frames, quartets) if caches is not None]
        self._frames, self._quartets = frames, quartets
        #: Steps in seconds.
        self.frame_step_s, self.quartet_step_s = frame_step_s, quartet_step_s
        #: Number of degraded copies.
        self.views = len(self.caches[0]) - 1

    def read(self, digest, view=0):
        """
        Return a clip's features.

        :param digest: digest of the clip's samples
        :param view: 0 the clean copy, 1 and up the degraded ones
        :return: frames float16 (T, L, D) or None, and quartet float16 (Tq, 4, rows) or None
        """
        return tuple(None if caches is None else caches[view][digest]
                     for caches in (self._frames, self._quartets))

    def means(self, digest, view=0):
        """
        Return a clip's features averaged over time.

        :param digest: digest of the clip's samples
        :param view: 0 the clean copy, 1 and up the degraded ones
        :return: float32 (L, D) or None, and float32 (4, rows) or None
        """
        return tuple(None if array is None else array.mean(0, dtype=np.float32)
                     for array in self.read(digest, view))

    def frame_statistics(self, digests):
        """
        Return mean and standard deviation of the clean frames, per layer and dimension.

        :param digests: digests of the training clips
        :return: two float32 arrays of shape (L, D)
        """
        count, total, squares = 0, 0.0, 0.0
        for digest in digests:
            frames = self.read(digest)[0].astype(np.float64)
            count += len(frames)
            total = total + frames.sum(0)
            squares = squares + (frames ** 2).sum(0)
        mean = total / count
        deviation = np.sqrt(np.maximum(squares / count - mean ** 2, 1e-8))
        return mean.astype(np.float32), deviation.astype(np.float32)


def feature_store(model, folder, options, views=None):
    """
    Open the caches of a model's features.

    :param model: `PhysioSER`
    :param folder: folder of all caches
    :param options: `FeatureOptions`
    :param views: number of degraded copies; None: as the options say
    :return: `FeatureStore`; `fill` it before reading
    """
    views = options.views if views is None else views
    config = model.config
    common = {'max_seconds': options.max_seconds, 'level_rms': config.level_rms}
    copies = [{'seed': options.view_seed, 'view': view, 'degrade': asdict(options.degrade)}
              if view else {} for view in range(views + 1)]

    def caches(kind, about):
        return [ArrayCache(Path(folder) / f'{kind}-{cache_key(**common, **about, copy=copy)}')
                for copy in copies]

    frames = quartets = None
    step_s = config.quartet.frame_step_s
    if model.uses_ssl:
        step_s = model.backbone.frame_step_s * config.latent.frame_pool
        frames = caches('frames', {'digest': model.backbone.digest,
                                   'layers': list(model.backbone.layers),
                                   'frame_pool': config.latent.frame_pool})
    if model.uses_vap:
        quartets = caches('quartet', {'quartet': asdict(config.quartet)})
    return FeatureStore(frames, quartets, step_s, config.quartet.frame_step_s)


def fill(store, model, index, folder, options, quiet=False):
    """
    Compute what a store lacks.

    :param store: `FeatureStore`
    :param model: `PhysioSER` that the store was opened for
    :param index: pandas DataFrame of the recordings
    :param folder: data folder that the index's paths start from
    :param options: `FeatureOptions`
    :param quiet: show no progress bar
    """
    paths = dict(zip(index['sha1_pcm'], (Path(folder) / path for path in index['path'])))
    model.eval()
    for view in range(store.views + 1):
        caches = [copies[view] for copies in store.caches]
        todo = list(dict.fromkeys(digest for cache in caches
                                  for digest in cache.missing(paths)))
        shards = [todo[first:first + SHARD_CLIPS] for first in range(0, len(todo), SHARD_CLIPS)]
        title = f'features, degraded copy {view}' if view else 'features'
        for shard in track(shards, title, disable=quiet or not shards):
            features = {digest: _extract(model, paths[digest], digest, view, options)
                        for digest in shard}
            for place, cache in enumerate(caches):
                cache.fill(shard, lambda digest, place=place: features[digest][place])


@torch.inference_mode()
def extract(model, waveform):
    """
    Compute what is frozen of one clip.

    :param model: `PhysioSER` with its backbone
    :param waveform: float32, shape (n,), mono, 16 kHz
    :return: list of the arrays that the model needs, float16: frames (T, L, D), averaged as the
        latent branch averages them, and quartet (Tq, 4, rows)
    """
    # One clip at a time: no padding, so nothing depends on which clips share a batch.
    rows = torch.from_numpy(np.ascontiguousarray(waveform, dtype=np.float32))[None]
    rows = torch.nn.functional.pad(rows, (0, max(0, model.min_samples - rows.shape[1])))
    rows = normalise_level(rows, None, model.config.level_rms)
    arrays = []
    if model.uses_ssl:
        frames, _ = model.latent.pool_frames(model.backbone(rows)[0])
        arrays.append(frames[0].transpose(0, 1))
    if model.uses_vap:
        arrays.append(model.quartet(rows)[0][0].permute(2, 0, 1))
    return [array.to(torch.float16).numpy() for array in arrays]


def read_waveform(path, max_seconds=None):
    """
    Read a recording as the model hears it.

    :param path: path of an audio file
    :param max_seconds: longest part that is read; None reads all
    :return: float32, shape (n,), mono, 16 kHz
    :raises ValueError: if the file cannot be read or holds no sample
    """
    try:
        samples, rate = soundfile.read(str(path), dtype='float32', always_2d=True)
    # What soundfile raises; the release of Ubuntu 22.04 has no name of its own for it.
    except RuntimeError as error:
        raise ValueError(f'{path} cannot be read as audio: {error}') from error
    waveform = samples.mean(1)
    if rate != SAMPLE_RATE:
        waveform = soxr.resample(waveform, rate, SAMPLE_RATE)
    if not len(waveform):
        raise ValueError(f'{path} holds no sample')
    return waveform if max_seconds is None else waveform[:int(max_seconds * SAMPLE_RATE)]


def _extract(model, path, digest, view, options):
    """Return the arrays of one copy of one clip."""
    waveform = read_waveform(path, options.max_seconds)
    if view:
        rng = np.random.default_rng([options.view_seed, view, int(digest[:15], 16)])
        waveform = degrade(waveform, options.degrade, rng, SAMPLE_RATE)
    return extract(model, waveform)
