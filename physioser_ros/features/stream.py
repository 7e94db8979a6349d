"""The quartet while the sound is still coming in."""

import numpy as np

from physioser_ros.features.config import QuartetConfig
from physioser_ros.features.quartet import checked_waveform, Products, QuartetAnalysis


class QuartetStream:
    """
    Compute the quartet from blocks of any size.

    `push` answers at once, measured against the loudest bin so far (or a given one); `finish`
    returns the quartet of everything pushed against the loudest bin of all, the numbers of
    `quartet` on the whole utterance, with the transforms already done.

    :param config: `QuartetConfig`, the default one if None
    :param maximum: power of the loudest bin where it is known beforehand; None keeps a running
        maximum
    """

    def __init__(self, config=None, *, maximum=None):
        self._analysis = QuartetAnalysis(config or QuartetConfig(), np.float32)
        self._given = maximum
        self.reset()

    def reset(self):
        """Forget all sound."""
        self._pending = np.empty(0, self._analysis.dtype)
        self._plain = None
        self._power = None
        self._products = []
        self.maximum = 0.0 if self._given is None else self._given

    def push(self, samples, sample_rate=16000):
        """
        Return the quartet of the frames that `samples` complete.

        The rate rho compares a frame with the one before it under the same maximum, so that a
        louder sound does not make the past look like a fall.

        :param samples: float, shape (n,), mono, [-1, 1]; n may be 0
        :param sample_rate: in Hz
        :return: shape (4, rows, frames), perhaps with no frame
        :raises ValueError: for a wrong rate, shape or type, or NaN
        """
        analysis, config = self._analysis, self._analysis.config
        samples = checked_waveform(samples, sample_rate, config, 0)
        pending = np.concatenate([self._pending, samples.astype(analysis.dtype)])
        count = max(0, config.frames(pending.size))
        self._pending = pending[count * config.hop:]
        if not count:
            return np.empty((4, config.rows, 0), analysis.dtype)
        used = pending[:(count - 1) * config.hop + config.window]
        transforms = analysis.transforms(used)
        products = analysis.products(transforms, self._plain)
        self._products.append(products)
        first = products.power[:, :1] if self._power is None else self._power
        previous = np.concatenate([first, products.power[:, :-1]], axis=1)
        maximum = self._running(products.power)
        self._plain, self._power = transforms[0][:, -1], products.power[:, -1:]
        self.maximum = float(maximum[-1])
        floor = analysis.floor(maximum)
        return analysis.normalise(products, floor, analysis.magnitude(previous, floor))

    def _running(self, power):
        """Return the loudest power up to each frame, shape (frames,)."""
        if self._given is not None:
            return np.full(power.shape[1], self._given, power.dtype)
        return np.maximum(np.maximum.accumulate(power.max(0)), self.maximum)

    def finish(self):
        """
        Return the quartet of all frames since the last reset, then forget them.

        :return: shape (4, rows, frames)
        :raises ValueError: if less than one window was pushed
        """
        analysis = self._analysis
        if not self._products:
            raise ValueError('fewer samples were pushed than one window of '
                             f'{analysis.config.window}, so there is no frame yet')
        names = ('power', 'rate', 'frequency', 'delay')
        products = Products(*(np.concatenate([getattr(part, name) for part in self._products], 1)
                              for name in names))
        floor = analysis.floor(products.power.max() if self._given is None else self._given)
        magnitude = analysis.magnitude(products.power, floor)
        before = np.concatenate([magnitude[:, :1], magnitude[:, :-1]], axis=1)
        self.reset()
        return analysis.normalise(products, floor, before)
