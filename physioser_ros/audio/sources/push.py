"""Sound that somebody else captures and hands over, block by block."""

from queue import Empty, Full, Queue

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.sources.base import RawBlock, Source

#: Blocks that may wait; at the usual 20 to 100 ms a block more than enough for a busy moment.
DEPTH = 512


class PushSource(Source):
    """Take blocks by :meth:`push` from any thread."""

    name = 'topic'

    def __init__(self):
        self._blocks = Queue(DEPTH)
        self._lost = False
        self._dropped = 0
        self._running = False

    def configure(self):
        """Nothing can be wrong yet."""

    def start(self):
        """Take blocks from now on."""
        self._running = True

    def push(self, samples, stamp_ns, rate=SAMPLE_RATE):
        """
        Hand over a block; a full queue loses it, which the next block says.

        :param samples: int16 or float32, shape `(n,)` or `(n, channels)`
        :param stamp_ns: capture time of its first sample in ns
        :param rate: Hz
        :raises ValueError: for another type, shape or rate, or without any sample
        """
        samples = np.asarray(samples)
        if samples.dtype not in (np.int16, np.float32) or samples.ndim not in (1, 2):
            raise ValueError(f'samples are {samples.dtype} of shape {samples.shape}, expected '
                             'int16 or float32 of shape (n,) or (n, channels)')
        if not len(samples) or not 1000 <= rate <= 384000:
            raise ValueError(f'{len(samples)} samples at {rate} Hz, expected at least one at '
                             '1000 to 384000 Hz')
        if not self._running:
            return
        block = RawBlock(samples.reshape(len(samples), -1), int(rate), stamp_ns, self._lost)
        try:
            self._blocks.put_nowait(block)
            self._lost = False
        except Full:
            self._lost = True
            self._dropped += 1

    def read(self, timeout_s):
        """Return the next block."""
        try:
            return self._blocks.get(timeout=timeout_s)
        except Empty:
            return None

    def stop(self):
        """Take no more blocks and forget those that wait."""
        self._running = False
        while not self._blocks.empty():
            self._blocks.get_nowait()

    def counters(self):
        """Return how many blocks found the queue full."""
        return {'overflows': self._dropped}
