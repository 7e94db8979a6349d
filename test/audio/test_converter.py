"""Whatever a source gives becomes mono 16 kHz with true times, or is refused."""

import numpy as np
import pytest

from physioser_ros.audio.converter import Converter, RefusedBlock, RepeatedBlock
from physioser_ros.audio.sources import RawBlock

S = 1_000_000_000


def raw(samples, rate=16000, stamp_ns=S, lost=False):
    samples = np.asarray(samples)
    return RawBlock(samples.reshape(len(samples), -1), rate, stamp_ns, lost)


def stream(samples, rate, size, converter=None):
    """Return the blocks of a signal that is cut into pieces of `size`."""
    converter = converter or Converter()
    blocks = []
    for start in range(0, len(samples), size):
        blocks += converter.convert(raw(samples[start:start + size], rate, S + start * S // rate))
    return blocks + converter.flush()


def joined(blocks):
    return np.concatenate([block.samples for block in blocks])


def tone(rate, seconds=1.0, hz=440.0):
    return np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate).astype(np.float32) / 2


def test_sixteen_bits_at_16_khz_pass_unchanged():
    samples = np.arange(-3000, 3000, dtype=np.int16)
    blocks = stream(samples, 16000, 480)
    assert np.array_equal(joined(blocks), samples)
    assert [block.index for block in blocks] == list(range(0, 6000, 480))
    assert all(block.stamp_ns == S + block.index * 62500 for block in blocks)
    assert not any(block.gap for block in blocks)


@pytest.mark.parametrize('rate', [8000, 22050, 44100, 48000])
def test_other_rates_are_resampled_with_true_times_however_they_are_cut(rate):
    pytest.importorskip('soxr')
    results = [stream(tone(rate), rate, size) for size in (rate // 100, rate // 7, rate)]
    for blocks in results:
        samples = joined(blocks)
        assert len(samples) == pytest.approx(16000, abs=2)
        expected = tone(16000) * 32768
        inner = slice(1600, 14400)
        assert np.abs(samples[inner] - expected[inner]).max() < 30
        assert all(abs(block.stamp_ns - S - block.index * 62500) < 1_000_000 for block in blocks)
        assert np.abs(samples.astype(int) - joined(results[0])).max() <= 1


def test_channels_are_chosen_or_averaged():
    both = np.stack([np.full(480, 100, np.int16), np.full(480, 300, np.int16)], 1)
    assert set(joined(stream(both, 16000, 480))) == {100}
    assert set(joined(stream(both, 16000, 480, Converter((1,))))) == {300}
    assert set(joined(stream(both, 16000, 480, Converter((0, 1), 'mean')))) == {200}


def test_gain_is_applied_and_clips_instead_of_wrapping():
    loud = joined(stream(np.full(480, 20000, np.int16), 16000, 480, Converter(gain_db=20)))
    assert set(loud) == {32767}
    soft = joined(stream(np.full(480, 20000, np.int16), 16000, 480, Converter(gain_db=-20)))
    assert set(soft) == {2000}


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_sound_are_refused_and_leave_no_trace(bad):
    converter = Converter()
    converter.convert(raw(tone(16000, 0.03)))
    with pytest.raises(RefusedBlock, match='NaN'):
        converter.convert(raw(np.array([0.1, bad], np.float32)))


def test_a_channel_that_is_not_there_is_refused():
    with pytest.raises(RefusedBlock, match='channel 3 .* has 1'):
        Converter((3,)).convert(raw(tone(16000, 0.03)))


@pytest.mark.parametrize('rate', [16000, 48000])
def test_a_loss_is_marked_and_counted_in_but_never_spliced(rate):
    converter = Converter()
    size = rate // 100
    quiet = np.zeros(size, np.int16)
    before = [block for step in range(10) for block in converter.convert(
        raw(quiet, rate, S + step * S // 100))]
    # Two seconds are missing.
    after = converter.convert(raw(quiet, rate, S + S // 10 + 2 * S, lost=True))
    after += converter.flush()
    gap = [block for block in after if block.gap]
    assert len(gap) == 1
    assert gap[0].index == pytest.approx(16000 * 2.1, abs=2)
    assert gap[0].stamp_ns == S + S // 10 + 2 * S
    assert not any(block.gap for block in before)


def test_the_time_after_a_short_loss_is_the_one_observed():
    converter = Converter()
    converter.convert(raw(np.zeros(480, np.int16)))
    (after,) = converter.convert(raw(np.zeros(480, np.int16), stamp_ns=S + S // 12, lost=True))
    assert after.stamp_ns == S + S // 12
    assert converter.reanchored == 0


def test_a_late_block_without_a_flag_is_a_loss_too():
    converter = Converter()
    converter.convert(raw(np.zeros(480, np.int16)))
    [block] = converter.convert(raw(np.zeros(480, np.int16), stamp_ns=S + 30_000_000 + S))
    assert block.gap and block.index == 480 + 16000


def test_a_jump_of_the_wall_clock_is_no_loss():
    converter = Converter()
    hour = 3600 * S
    blocks = []
    for step, jump in enumerate((0, 0, hour, hour, -hour)):
        samples = np.zeros((480, 1), np.int16)
        at = step * 30_000_000
        blocks += converter.convert(RawBlock(samples, 16000, 10**18 + at + jump, False, S + at))
    assert [block.index for block in blocks] == [0, 480, 960, 1440, 1920]
    assert not any(block.gap for block in blocks)
    assert blocks[2].stamp_ns == 10**18 + 60_000_000 + hour
    assert converter.reanchored == 2


def test_a_block_out_of_order_is_refused_until_time_has_clearly_begun_anew():
    converter = Converter()
    converter.convert(raw(np.zeros(480, np.int16), stamp_ns=100 * S))
    for step in range(10):
        with pytest.raises(RepeatedBlock, match='came after'):
            converter.convert(raw(np.zeros(480, np.int16), stamp_ns=S + step))
    [block] = converter.convert(raw(np.ones(480, np.int16), stamp_ns=2 * S))
    assert block.gap and block.stamp_ns == 2 * S and block.index > 480


def test_a_device_that_loses_less_than_a_syllable_is_found_out():
    converter = Converter()
    samples = np.zeros((480, 1), np.int16)
    converter.convert(RawBlock(samples, 16000, S, False, S))
    [block] = converter.convert(RawBlock(samples, 16000, S, False, S + 230_000_000))
    assert block.gap and block.index == 480 + 3200


def test_one_block_that_is_missing_among_exact_stamps_is_a_gap():
    converter = Converter()
    block = np.ones((1600, 1), np.int16)
    stamps = [index * 100_000_000 for index in range(14) if index != 12]
    gaps = [converter.convert(RawBlock(block, 16000, stamp))[0].gap for stamp in stamps]
    assert gaps == [False] * 12 + [True]
