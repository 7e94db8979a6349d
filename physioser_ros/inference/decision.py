"""
From a model's probabilities to one label.

Order: temperature, smoothing over a speaker's utterances, threshold, hysteresis. The defaults
change nothing: the label is then the model's most probable one.
"""

from dataclasses import dataclass
import math
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from physioser_ros.inference.metadata import UNCERTAIN
from physioser_ros.inference.speakers import SpeakerMemory

#: Probabilities below this count as this in logarithms, so that a 0 does not last for ever.
SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class DecisionOptions:
    """Options of the decision."""

    temperature: float = 1.0
    """Divides the log-probabilities, in (0, 10]: more than 1 is less sure of itself."""
    min_confidence: float = 0.0
    """Below this probability the answer is 'uncertain', in [0, 1]."""
    smoothing: str = 'none'
    """'none', or 'ema': exponential mean of the log-probabilities of a speaker's utterances."""
    time_constant_s: float = 3.0
    """Seconds after which an earlier utterance weighs 1/e in the mean, more than 0."""
    gap_s: float = 10.0
    """Seconds without an utterance after which smoothing and hysteresis start anew."""
    hysteresis: float = 0.0
    """Margin in probability by which another label must win, or the threshold be missed,
    before the decision leaves the label that it holds, in [0, 1)."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 < self.temperature <= 10:
            raise ValueError(f'temperature is {self.temperature}, expected more than 0 up to 10')
        if not 0 <= self.min_confidence <= 1:
            raise ValueError(f'min_confidence is {self.min_confidence}, expected 0 to 1')
        if self.smoothing not in ('none', 'ema'):
            raise ValueError(f"smoothing is {self.smoothing!r}, expected 'none' or 'ema'")
        for name in ('time_constant_s', 'gap_s'):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ValueError(f'{name} is {value}, expected more than 0 seconds')
        if not 0 <= self.hysteresis < 1:
            raise ValueError(f'hysteresis is {self.hysteresis}, expected 0 up to less than 1')


class Verdict(NamedTuple):
    """A decision: all labels by descending probability, and the one that was chosen."""

    labels: Tuple[str, ...]
    probabilities: Tuple[float, ...]
    label: str
    confidence: float


class _History(NamedTuple):
    """What an utterance leaves behind for the speaker's next one."""

    log_probabilities: np.ndarray
    held: str
    uncertain: bool


class Decision:
    """Turns probabilities into a label, with a memory per speaker; not thread-safe."""

    def __init__(self, options: DecisionOptions = DecisionOptions(), *,
                 max_speakers: int = 16) -> None:
        """
        Create a decision without a past.

        :param options: what to do; see :class:`DecisionOptions`
        :param max_speakers: speakers whose past is kept at the same time
        """
        self._options = options
        self._history: SpeakerMemory[_History] = SpeakerMemory(options.gap_s, max_speakers)

    @property
    def options(self) -> DecisionOptions:
        """Return the options; assign to change them without losing the past."""
        return self._options

    @options.setter
    def options(self, options: DecisionOptions) -> None:
        self._options = options
        self._history.forget_s = options.gap_s

    def decide(self, labels: Sequence[str], probabilities: np.ndarray, *, time_s: float = 0.0,
               speaker_id: str = '', partial: bool = False) -> Verdict:
        """
        Decide on one utterance and remember it for the speaker's next one.

        :param labels: labels of the model
        :param probabilities: float (classes,), in the order of `labels`, summing to 1
        :param time_s: time of the utterance in s, in a clock that only runs forward
        :param speaker_id: whose utterance it is; nothing passes from one speaker to another
        :param partial: an early answer: it sees the past but leaves no trace in it
        """
        past = self._history.recall(speaker_id, time_s)
        current = self._tempered(probabilities)
        if past is not None and self._options.smoothing == 'ema':
            # The state decays with the time between utterances, so that the same pace of talk
            # smooths alike whether it is cut into many short or few long utterances.
            age_s = self._history.age_s(speaker_id, time_s)
            kept = math.exp(-age_s / self._options.time_constant_s)
            current = _normalised(kept * past.log_probabilities + (1 - kept) * current)
        verdict = self._choose(labels, np.exp(current), past)
        if not partial:
            uncertain = verdict.label == UNCERTAIN
            held = (past.held if past else '') if uncertain else verdict.label
            self._history.remember(speaker_id, _History(current, held, uncertain), time_s)
        return verdict

    def read(self, labels: Sequence[str], probabilities: np.ndarray) -> Verdict:
        """Decide on one utterance alone: no past, no trace."""
        return self._choose(labels, np.exp(self._tempered(probabilities)), None)

    def reset(self) -> None:
        """Forget the past of every speaker."""
        self._history.reset()

    def _tempered(self, probabilities: np.ndarray) -> np.ndarray:
        floored = np.maximum(np.asarray(probabilities, np.float64), SMALLEST_PROBABILITY)
        return _normalised(np.log(floored) / self._options.temperature)

    def _choose(self, labels: Sequence[str], probabilities: np.ndarray,
                past: Optional[_History]) -> Verdict:
        # A stable sort: equal probabilities stand in the order of the model's labels.
        order = np.argsort(-probabilities, kind='stable')
        ranked = tuple(labels[index] for index in order)
        scores = tuple(float(probabilities[index]) for index in order)
        label, confidence, threshold = ranked[0], scores[0], self._options.min_confidence
        margin = self._options.hysteresis
        if past is not None and past.held in ranked:
            held_score = scores[ranked.index(past.held)]
            if confidence - held_score <= margin:
                label, confidence = past.held, held_score
                if not past.uncertain:
                    threshold -= margin
        if confidence < threshold:
            label, confidence = UNCERTAIN, scores[0]
        return Verdict(ranked, scores, label, confidence)


def _normalised(log_values: np.ndarray) -> np.ndarray:
    shifted = log_values - log_values.max()
    return shifted - np.log(np.exp(shifted).sum())
