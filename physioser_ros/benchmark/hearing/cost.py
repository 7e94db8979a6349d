"""What listening costs: share of a core, and memory over hours."""

from dataclasses import dataclass
from multiprocessing import get_context
import os
import time
from typing import List, Tuple

import numpy as np

from physioser_ros.audio.block import AudioBlock, samples_to_ns
from physioser_ros.audio.segmenter import Segmenter
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.audio.vad import create_vad
from physioser_ros.benchmark.hearing.listeners import BLOCK
from physioser_ros.benchmark.hearing.time_line import TimeLine

#: How often each line is timed; the median counts.
ROUNDS = 5


@dataclass(frozen=True)
class Soak:
    """Hours of sound, as fast as it can be heard."""

    hours: float
    """Length of the sound."""
    utterances: int
    """Utterances that were cut out of it."""
    resident_mib: Tuple[float, float]
    """Resident memory after the first quarter and at the end, in MiB."""


class Ears:
    """A cascade and a segmenter that listen to one line after the other without an end."""

    def __init__(self) -> None:
        self._segmenter = Segmenter(SegmenterOptions(), create_vad('cascade'))
        self._index = 0
        self.utterances = 0

    def listen(self, samples: np.ndarray) -> None:
        """Take int16 (samples,) in blocks, as a microphone gives them."""
        for at in range(0, len(samples) - BLOCK + 1, BLOCK):
            block = AudioBlock(samples[at:at + BLOCK], self._index, samples_to_ns(self._index))
            self._index += BLOCK
            self.utterances += sum(hasattr(event, 'speech_start')
                                   for event in self._segmenter.push(block))


def core_percent(line: TimeLine) -> float:
    """Return the share of a core that detector and segmenter take on a line, in percent."""
    shares: List[float] = []
    for _ in range(ROUNDS):
        ears = Ears()
        begun_s = time.thread_time()
        ears.listen(line.samples)
        shares.append((time.thread_time() - begun_s) / line.duration_s)
    return 100 * float(np.median(shares))


def soak(lines: List[TimeLine], hours: float) -> Soak:
    """
    Listen to lines in turn until `hours` of sound are over, in a process that does nothing else.

    :param lines: what is heard, over and over
    :param hours: of sound
    """
    # What this process has freed before would hide a leak.
    with get_context('spawn').Pool(1) as pool:
        return pool.apply(_soak, (lines, hours))


def _soak(lines: List[TimeLine], hours: float) -> Soak:
    ears, heard_s, quarter_mib = Ears(), 0.0, 0.0
    while heard_s < 3600 * hours:
        for line in lines:
            ears.listen(line.samples)
            heard_s += line.duration_s
        if not quarter_mib and heard_s >= 900 * hours:
            quarter_mib = _resident_mib()
    return Soak(heard_s / 3600, ears.utterances, (quarter_mib, _resident_mib()))


def _resident_mib() -> float:
    with open('/proc/self/statm', encoding='ascii') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2 ** 20
