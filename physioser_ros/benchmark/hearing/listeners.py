"""Whoever cuts a time line into utterances: this package with each detector, and a peer."""

from dataclasses import dataclass
from typing import List, Optional, Sequence

import numpy as np

from physioser_ros.audio.block import AudioBlock, SAMPLE_RATE, samples_to_ns, Utterance
from physioser_ros.audio.segmenter import Segmenter
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.audio.vad import create_vad, VoiceActivity

#: Samples that are handed over at once, as by a microphone with `block_ms: 30`.
BLOCK = 480


@dataclass(frozen=True)
class Heard:
    """An utterance that somebody cut out."""

    start: int
    """Its first sample."""
    end: int
    """The sample after its last one."""
    decided: int
    """Samples that had been heard when it was handed out."""


class _Replay(VoiceActivity):
    """Answers that a detector gave once, again: they do not depend on the segmenter."""

    def __init__(self, answers: 'Answers') -> None:
        self.frame_samples = answers.frame_samples
        self.sure_threshold = answers.sure_threshold
        self._probabilities = iter(answers.probabilities)

    def probability(self, frame: np.ndarray) -> float:
        """Return the next answer."""
        return next(self._probabilities)

    def reset(self) -> None:
        """Do nothing: a time line has no gap."""


@dataclass(frozen=True)
class Answers:
    """What a detector says to every frame of a time line."""

    probabilities: Sequence[float]
    """Probability of speech, one a frame."""
    frame_samples: int
    """Length of a frame."""
    sure_threshold: float
    """The detector's own."""


def ask(backend: str, samples: np.ndarray, aggressiveness: int = 2) -> Answers:
    """
    Return what a detector says to every frame.

    :param backend: name for `create_vad`
    :param samples: int16 (samples,)
    :param aggressiveness: of WebRTC
    """
    vad = create_vad(backend, aggressiveness)
    size = vad.frame_samples
    return Answers([vad.probability(samples[at:at + size])
                    for at in range(0, len(samples) - size + 1, size)], size, vad.sure_threshold)


def cut(samples: np.ndarray, answers: Answers,
        options: Optional[SegmenterOptions] = None) -> List[Heard]:
    """
    Return the utterances that the segmenter makes of a time line.

    :param samples: int16 (samples,)
    :param answers: of the detector
    :param options: of the segmenter, None for the defaults
    """
    segmenter = Segmenter(options or SegmenterOptions(), _Replay(answers))
    found = []
    for at in range(0, len(samples), BLOCK):
        block = AudioBlock(samples[at:at + BLOCK], at, samples_to_ns(at))
        found += [Heard(event.index, event.end_index, block.end_index)
                  for event in segmenter.push(block) if isinstance(event, Utterance)]
    return found + [Heard(event.index, event.end_index, len(samples))
                    for event in segmenter.flush() if isinstance(event, Utterance)]


def auditok(samples: np.ndarray) -> List[Heard]:
    """
    Return what auditok makes of a time line, by its own threshold of energy.

    Lengths, pre-roll and hang-over are those of this package.

    :param samples: int16 (samples,)
    :raises ImportError: when it is not installed
    """
    from auditok import split

    ours = SegmenterOptions()
    regions = split(
        samples.tobytes(), sampling_rate=SAMPLE_RATE, sample_width=2, channels=1,
        min_dur=ours.min_s, max_dur=ours.max_s, max_silence=ours.hangover_s,
        max_leading_silence=ours.pre_roll_s)
    return [Heard(round(region.start * SAMPLE_RATE), round(region.end * SAMPLE_RATE),
                  round(region.end * SAMPLE_RATE)) for region in regions]
