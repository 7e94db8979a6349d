"""Percentiles of a window."""

import math

import pytest

from physioser_ros.inference import DurationWindow


def test_percentiles_of_the_last_durations():
    window = DurationWindow(101)
    for value in [1000.0] * 5 + list(range(101)):
        window.add(float(value))
    summary = window.percentiles()
    assert (summary.count, summary.p50, summary.p95, summary.max) == (101, 50, 95, 100)
    assert window.total() == 5050


def test_an_empty_window_has_no_percentiles():
    summary = DurationWindow().percentiles()
    assert summary.count == 0 and math.isnan(summary.p95)
    with pytest.raises(ValueError, match='0'):
        DurationWindow(0)
