"""
A cache of arrays, one a clip, memory-mapped: what is frozen is computed once.

A cache is a folder named after everything that the arrays depend on; a clip in it is known by the
digest of its samples. Arrays lie end to end along time in shards, each with a table of which clip
starts where. A shard is written aside and renamed when it is complete, so that an interrupted
run loses one shard at most and the next run goes on from there.
"""

import hashlib
import json
import os
from pathlib import Path
import shutil

import numpy as np

#: Clips a shard.
SHARD_CLIPS = 256


def cache_key(**parts):
    """
    Return a short digest of everything that cached arrays depend on.

    :param parts: values that JSON can write
    :return: str, 16 hexadecimal digits
    """
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ArrayCache:
    """Arrays of shape (time, ...) in float16, one a clip, in a folder."""

    def __init__(self, folder):
        """
        Open a cache, or start one.

        :param folder: path of the folder; made when the first shard is written
        """
        self._folder = Path(folder)
        self._arrays, self._places = [], {}
        for shard in sorted(self._folder.glob('shard-*')):
            if shard.suffix != '.part':
                self._open(shard)

    def __contains__(self, digest):
        """Return whether the clip with this digest is here."""
        return digest in self._places

    def __len__(self):
        """Return the number of clips."""
        return len(self._places)

    def __getitem__(self, digest):
        """
        Return a clip's array.

        :param digest: digest of the clip's samples
        :return: float16, shape (time, ...), read-only, mapped from the file
        :raises KeyError: if the clip is not here
        """
        shard, start, stop = self._places[digest]
        return self._arrays[shard][start:stop]

    def missing(self, digests):
        """Return those of `digests` that are not here, in their order."""
        return [digest for digest in digests if digest not in self._places]

    def fill(self, digests, compute, shard_clips=SHARD_CLIPS):
        """
        Compute and store what is missing.

        :param digests: digests of the clips that must be here afterwards
        :param compute: callable of a digest to an array of shape (time, ...), finite in float16
        :param shard_clips: clips a shard
        :raises ValueError: if an array does not fit into float16
        """
        todo = self.missing(dict.fromkeys(digests))
        for first in range(0, len(todo), shard_clips):
            names = todo[first:first + shard_clips]
            self._write(names, [_half(name, compute(name)) for name in names])

    def _write(self, names, arrays):
        """Write one shard and open it."""
        number = len(self._arrays)
        final = self._folder / f'shard-{number:04d}'
        part = final.with_suffix(f'.{os.getpid()}.part')
        part.mkdir(parents=True)
        ends = np.cumsum([len(array) for array in arrays]).tolist()
        np.save(part / 'values.npy', np.concatenate(arrays))
        (part / 'clips.json').write_text(json.dumps({'digests': names, 'ends': ends}))
        if final.exists():
            shutil.rmtree(part)
            raise FileExistsError(f'{final} appeared meanwhile: another process fills this cache; '
                                  'wait for it and run again')
        part.rename(final)
        self._open(final)

    def _open(self, shard):
        """Map one shard."""
        table = json.loads((shard / 'clips.json').read_text())
        starts = [0, *table['ends'][:-1]]
        number = len(self._arrays)
        self._arrays.append(np.load(shard / 'values.npy', mmap_mode='r'))
        for digest, start, stop in zip(table['digests'], starts, table['ends']):
            self._places[digest] = (number, start, stop)


def _half(name, array):
    """Return `array` in float16, or refuse what does not fit."""
    with np.errstate(over='ignore'):
        half = np.asarray(array).astype(np.float16)
    if not np.isfinite(half).all():
        raise ValueError(f'clip {name}: values beyond the range of float16 or not finite')
    return half
