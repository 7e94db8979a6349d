"""From what a source gives to mono 16 kHz blocks with true capture times."""

import numpy as np

from physioser_ros.audio.block import AudioBlock, SAMPLE_RATE, samples_to_ns
from physioser_ros.audio.clock import SampleClock
from physioser_ros.audio.errors import AudioError

#: A block captured so much later than the samples before it account for follows a loss, in ns.
#: The stamps of others are less exact than those of a device.
LOSS_NS = 500_000_000
DEVICE_LOSS_NS = 150_000_000
#: So many blocks in a row whose stamps followed each other to 2 ms: then half a block is a loss.
EXACT_BLOCKS, EXACT_NS = 10, 2_000_000
#: Blocks that repeat the past and are refused before it is believed that time began anew.
REPETITIONS = 10


class RefusedBlock(ValueError):
    """A block that holds no sound."""


class RepeatedBlock(RefusedBlock):
    """A block captured no later than the one before; what follows it is not affected."""


class Converter:
    """
    Select channels, apply the gain, resample, count samples and stamp.

    :param channels: numbers of the channels in use
    :param mix: `first` of them or their `mean`
    :param gain_db: gain in dB
    """

    def __init__(self, channels=(0,), mix='first', gain_db=0.0):
        self.configure(channels, mix, gain_db)
        self._clock = SampleClock()
        self._rate = 0
        self._resampler = None
        self._index = 0
        self._taken = self._given = 0
        self._origin_ns = 0
        self._gap = False
        self._expected_ns = None
        self._last_ns = None
        self._repeated = self._exact = 0

    def configure(self, channels, mix, gain_db):
        """Take over new values of the arguments of the constructor."""
        self._channels, self._mix = tuple(channels), mix
        self._gain = 10 ** (gain_db / 20)

    @property
    def reanchored(self):
        """Return how often the clock jumped."""
        return self._clock.reanchored

    def convert(self, raw):
        """
        Return the blocks that a `RawBlock` becomes: none or one, two after a loss.

        :raises RefusedBlock: for NaN or infinite samples, or a channel that is not there
        :raises RepeatedBlock: for a block that came twice or out of order
        :raises AudioError: when the rate needs soxr and it is not installed
        """
        mono = self._mono(raw.samples)
        anew = self._check_order(raw)
        blocks = []
        lost_ns = 0 if self._expected_ns is None else raw.steady_ns - self._expected_ns
        if raw.lost or anew or lost_ns > self._loss_ns(raw) or raw.rate != self._rate:
            blocks += self._begin(raw, max(0, lost_ns))
        self._exact = self._exact + 1 if abs(lost_ns) <= EXACT_NS else 0
        self._expected_ns = raw.steady_ns + len(mono) * 1_000_000_000 // raw.rate
        position_ns = self._taken * 1_000_000_000 // raw.rate
        stamp_ns = self._clock.observe(position_ns, raw.stamp_ns).stamp_ns
        self._origin_ns = stamp_ns - position_ns
        self._taken += len(mono)
        return blocks + self._emit(self._resampled(mono))

    def flush(self):
        """Return what the resampler still holds, as a list of blocks."""
        if self._resampler is None:
            return []
        rest = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        self._resampler = None
        self._rate = 0
        return self._emit(self._to_int16(rest))

    def interrupt(self):
        """Note that sound was lost: the next block begins anew."""
        self._rate = 0

    def _loss_ns(self, raw):
        """Return how late a block may be; a sender with exact stamps tells every lost block."""
        if raw.monotonic_ns:
            return DEVICE_LOSS_NS
        if self._exact >= EXACT_BLOCKS:
            return len(raw.samples) * 500_000_000 // raw.rate
        return LOSS_NS

    def _check_order(self, raw):
        """Refuse what is no later than the block before; return whether time began anew."""
        back = self._last_ns is not None and raw.steady_ns <= self._last_ns
        if back and not raw.monotonic_ns:
            self._repeated += 1
            if self._repeated <= REPETITIONS:
                raise RepeatedBlock(f'a block stamped {raw.steady_ns} ns came after one stamped '
                                    f'{self._last_ns} ns')
        self._repeated = 0
        self._last_ns = raw.steady_ns
        return back

    def _begin(self, raw, lost_ns):
        """Start counting anew after a loss or with another rate."""
        first = self._expected_ns is None
        blocks = self.flush()
        if not first:
            self._index += self._given + max(1, lost_ns * SAMPLE_RATE // 1_000_000_000)
        self._gap = not first
        self._rate, self._taken, self._given = raw.rate, 0, 0
        self._clock.restart()
        self._resampler = None if raw.rate == SAMPLE_RATE else resampler(raw.rate)
        return blocks

    def _emit(self, samples):
        if not len(samples):
            return []
        block = AudioBlock(samples, self._index + self._given,
                           self._origin_ns + samples_to_ns(self._given), self._gap)
        self._gap = False
        self._given += len(samples)
        return [block]

    def _mono(self, samples):
        if max(self._channels) >= samples.shape[1]:
            raise RefusedBlock(f'channel {max(self._channels)} was asked for, but the sound has '
                               f'{samples.shape[1]}: set `channels` to numbers below that')
        chosen = samples[:, self._channels[0]]
        if self._mix == 'mean' and len(self._channels) > 1:
            chosen = samples[:, list(self._channels)].astype(np.float32).mean(axis=1)
            chosen = chosen if samples.dtype == np.float32 else chosen / 32768
        if chosen.dtype == np.int16 and self._gain == 1:
            return chosen
        if chosen.dtype == np.int16:
            chosen = chosen.astype(np.float32) / 32768
        # Beyond this no microphone is loud, and squares overflow.
        if not np.isfinite(chosen).all() or np.abs(chosen).max(initial=0) > 1e4:
            raise RefusedBlock('the block holds NaN, infinite or absurd samples')
        return chosen * np.float32(self._gain)

    def _resampled(self, mono):
        if self._resampler is None:
            return self._to_int16(mono)
        if mono.dtype == np.int16:
            mono = mono.astype(np.float32) / 32768
        return self._to_int16(self._resampler.resample_chunk(np.ascontiguousarray(mono)))

    @staticmethod
    def _to_int16(samples):
        if samples.dtype == np.int16:
            return np.ascontiguousarray(samples)
        return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)


def resampler(rate):
    """
    Return what turns sound of this rate into 16000 Hz, block by block.

    :param rate: Hz
    :raises AudioError: if soxr is not installed
    """
    try:
        import soxr
    except ImportError as error:
        raise AudioError(f'sound at {rate} Hz needs soxr to become 16000 Hz ({error}): run '
                         '`pip install soxr`, or use a source of 16000 Hz') from error
    return soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype='float32', quality='HQ')
