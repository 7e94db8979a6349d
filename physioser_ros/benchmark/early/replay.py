"""
Early answers beside the final ones, on a time line whose speech is known.

Nothing here takes time: what is told when depends on the sound alone, so the figures are the same
on every machine.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Dict, List, Optional, Tuple

import numpy as np

from physioser_ros.audio.block import (
    AnticipatedUtterance, AudioBlock, PartialUtterance, SAMPLE_RATE, samples_to_ns, Utterance)
from physioser_ros.audio.segmenter import Segmenter
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.audio.vad import create_vad, VoiceActivity
from physioser_ros.inference import Recognizer

#: Samples that are handed over at once, as by a microphone with `block_ms: 30`.
BLOCK = 480
#: Voice activity of the node by default.
DEFAULT_VAD = 'cascade'


@dataclass(frozen=True)
class Early:
    """An answer before the utterance was over."""

    speech_s: float
    """Seconds of the utterance's speech that had been heard when it was asked for."""
    label: str
    """The label."""


@dataclass(frozen=True)
class Spoken:
    """One utterance and all answers to it."""

    speech_s: float
    """From the first to the last frame of speech, in s."""
    label: str
    """Label of the final answer."""
    partials: Tuple[Early, ...]
    """Answers every `partial_period_s`, in order."""
    anticipated: int
    """How often a silence was taken for the end."""
    ready: bool
    """The final answer was the last of those that were computed ahead."""

    @property
    def settled_s(self) -> float:
        """Return how long before the end of the speech the label was the final one to stay."""
        settled_s = self.speech_s
        for early in reversed(self.partials):
            if early.label != self.label:
                break
            settled_s = early.speech_s
        return max(0.0, self.speech_s - settled_s)


class Labels:
    """Says the label of a sound, and runs the model once for each."""

    def __init__(self, recognizer: Recognizer) -> None:
        """Know nothing yet."""
        self._recognizer = recognizer
        self._known: Dict[bytes, str] = {}

    def __call__(self, samples: np.ndarray) -> str:
        """Return the label of int16 (samples,)."""
        digest = blake2b(samples.tobytes()).digest()
        if digest not in self._known:
            self._known[digest] = self._recognizer.recognize(samples, partial=True).label
        return self._known[digest]


def replay(samples: np.ndarray, label: Labels, options: SegmenterOptions, window_s: float,
           vad: Optional[VoiceActivity] = None) -> List[Spoken]:
    """
    Return the utterances of a time line with all answers.

    :param samples: int16 (samples,), mono, 16 kHz
    :param label: says the label of a sound
    :param options: of the segmenter, with a `partial_period_s`
    :param window_s: a partial answer is made of the last so many seconds, 0 = all
    :param vad: voice activity, None for the default one
    """
    segmenter = Segmenter(options, vad or create_vad(DEFAULT_VAD))
    found: List[Spoken] = []
    partials: List[Tuple[float, np.ndarray]] = []
    ahead: List[Utterance] = []

    def take(event, heard: int) -> None:
        if isinstance(event, PartialUtterance):
            begun = event.utterance.index + event.utterance.speech_start
            sound = event.utterance.samples
            partials.append(((heard - begun) / SAMPLE_RATE,
                             sound[-round(window_s * SAMPLE_RATE):] if window_s else sound))
        elif isinstance(event, AnticipatedUtterance):
            ahead.append(event.utterance)
        elif isinstance(event, Utterance):
            ready = bool(ahead) and ahead[-1].samples.tobytes() == event.samples.tobytes()
            found.append(Spoken(
                (event.speech_end - event.speech_start) / SAMPLE_RATE, label(event.samples),
                tuple(Early(at_s, label(sound)) for at_s, sound in partials), len(ahead), ready))
            partials.clear()
            ahead.clear()
    for at in range(0, len(samples), BLOCK):
        block = AudioBlock(samples[at:at + BLOCK], at, samples_to_ns(at))
        for event in segmenter.push(block):
            take(event, block.end_index)
    for event in segmenter.flush():
        take(event, len(samples))
    return found
