"""Sentences on a time line: where somebody speaks is known by construction."""

from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.benchmark.hearing.noises import at_level, NOISES, white

#: Level of a sentence while it is spoken, and of the room around it, in dB of full scale.
SPEECH_DBFS = -26.0
ROOM_DBFS = -70.0
#: Level of a noise to which nobody speaks.
NOISE_DBFS = -20.0
#: A frame belongs to the sentence when it is less than this below its loudest ones, in dB.
FAINTEST_DB = 35.0
#: A breath or a smack apart from the sentence makes its boundary uncertain: no recording is
#: taken that is fainter than this for longer than that within its first or last second.
PAUSE_DB, PAUSE_S = 30.0, 0.12
#: A recording whose own noise is not this far below its speech has no certain boundaries, in dB.
CLEAN_DB = 40.0
#: Length of a noise after which the next sentence must still be found, in s.
LONG_NOISE_S = 180.0

_FRAME = SAMPLE_RATE // 100


@dataclass(frozen=True, eq=False)
class TimeLine:
    """Sound, and where in it somebody speaks."""

    name: str
    """Name in the tables."""
    samples: np.ndarray
    """int16 (samples,), mono, 16 kHz."""
    sentences: Tuple[Tuple[int, int], ...]
    """First sample and sample after the last one of every sentence, in order."""

    @property
    def duration_s(self) -> float:
        """Return the length in s."""
        return len(self.samples) / SAMPLE_RATE


def boundaries(waveform: np.ndarray) -> Optional[Tuple[int, int]]:
    """
    Return where a recorded sentence begins and ends, or None where that is uncertain.

    Judged by the level of frames of 10 ms alone, so that no detector is its own judge. A frame
    counts if the two after it (before it, at the end) are as loud: a click is no speech.

    :param waveform: float32 (samples,), 16 kHz
    """
    frames = waveform[:len(waveform) // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)
    loudest = np.percentile(level, 95)
    if loudest - np.percentile(level, 3) < CLEAN_DB:
        return None
    loud = level > loudest - FAINTEST_DB
    three = np.flatnonzero(loud[:-2] & loud[1:-1] & loud[2:])
    if not len(three):
        return None
    first, end = three[0], three[-1] + 3
    faint = level[first:end] < loudest - PAUSE_DB
    if _longest_run(faint[:100]) > PAUSE_S * 100 or _longest_run(faint[-100:]) > PAUSE_S * 100:
        return None
    return first * _FRAME, end * _FRAME


def read_sentences(folder: Path, count: int, seed: int = 0) -> List[np.ndarray]:
    """
    Return sentences cut at their boundaries, of all corpora and speakers alike.

    :param folder: with an `index.csv`, see `docs/corpora.md`
    :param count: sentences
    :param seed: of the choice
    :returns: float32 (samples,) each, at `SPEECH_DBFS`
    """
    import soundfile

    from physioser_ros.corpora.index import read_index

    index = read_index(folder)
    rng = np.random.default_rng(seed)
    names = sorted(index['corpus'].unique())
    waiting = {name: list(rng.permutation(index.loc[index['corpus'] == name, 'path']))
               for name in names}
    found: List[np.ndarray] = []
    while len(found) < count and any(waiting.values()):
        name = names[len(found) % len(names)]
        if not waiting[name]:
            names.remove(name)
            continue
        waveform, rate = soundfile.read(folder / waiting[name].pop(), dtype='float32')
        edges = boundaries(waveform) if rate == SAMPLE_RATE and waveform.ndim == 1 else None
        if edges is not None and edges[1] - edges[0] > SAMPLE_RATE // 2:
            found.append(at_level(waveform[slice(*edges)], SPEECH_DBFS))
    return found


def speech_line(name: str, sentences: Sequence[np.ndarray], noise: str = '',
                snr_db: float = 10.0, gap_s: Tuple[float, float] = (1.5, 3.0),
                seed: int = 1) -> TimeLine:
    """
    Return sentences with silences between them in a quiet room or in noise.

    :param name: of the line
    :param sentences: float32 (samples,) each
    :param noise: name in `NOISES`, '' for none
    :param snr_db: level of the sentences above the noise
    :param gap_s: shortest and longest silence
    :param seed: of silences and noise
    """
    rng = np.random.default_rng(seed)
    pieces, spoken, at = [], [], 0
    for sentence in sentences:
        silence = np.zeros(round(rng.uniform(*gap_s) * SAMPLE_RATE), np.float32)
        pieces += [silence, sentence]
        spoken.append((at + len(silence), at + len(silence) + len(sentence)))
        at = spoken[-1][1]
    pieces.append(np.zeros(round(gap_s[1] * SAMPLE_RATE), np.float32))
    sound = np.concatenate(pieces)
    sound += at_level(white(len(sound) / SAMPLE_RATE, rng), ROOM_DBFS)
    if noise:
        sound += at_level(NOISES[noise](len(sound) / SAMPLE_RATE, rng), SPEECH_DBFS - snr_db)
    return TimeLine(name, _int16(sound), tuple(spoken))


def noise_line(noise: str, sentences: Sequence[np.ndarray], long_s: float = LONG_NOISE_S,
               seed: int = 2) -> TimeLine:
    """
    Return long stretches of noise, each with a sentence 0.3 s after its end.

    :param noise: name in `NOISES`
    :param sentences: one for every stretch
    :param long_s: length of a stretch
    :param seed: of the noise
    """
    rng = np.random.default_rng(seed)
    pieces, spoken, at = [], [], 0
    for sentence in sentences:
        pieces += [at_level(NOISES[noise](long_s, rng), NOISE_DBFS),
                   np.zeros(round(0.3 * SAMPLE_RATE), np.float32), sentence,
                   np.zeros(2 * SAMPLE_RATE, np.float32)]
        begun = at + len(pieces[-4]) + len(pieces[-3])
        spoken.append((begun, begun + len(sentence)))
        at = spoken[-1][1] + 2 * SAMPLE_RATE
    sound = np.concatenate(pieces)
    sound += at_level(white(len(sound) / SAMPLE_RATE, rng), ROOM_DBFS)
    return TimeLine(noise, _int16(sound), tuple(spoken))


def quiet_line(seconds: float, seed: int = 3) -> TimeLine:
    """Return a room in which nobody speaks: faint noise, fainter mains hum."""
    rng = np.random.default_rng(seed)
    sound = at_level(white(seconds, rng), -62.0) + at_level(NOISES['mains hum'](seconds, rng), -68)
    return TimeLine('quiet room', _int16(sound), ())


def _longest_run(flags: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _int16(sound: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
