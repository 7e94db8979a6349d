"""What a small computer would need, estimated from counts and from what was measured here."""

from dataclasses import dataclass
from typing import Mapping

from physioser_ros.benchmark.counts import Work


@dataclass(frozen=True)
class Board:
    """A single-board computer, by its data sheet."""

    name: str
    """Name and clock."""
    core_gflops: float
    """Float32 multiply-adds of one core, counted twice, in 1e9/s: lanes x pipes x 2 x clock."""
    bandwidth_gbs: float
    """Memory bandwidth in 1e9 bytes/s."""
    cores: int
    """Cores."""


#: Cortex-A76 and A78AE have two 128-bit pipes: 4 lanes x 2 pipes x 2 = 16 operations a cycle.
BOARDS = (
    Board('Raspberry Pi 5 (Cortex-A76, 2.4 GHz)', 38.4, 17.1, 4),
    Board('Jetson Orin Nano, CPU (Cortex-A78AE, 1.5 GHz)', 24.0, 68.0, 6),
    Board('Jetson AGX Orin, CPU (Cortex-A78AE, 2.2 GHz)', 35.2, 204.8, 12),
)


def estimate_ms(board: Board, measured_ms: Mapping[str, float], work: Mapping[str, Work],
                peak_gflops: float) -> float:
    """
    Return the time of one utterance on one core of a board.

    Each part is taken to reach the same share of the board's peak as it reaches of the peak
    here, unless its memory traffic takes longer.

    :param board: the board
    :param measured_ms: time of each part here in ms
    :param work: its counts; a part without any has no traffic
    :param peak_gflops: peak of one core here
    """
    total_ms = 0.0
    for part, here_ms in measured_ms.items():
        traffic = work[part].traffic_bytes if part in work else 0.0
        total_ms += max(here_ms * peak_gflops / board.core_gflops,
                        traffic / board.bandwidth_gbs / 1e6)
    return total_ms
