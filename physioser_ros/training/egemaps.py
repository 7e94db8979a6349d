"""eGeMAPS functionals by openSMILE, the acoustic baseline of the field, computed once a clip."""

import os
from pathlib import Path

import numpy as np
from rich.progress import track

from physioser_ros.training.cache import cache_key
from physioser_ros.training.features import read_waveform, SAMPLE_RATE

#: Clips after which what is done is written down.
KEEP_EVERY = 500


class Functionals:
    """
    The 88 functionals of eGeMAPSv02 (Eyben et al., IEEE Trans. Affective Computing 2016).

    openSMILE's licence allows research and private use only: this is something to compare with,
    nothing that ships.
    """

    def __init__(self, folder, level_rms, max_seconds):
        """
        Open the cache, or start one.

        :param folder: folder of all caches
        :param level_rms: root mean square that every clip is brought to, as the model does it, so
            that the level of a corpus is no hint
        :param max_seconds: longest part of a recording that is used
        """
        self._level_rms, self._max_seconds = level_rms, max_seconds
        about = {'set': 'eGeMAPSv02', 'level_rms': level_rms, 'max_seconds': max_seconds}
        self._path = Path(folder) / f'egemaps-{cache_key(**about)}.npz'
        self._rows = {}
        if self._path.is_file():
            kept = np.load(self._path)
            self._rows = dict(zip(kept['digests'].tolist(), kept['values']))

    def fill(self, index, folder, quiet=False):
        """
        Compute what lacks.

        :param index: pandas DataFrame of the recordings
        :param folder: data folder that the index's paths start from
        :param quiet: show no progress bar
        :raises ModuleNotFoundError: if opensmile is not installed
        """
        lacking = [(digest, Path(folder) / path) for digest, path in
                   zip(index['sha1_pcm'], index['path']) if digest not in self._rows]
        if not lacking:
            return
        import opensmile
        smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02,
                                opensmile.FeatureLevel.Functionals)
        for number, (digest, path) in enumerate(track(lacking, 'eGeMAPS', disable=quiet), 1):
            waveform = read_waveform(path, self._max_seconds)
            # A clip shorter than a few frames has no functionals; silence behind it gives some.
            waveform = np.pad(waveform, (0, max(0, SAMPLE_RATE // 2 - len(waveform))))
            waveform *= self._level_rms / max(np.sqrt(np.mean(waveform ** 2)), 1e-8)
            values = smile.process_signal(waveform, SAMPLE_RATE).to_numpy(dtype=np.float32)[0]
            self._rows[digest] = np.nan_to_num(values)
            if number % KEEP_EVERY == 0 or number == len(lacking):
                self._write()

    def __call__(self, digest):
        """Return the functionals of a clip, float32, shape (88,)."""
        return self._rows[digest]

    def _write(self):
        """Write everything aside, then in place."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(f'.{os.getpid()}.part.npz')
        np.savez(part, digests=np.array(list(self._rows)), values=np.stack(
            list(self._rows.values())))
        part.rename(self._path)
