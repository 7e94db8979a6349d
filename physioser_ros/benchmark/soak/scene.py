"""A room in which people say a sentence now and then, without end."""

from pathlib import Path
from typing import Iterator, List, Optional

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.sources.base import RawBlock, Source, SourceEnd
from physioser_ros.benchmark.sound import synthetic_speech

#: Sentences that are held in memory; the process is weighed, so they must be few.
SENTENCES = 60
#: Mean of the pauses between two sentences in s.
PAUSE_S = 8.0
#: Noise of the room in steps of int16.
NOISE = 12.0
BLOCK = 480


def sentences(folder: Optional[Path]) -> List[np.ndarray]:
    """
    Return some sentences, int16 at 16 kHz.

    :param folder: recordings, any files that libsndfile reads, below it; None: synthetic voices
    :raises ValueError: there are none
    """
    if folder is None:
        return [synthetic_speech(1.0 + 0.2 * number, seed=number) for number in range(20)]
    import soundfile
    import soxr

    paths = sorted(path for path in folder.rglob('*') if path.suffix in ('.wav', '.flac'))
    if not paths:
        raise ValueError(f'{folder} holds no .wav or .flac file: give a folder of recordings')
    chosen = []
    for path in paths[::max(1, len(paths) // SENTENCES)][:SENTENCES]:
        sound, rate = soundfile.read(path, dtype='float32', always_2d=True)
        mono = soxr.resample(sound[:, 0], rate, SAMPLE_RATE)
        chosen.append(np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16))
    return chosen


def scene(spoken: List[np.ndarray], seed: int = 0) -> Iterator[np.ndarray]:
    """Yield sentences and pauses in turn, int16 with the noise of the room, for ever."""
    random = np.random.default_rng(seed)
    while True:
        sound = spoken[random.integers(len(spoken))]
        pause = np.zeros(round((1.5 + random.exponential(PAUSE_S - 1.5)) * SAMPLE_RATE), np.int16)
        for part in (pause, sound):
            noise = np.rint(random.standard_normal(len(part)) * NOISE)
            yield np.clip(part + noise, -32768, 32767).astype(np.int16)


class SceneSource(Source):
    """
    Hours of a scene, as fast as they are taken.

    :param spoken: sentences
    :param hours: how long
    """

    live = False
    name = 'a room with people'

    def __init__(self, spoken: List[np.ndarray], hours: float) -> None:
        self.rate, self.channels = SAMPLE_RATE, 1
        self._parts = scene(spoken)
        self._end = round(hours * 3600 * SAMPLE_RATE)
        self._rest = np.zeros(0, np.int16)
        #: Samples delivered so far.
        self.delivered = 0

    @property
    def hours(self) -> float:
        """Return how many hours of sound were delivered."""
        return self.delivered / SAMPLE_RATE / 3600

    def configure(self) -> None:
        """Nothing can be wrong."""

    def start(self) -> None:
        """Nothing is opened."""

    def stop(self) -> None:
        """Nothing is closed."""

    def read(self, timeout_s: float) -> RawBlock:
        """Return the next block."""
        if self.delivered >= self._end:
            raise SourceEnd
        if len(self._rest) < BLOCK:
            self._rest = np.concatenate([self._rest, next(self._parts), next(self._parts)])
        samples, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
        block = RawBlock(samples[:, None], SAMPLE_RATE,
                         self.delivered * 1_000_000_000 // SAMPLE_RATE)
        self.delivered += BLOCK
        return block
