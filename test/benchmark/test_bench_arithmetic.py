"""The arithmetic of the benchmark on made-up numbers; nothing here depends on time."""

import numpy as np
import pytest

from physioser_ros.benchmark import boards, streams
from physioser_ros.benchmark.counts import convolution_flop, product_flop, Work
from physioser_ros.benchmark.timing import fit_line, judge, ratio, spread, Timing


def timing(*cpu_ms):
    seconds = np.array(cpu_ms, float) / 1000
    return Timing(2 * seconds, seconds)


def test_a_timing_is_told_by_its_medians_in_ms():
    taken = timing(1, 2, 100)
    assert (taken.cpu_ms, taken.wall_ms) == pytest.approx((2, 4))


def test_the_spread_is_the_interquartile_range_over_the_median():
    assert spread(np.array([8.0, 9, 10, 11, 12])) == pytest.approx(0.2)
    assert spread(np.zeros(3)) == 0


def test_a_ratio_is_taken_round_by_round_so_that_drift_cancels():
    compared = ratio(timing(1, 2, 4, 8, 16), timing(2, 4, 8, 16, 32))
    assert (compared.low, compared.value, compared.high) == pytest.approx((0.5, 0.5, 0.5))


def test_what_was_not_measured_in_the_same_rounds_is_not_compared():
    with pytest.raises(ValueError, match='3 rounds'):
        ratio(timing(1, 2, 3), timing(1, 2))


@pytest.mark.parametrize('timings, background, reason', [
    ({'a': timing(10, 10, 10, 10, 10.1)}, 0.1, None),
    ({'a': timing(10, 10, 10, 10, 10.1)}, 0.5, 'other processes'),
    ({'a': timing(5, 8, 10, 15, 20)}, 0.0, 'a varied by 70%'),
    ({'a': timing(0.05, 0.08, 0.1, 0.15, 0.2)}, 0.0, None),
    ({'a': timing(10, 10)}, 0.0, 'measured 2 times'),
])
def test_a_noisy_run_is_no_result(timings, background, reason):
    noise = judge(timings, background)
    assert noise.quiet is (reason is None)
    assert all(reason in sentence for sentence in noise.reasons)


def test_the_cost_is_split_into_a_fixed_part_and_one_a_second():
    assert fit_line(np.array([1, 2, 5]), np.array([12, 14, 20])) == pytest.approx((10, 2))


def test_operations_are_counted_from_shapes():
    assert convolution_flop((1, 8, 10, 10), (8, 4, 3, 3)) == 2 * 800 * 36
    assert product_flop((5, 7), 3) == 2 * 35 * 3


def test_a_shared_recogniser_waits_as_an_m_d_1_queue():
    row = streams.shared(5, service_s=1.0, utterances_a_minute=6.0)
    assert (row.load, row.wait_ms) == pytest.approx((0.5, 500))
    assert streams.shared(10, 1.0, 6.0).wait_ms == float('inf')
    assert streams.table(0.05)[-1].streams == streams.largest(0.05)


def test_a_board_is_bound_by_arithmetic_or_by_memory():
    board = boards.Board('made up', core_gflops=10, bandwidth_gbs=1, cores=1)
    work = {'slow memory': Work(flop=1, traffic_bytes=50e6)}
    estimate = boards.estimate_ms(board, {'arithmetic': 2.0, 'slow memory': 2.0}, work, 100)
    assert estimate == pytest.approx(20 + 50)


def test_the_table_of_stages_is_the_same_in_the_command():
    pytest.importorskip('psutil', reason='requirements/bench.in is not installed')
    from physioser_ros.benchmark import run
    from physioser_ros.commands import bench

    assert tuple(run.STAGES) == bench.STAGES
