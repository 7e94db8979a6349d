"""Times are true, whatever the callbacks do."""

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from physioser_ros.audio.clock import BOUND_NS, SampleClock
from physioser_ros.audio.meter import FLOOR_DBFS, LevelMeter, RateMeter

MS = 1_000_000


@given(st.lists(st.tuples(st.integers(1, 4800), st.integers(-20 * MS, 20 * MS)), min_size=2,
                max_size=200))
def test_jitter_below_the_bound_moves_no_block_by_more_than_itself(blocks):
    clock, position, last = SampleClock(), 0, None
    for count, jitter in blocks:
        reading = clock.observe(position, 10**18 + position + jitter)
        assert abs(reading.stamp_ns - 10**18 - position) <= 40 * MS
        if last is not None:
            # Pulled by at most a 64th of an error, so neighbours stay neighbours.
            assert abs(reading.stamp_ns - last[1] - (position - last[0])) <= 40 * MS // 64 + 1
        last = position, reading.stamp_ns
        position += count * 62500
    assert clock.reanchored == 0


@given(st.integers(BOUND_NS + 1, 10**15), st.sampled_from([-1, 1]))
def test_a_jump_beyond_the_bound_sets_the_anchor_anew_and_counts(jump, sign):
    clock = SampleClock()
    clock.observe(0, 10**18)
    reading = clock.observe(30 * MS, 10**18 + 30 * MS + sign * jump)
    assert reading == (10**18 + 30 * MS + sign * jump, True)
    assert clock.reanchored == 1
    assert clock.observe(60 * MS, 10**18 + 60 * MS + sign * jump).anchored is False


def test_a_drifting_sound_card_is_followed():
    clock, error = SampleClock(), 0
    for block in range(20000):
        position = block * 30 * MS
        true = 10**18 + position + position // 10000
        error = clock.observe(position, true).stamp_ns - true
    assert clock.reanchored == 0
    assert abs(error) < 1 * MS


def test_exact_observations_are_returned_exactly():
    clock = SampleClock()
    for block in range(1000):
        position = block * 30 * MS
        assert clock.observe(position, 5 + position).stamp_ns == 5 + position


def test_level_clipping_and_silence_are_measured_over_a_second():
    meter = LevelMeter()
    tone = np.round(16384 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.int16)
    meter.add(tone)
    assert meter.level_dbfs == pytest.approx(-9.03, abs=0.01)
    assert meter.clipping_percent == 0 and meter.zero_s == 0
    meter.add(np.full(16000, 32767, np.int16))
    assert meter.clipping_percent == 100
    for _ in range(6):
        meter.add(np.zeros(16000, np.int16))
    assert meter.level_dbfs == FLOOR_DBFS and meter.zero_s == 6


def test_a_wrong_rate_shows_in_the_arrival():
    meter = RateMeter(window_s=1.0)
    assert meter.ratio is None
    for block in range(60):
        meter.add(0.03, block * 0.03 / 0.9)
    assert meter.ratio == pytest.approx(0.9, abs=0.01)
