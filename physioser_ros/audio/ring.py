"""The memory of the segmenter: the samples it has not yet decided upon."""

from collections import deque

import numpy as np

from physioser_ros.audio.block import samples_to_ns


class SampleRing:
    """A growing and shrinking window over a stream of int16 samples, addressed by index.

    The window holds no gap: whoever pushes after one must empty the ring before.
    """

    def __init__(self):
        self._samples = np.zeros(1 << 15, np.int16)
        self._head = 0
        self._count = 0
        self._stamps = deque()
        self.start = 0

    def __len__(self):
        """Return the number of samples held."""
        return self._count

    @property
    def end(self):
        """Index of the sample after the last one."""
        return self.start + self._count

    def restart(self, index):
        """Empty the ring; the next sample pushed has this index."""
        self.start, self._count, self._head = index, 0, 0
        self._stamps.clear()

    def append(self, samples, stamp_ns):
        """Add samples, int16 `(n,)`, the first of them captured at `stamp_ns`."""
        count = len(samples)
        self._stamps.append((self.end, stamp_ns))
        if self._head + self._count + count > len(self._samples):
            self._make_room(count)
        tail = self._head + self._count
        self._samples[tail:tail + count] = samples
        self._count += count

    def _make_room(self, count):
        held = self._samples[self._head:self._head + self._count]
        size = len(self._samples)
        while size < 2 * (self._count + count):
            size *= 2
        grown = np.zeros(size, np.int16)
        grown[:self._count] = held
        self._samples, self._head = grown, 0

    def read(self, start, end):
        """Return a copy of the samples with index in [start, end)."""
        if not self.start <= start <= end <= self.end:
            raise IndexError(f'samples {start} to {end} are not in {self.start} to {self.end}')
        offset = self._head + start - self.start
        return self._samples[offset:offset + end - start].copy()

    def drop_before(self, index):
        """Forget the samples before `index`."""
        count = index - self.start
        if not 0 <= count <= self._count:
            raise IndexError(f'sample {index} is not in {self.start} to {self.end}')
        self.start += count
        self._head += count
        self._count -= count
        while len(self._stamps) > 1 and self._stamps[1][0] <= index:
            self._stamps.popleft()

    def stamp_ns(self, index):
        """Return the capture time of sample `index` in ns, by the block it came in."""
        first, stamp = self._stamps[0]
        for start, start_ns in self._stamps:
            if start > index:
                break
            first, stamp = start, start_ns
        return stamp + samples_to_ns(index - first)
