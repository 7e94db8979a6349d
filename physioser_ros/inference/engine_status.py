"""What an engine has done so far, and how well."""

from collections import Counter
from dataclasses import dataclass
from typing import Mapping, Optional, Tuple

from physioser_ros.inference.durations import DurationWindow, Percentiles
from physioser_ros.inference.errors import InferenceError
from physioser_ros.inference.metadata import SAMPLE_RATE
from physioser_ros.inference.request_queue import QUEUE_FULL, Request, TOO_OLD
from physioser_ros.inference.result import EmotionResult

#: Failures in a row after which the engine counts as broken.
ERRORS_IN_A_ROW = 3
#: Seconds for which a drop or a failure keeps the level at 'warn'.
WARN_S = 10.0


@dataclass(frozen=True)
class EngineStatus:
    """A snapshot of an engine."""

    level: str
    """'ok', 'warn' (degraded, still working) or 'error' (no answers)."""
    text: str
    """One sentence on the level."""
    running: bool
    """The worker runs."""
    busy: bool
    """An inference is under way."""
    submitted: int
    """Whole utterances that came in."""
    results: int
    """Whole utterances that were answered."""
    ahead: int
    """Those of them that the model had answered before they were over."""
    partial_submitted: int
    """Partial utterances that came in."""
    partial_results: int
    """Partial utterances that were answered."""
    dropped: Mapping[str, int]
    """Whole utterances without an answer, by reason."""
    partial_dropped: Mapping[str, int]
    """Partial utterances without an answer, by reason; 'superseded' is their ordinary end."""
    errors: int
    """Inferences and callbacks that failed."""
    errors_in_a_row: int
    """Failures since the last answer."""
    last_error: str
    """The last failure, '' where there was none."""
    waiting: int
    """Requests in the queue."""
    oldest_age_s: float
    """Seconds that the first of them has waited."""
    processing: Percentiles
    """Processing time in s of the last whole utterances."""
    queued: Percentiles
    """Waiting time in s of the last whole utterances."""
    real_time_factor: float
    """Processing time over duration of the last whole utterances; NaN before the first."""
    speakers: int
    """Speakers in the memory."""
    last_label: str
    """Label of the last whole utterance, '' before the first."""
    last_confidence: float
    """Its confidence, NaN before the first."""


class Ledger:
    """Keeps the counts of an engine; not thread-safe."""

    def __init__(self) -> None:
        """Create a ledger of an engine that has done nothing."""
        self._submitted: 'Counter[bool]' = Counter()
        self._results: 'Counter[bool]' = Counter()
        self._ahead = 0
        self._dropped: Tuple['Counter[str]', 'Counter[str]'] = (Counter(), Counter())
        self._errors = 0
        self._errors_in_a_row = 0
        self._last_error = ''
        self._last_trouble: Optional[Tuple[float, str]] = None
        self._processing = DurationWindow()
        self._queued = DurationWindow()
        self._durations = DurationWindow()
        self._last: Optional[EmotionResult] = None

    def submitted(self, partial: bool) -> None:
        """Count a request that came in."""
        self._submitted[partial] += 1

    def dropped(self, request: Request, reason: str, now_s: float) -> None:
        """Count a request that gets no answer."""
        self._dropped[request.partial][reason] += 1
        if reason in (QUEUE_FULL, TOO_OLD) and not request.partial:
            self._last_trouble = (now_s, f'an utterance was dropped ({reason})')

    def answered(self, request: Request, result: Optional[EmotionResult],
                 error: Optional[Exception], now_s: float) -> None:
        """Count the end of an inference: either `result` or `error` is None."""
        if result is None:
            self._failed(error, now_s)
            self._errors_in_a_row += 1
            return
        self._errors_in_a_row = 0
        self._results[request.partial] += 1
        if not request.partial:
            self._ahead += result.ahead
            self._processing.add(result.processing_s)
            self._queued.add(result.queued_s)
            self._durations.add(len(request.samples) / SAMPLE_RATE)
            self._last = result

    def callback_failed(self, error: Exception, now_s: float) -> None:
        """Count an exception in one of the callbacks."""
        self._failed(error, now_s)

    def status(self, *, now_s: float, running: bool, busy: bool, waiting: int,
               oldest_submitted_s: Optional[float], speakers: int) -> EngineStatus:
        """Return a snapshot; the arguments are what the ledger does not keep."""
        factor = self._real_time_factor()
        level, text = self._level(now_s, running, factor)
        last = self._last
        age_s = 0.0 if oldest_submitted_s is None else max(0.0, now_s - oldest_submitted_s)
        return EngineStatus(
            level=level, text=text, running=running, busy=busy,
            submitted=self._submitted[False], results=self._results[False],
            ahead=self._ahead,
            partial_submitted=self._submitted[True], partial_results=self._results[True],
            dropped=dict(self._dropped[False]), partial_dropped=dict(self._dropped[True]),
            errors=self._errors, errors_in_a_row=self._errors_in_a_row,
            last_error=self._last_error, waiting=waiting, oldest_age_s=age_s,
            processing=self._processing.percentiles(), queued=self._queued.percentiles(),
            real_time_factor=factor, speakers=speakers,
            last_label=last.label if last else '',
            last_confidence=last.confidence if last else float('nan'))

    def _failed(self, error: Optional[Exception], now_s: float) -> None:
        self._errors += 1
        self._last_error = (str(error) if isinstance(error, InferenceError)
                            else f'{type(error).__name__}: {error}')
        self._last_trouble = (now_s, self._last_error)

    def _real_time_factor(self) -> float:
        sound_s = self._durations.total()
        return self._processing.total() / sound_s if sound_s else float('nan')

    def _level(self, now_s: float, running: bool, factor: float) -> Tuple[str, str]:
        if self._errors_in_a_row >= ERRORS_IN_A_ROW:
            return 'error', (f'the last {self._errors_in_a_row} inferences failed: '
                             f'{self._last_error}')
        if not running:
            return 'ok', 'stopped'
        if factor > 1:
            return 'warn', f'slower than real time: {factor:.2f} s for each second of speech'
        if self._last_trouble is not None and now_s - self._last_trouble[0] <= WARN_S:
            return 'warn', self._last_trouble[1]
        return 'ok', 'ready'
