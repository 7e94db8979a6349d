"""An audio file as a microphone."""

from pathlib import Path
from threading import Event
import time

import numpy as np

from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.sources.base import RawBlock, Source, SourceEnd

BLOCK_S = 0.03


class FileSource(Source):
    """
    Play a file, at the pace of speech or as fast as it is taken.

    What it delivers does not depend on the pace.

    :param path: a file in any format that libsndfile reads
    :param now_ns: the clock; the file begins when it is started
    :param realtime: deliver a block when its last sample would have been spoken
    :param loop: begin again at the end; the seam is a gap, no word goes across it
    """

    def __init__(self, path, now_ns, realtime=True, loop=False):
        self._path = Path(path).expanduser()
        self._now_ns = now_ns
        self._realtime = realtime
        self._loop = loop
        self._file = None
        self._stopped = Event()
        self.name = str(path)

    def configure(self):
        """Check that the file can be read."""
        with self._opened() as file:
            self.rate, self.channels = file.samplerate, file.channels
            # 16-bit samples pass unchanged, everything else as float.
            self._dtype = 'int16' if file.subtype == 'PCM_16' else 'float32'
            if file.frames == 0:
                raise AudioError(f'{self._path} holds no sound: give another file.path')

    def start(self):
        """Open the file; its first sample is now."""
        self._stopped.clear()
        self._file = self._opened()
        self._start_ns, self._start_s = self._now_ns(), time.monotonic()
        self._delivered = 0

    def read(self, timeout_s):
        """Return the next block; with `realtime` as soon as it would have been heard."""
        if self._realtime and not self._wait(timeout_s):
            return None
        samples, seam = self._next()
        stamp_ns = self._start_ns + self._delivered * 1_000_000_000 // self.rate
        self._delivered += len(samples)
        return RawBlock(samples, self.rate, stamp_ns, seam)

    def stop(self):
        """Close the file."""
        self._stopped.set()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self):
        import soundfile
        if not self._path.is_file():
            raise AudioError(f'there is no audio file {self._path}: set file.path to one')
        try:
            return soundfile.SoundFile(self._path)
        # What soundfile raises; the release of Ubuntu 22.04 has no SoundFileError.
        except RuntimeError as error:
            raise AudioError(f'{self._path} is no audio file that can be read ({error}): '
                             'give a WAV, FLAC, OGG or MP3 file') from error

    def _wait(self, timeout_s):
        """Wait until the next block is due; return whether it is."""
        due_s = self._start_s + self._delivered / self.rate + BLOCK_S
        left_s = due_s - time.monotonic()
        if left_s > 0:
            self._stopped.wait(min(left_s, timeout_s))
        return left_s <= timeout_s

    def _next(self):
        """Return samples, and whether they follow the end of the file instead of its sound."""
        count, seam = max(1, round(BLOCK_S * self.rate)), False
        try:
            samples = self._file.read(count, dtype=self._dtype, always_2d=True)
            if not len(samples) and self._loop:
                seam = True
                self._file.seek(0)
                samples = self._file.read(count, dtype=self._dtype, always_2d=True)
        except RuntimeError as error:
            raise AudioError(f'{self._path} cannot be read on ({error}): the file is '
                             'damaged') from error
        if not len(samples):
            raise SourceEnd
        return np.ascontiguousarray(samples), seam
