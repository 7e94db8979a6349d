"""The pieces of sound that pass through this room, and what the segmenter says about them."""

from dataclasses import dataclass
from dataclasses import field
from typing import FrozenSet

import numpy as np

#: The one rate of everything behind the sources, in Hz.
SAMPLE_RATE = 16000

#: One sample lasts a whole number of ns: times computed from counts never round.
NS_PER_SAMPLE = 1_000_000_000 // SAMPLE_RATE


def samples_to_ns(count):
    """Return how long `count` samples last, in ns, exactly."""
    return int(count) * NS_PER_SAMPLE


@dataclass(frozen=True, eq=False)
class AudioBlock:
    """A stretch of sound from a source, mono at 16 kHz."""

    samples: np.ndarray
    """int16, shape `(n,)`."""

    index: int
    """Samples before the first one since the source started, lost ones counted in."""

    stamp_ns: int
    """Capture time of the first sample in ns, in the clock that was handed to the source."""

    gap: bool = False
    """True when sound was lost right before this block."""

    @property
    def end_index(self):
        """Index of the sample after the last one."""
        return self.index + len(self.samples)

    @property
    def end_ns(self):
        """Capture time of the end of the last sample in ns."""
        return self.stamp_ns + samples_to_ns(len(self.samples))


@dataclass(frozen=True, eq=False)
class Utterance:
    """What one person said between two silences, with a margin on both sides."""

    samples: np.ndarray
    """int16, shape `(n,)`, mono at 16 kHz, from the pre-roll to a tail of silence."""

    start_ns: int
    """Capture time of the first sample in ns."""

    index: int
    """Index of the first sample since the source started."""

    speech_start: int
    """Offset in `samples` at which speech was first detected."""

    speech_end: int
    """Offset in `samples` after the last frame of speech."""

    flags: FrozenSet[str] = field(default_factory=frozenset)
    """Of `truncated` (cut off in the middle of speech), `split` (a piece of longer speech),
    `gated` (touches the robot's own voice), `gap` (sound was lost at its edge) and `forced`
    (ended by something other than silence)."""

    speech_probability: float = 0.0
    """Mean probability of speech between `speech_start` and `speech_end`, [0, 1]."""

    @property
    def duration_s(self):
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def end_ns(self):
        """Capture time of the end of the last sample in ns."""
        return self.start_ns + samples_to_ns(len(self.samples))

    @property
    def end_index(self):
        """Index of the sample after the last one."""
        return self.index + len(self.samples)


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak."""

    index: int
    """Index of the first sample of speech, the pre-roll not counted."""

    stamp_ns: int
    """Its capture time in ns."""


@dataclass(frozen=True)
class SpeechEnded:
    """Nobody speaks any more."""

    index: int
    """Index of the sample at which the end was decided, hang-over included."""

    stamp_ns: int
    """Its capture time in ns."""


@dataclass(frozen=True)
class PartialUtterance:
    """The utterance so far, while the person still speaks."""

    utterance: Utterance
    """What would be emitted if the person fell silent now."""


@dataclass(frozen=True)
class AnticipatedUtterance:
    """The utterance that follows, with the same samples, if the silence lasts."""

    utterance: Utterance
    """What will be emitted when the hang-over is over, unless somebody speaks on."""


@dataclass(frozen=True)
class Rejected:
    """Sound that belongs to no utterance."""

    index: int
    """Index of the first sample."""

    count: int
    """Number of samples."""

    reason: str
    """`silence`, `short` (shorter than `min_s`, or brief and doubtful), `gated` (the robot spoke)
    or `reset`."""
