"""One utterance to one result: model, speaker memory and decision in a row, no thread."""

import time
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from physioser_ros.inference.decision import Decision, Verdict
from physioser_ros.inference.metadata import SAMPLE_RATE, UNCERTAIN
from physioser_ros.inference.model import Model, Readout
from physioser_ros.inference.result import EmotionResult
from physioser_ros.inference.saliency import component_saliency, occlusion_masks
from physioser_ros.inference.speakers import SpeakerMemory

#: int16 samples are divided by this: -32768 becomes -1 exactly, and no bit is lost.
INT16_SCALE = 32768
#: Shorter or fainter than this, in s and in steps of int16 (-60 dB of full scale), an utterance
#: says little about a voice: its mean would be that of a click or of the room.
VOICE_S, VOICE_PEAK = 0.5, 33


class Reading(NamedTuple):
    """What the model said to one utterance, before any decision."""

    readout: Readout
    """The model's outputs."""
    skipped_samples: int
    """Samples at the utterance's start that the model did not see."""
    variants: bool
    """The rows of the readout are the five variants for component saliency."""
    processing_s: float
    """Seconds that it took."""
    telling: bool = True
    """The utterance is long and loud enough to say something about the voice."""


class Recognizer:
    """What the engine's worker, `physioser predict` and an explanation have in common."""

    def __init__(self, model: Model, decision: Decision,
                 speakers: Optional[SpeakerMemory] = None, *, saliency: bool = False) -> None:
        """
        Put the parts together.

        :param model: a loaded model
        :param decision: makes the label
        :param speakers: remembers the model's state of each speaker; None = every utterance is
            one of an unknown speaker
        :param saliency: fill in `component_saliency`; costs four more runs of the encoder
        """
        self.model = model
        self.decision = decision
        self.speakers = speakers
        self.saliency = saliency

    def recognize(self, samples: np.ndarray, *, context: Any = None, partial: bool = False,
                  speaker_id: str = '', time_s: float = 0.0) -> EmotionResult:
        """
        Recognise one utterance, and remember it unless it is partial.

        :param samples: int16 (samples,), mono, 16 kHz; of one longer than the model's maximum
            the end is taken, for that is the nearest to now
        :param context: handed through to the result
        :param partial: an early answer, which leaves no trace in any memory
        :param speaker_id: whose utterance it is, '' = the one anonymous speaker
        :param time_s: time of the utterance in s, in one clock for all calls
        :returns: the result
        :raises ValueError: `samples` have another type or shape, or there are none
        :raises InferenceError: the model failed or its outputs are no answer
        """
        reading = self.infer(samples, self.recall(speaker_id, time_s))
        return self.conclude(reading, context=context, partial=partial, speaker_id=speaker_id,
                             time_s=time_s)

    def explain(self, samples: np.ndarray, *, context: Any = None,
                speaker_state: Optional[np.ndarray] = None) -> EmotionResult:
        """
        Recognise one utterance alone, with component saliency; no memory is read or changed.

        :param samples: int16 (samples,), mono, 16 kHz
        :param context: handed through to the result
        :param speaker_state: what was known of the speaker, None = nothing
        :raises ValueError: as `recognize`
        :raises InferenceError: as `recognize`
        """
        reading = self.infer(samples, speaker_state, saliency=True)
        verdict = self.decision.read(self.model.labels, reading.readout.probabilities[0])
        return self._result(reading, verdict, context=context, partial=False, queued_s=0.0)

    def recall(self, speaker_id: str, time_s: float) -> Optional[np.ndarray]:
        """Return the model's state of a speaker, None where nothing is known of the voice."""
        if self.model.metadata.speaker is None or self.speakers is None:
            return None
        return self.speakers.recall(speaker_id, time_s)

    def infer(self, samples: np.ndarray, speaker_state: Optional[np.ndarray] = None, *,
              saliency: Optional[bool] = None) -> Reading:
        """
        Run the model: the slow half, which touches no memory and may run in any thread.

        :param samples: int16 (samples,), mono, 16 kHz
        :param speaker_state: what `recall` gave
        :param saliency: run the variants for component saliency; None = as set
        :raises ValueError: as `recognize`
        :raises InferenceError: as `recognize`
        """
        started = time.perf_counter()
        waveform, skipped = self.waveform(samples)
        variants = self.saliency if saliency is None else saliency
        readout = self.model.run(waveform, speaker_state=speaker_state,
                                 component_mask=occlusion_masks() if variants else None)
        return Reading(readout, skipped, variants, time.perf_counter() - started,
                       is_telling(samples))

    def conclude(self, reading: Reading, *, context: Any = None, partial: bool = False,
                 speaker_id: str = '', time_s: float = 0.0, queued_s: float = 0.0,
                 ahead: bool = False) -> EmotionResult:
        """
        Decide and remember: the quick half; not thread-safe.

        :param reading: what `infer` gave
        :param queued_s: seconds that the utterance waited before
        :param ahead: the model had answered before the utterance was over
        """
        verdict = self.decision.decide(
            self.model.labels, reading.readout.probabilities[0], time_s=time_s,
            speaker_id=speaker_id, partial=partial)
        if not partial and verdict.label != UNCERTAIN:
            self._remember(reading, speaker_id, time_s)
        return self._result(reading, verdict, context=context, partial=partial,
                            queued_s=queued_s, ahead=ahead)

    def waveform(self, samples: np.ndarray) -> Tuple[np.ndarray, int]:
        """
        Return what the model hears, and how many samples before it are left out.

        :param samples: int16 (samples,), mono, 16 kHz
        :returns: float32 (up to max_samples,) in [-1, 1), and the count
        :raises ValueError: `samples` have another type or shape, or there are none
        """
        check_samples(samples)
        skipped = max(0, len(samples) - self.model.metadata.max_samples)
        return samples[skipped:].astype(np.float32) / INT16_SCALE, skipped

    def reset(self) -> None:
        """Forget every speaker and every earlier decision."""
        self.decision.reset()
        if self.speakers is not None:
            self.speakers.reset()

    def _remember(self, reading: Reading, speaker_id: str, time_s: float) -> None:
        """
        Remember the speaker's state, unless the utterance says little about the voice.

        Of one whose answer is uncertain nobody knows whether it was a voice at all.
        """
        state = reading.readout.speaker_state_next
        if state is not None and self.speakers is not None and reading.telling:
            self.speakers.remember(speaker_id, state, time_s)

    def _result(self, reading: Reading, verdict: Verdict, **fields: Any) -> EmotionResult:
        readout = reading.readout
        vap, ssl = readout.branch_weights[0].tolist()
        saliency = component_saliency(readout.probabilities) if reading.variants else None
        return EmotionResult(
            labels=verdict.labels, probabilities=verdict.probabilities, label=verdict.label,
            confidence=verdict.confidence, branch_weights=(vap, ssl),
            vap_frame_weights=readout.vap_frame_weights[0],
            ssl_frame_weights=readout.ssl_frame_weights[0], component_saliency=saliency,
            frame_step_s=self.model.metadata.frame_step_s,
            processing_s=reading.processing_s, skipped_samples=reading.skipped_samples, **fields)


def is_telling(samples: np.ndarray) -> bool:
    """Return whether int16 (samples,) are long and loud enough to learn a voice from."""
    return (len(samples) >= VOICE_S * SAMPLE_RATE
            and max(int(samples.max()), -int(samples.min())) >= VOICE_PEAK)


def check_samples(samples: np.ndarray) -> None:
    """Raise ValueError unless `samples` are int16 of shape (samples,) with one at least."""
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
        kind = getattr(samples, 'dtype', type(samples).__name__)
        raise ValueError(f'samples are {kind} of shape {np.shape(samples)}, expected int16 of '
                         f'shape (samples,)')
    if len(samples) == 0:
        raise ValueError('the utterance has no sample')
