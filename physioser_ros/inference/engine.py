"""
The worker that recognises utterances one after the other, behind a bounded queue.

All callbacks run in the worker's thread, except `on_drop`, which runs where the drop happens:
in the worker, or in the caller of `submit`, `reset` or `stop`. None runs with a lock held.
`stop` cancels the inference under way; should one not end in time, it goes on in its daemon
thread, nothing waits for it and its result is thrown away.
"""

import atexit
from threading import Condition, current_thread, Thread
import time
from typing import Any, Callable, Hashable, List, NamedTuple, Optional, Tuple

import numpy as np

from physioser_ros.inference.ahead import Ahead
from physioser_ros.inference.decision import Decision
from physioser_ros.inference.engine_status import EngineStatus, Ledger
from physioser_ros.inference.model import Model
from physioser_ros.inference.recognizer import check_samples, Reading, Recognizer
from physioser_ros.inference.request_queue import Request, RequestQueue, RESET, STOPPED
from physioser_ros.inference.result import EmotionResult
from physioser_ros.inference.speakers import SpeakerMemory

#: Seconds from one request to end the inference under way to the next.
CANCEL_PERIOD_S = 0.05


class Answered(NamedTuple):
    """The last whole utterance that was answered."""

    request: Request
    """What came in, its sound included."""
    state: Optional[np.ndarray]
    """What was known of the speaker before; None for nothing."""
    result: EmotionResult
    """What was answered."""


class Engine:
    """Utterances in, results out, in the order of submission."""

    def __init__(self, model: Model, *, decision: Decision,
                 speakers: Optional[SpeakerMemory] = None, queue_depth: int = 4,
                 queue_policy: str = 'drop_oldest', max_age_s: float = 0.0,
                 saliency: bool = False, on_result: Callable[[EmotionResult], None],
                 on_drop: Callable[[Any, str], None],
                 on_error: Callable[[Any, Exception], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        """
        Create an engine that does not run yet.

        :param model: a loaded model
        :param decision: makes the label
        :param speakers: memory of the model's speaker states, None = no memory
        :param queue_depth: utterances that may wait
        :param queue_policy: 'drop_oldest' or 'drop_newest' where too many wait
        :param max_age_s: seconds of waiting after which an utterance is dropped, 0 = off
        :param saliency: component saliency with every result
        :param on_result: takes each result
        :param on_drop: takes the context and the reason of each request without an answer
        :param on_error: takes the context and the exception of each request that failed
        :param clock: monotonic seconds
        :raises ValueError: a queue option is out of range
        """
        self._recognizer = Recognizer(model, decision, speakers, saliency=saliency)
        self._queue = RequestQueue(queue_depth, queue_policy, max_age_s)
        self._ledger = Ledger()
        self._on_result = on_result
        self._on_drop = on_drop
        self._on_error = on_error
        self._clock = clock
        self._changed = Condition()
        self._worker: Optional[Thread] = None
        self._current: Optional[Request] = None
        self._ahead = Ahead()
        self._last: Optional[Answered] = None
        # Counts resets: what began before a reset must not be heard of after it.
        self._epoch = 0

    @property
    def recognizer(self) -> Recognizer:
        """Return model, decision, speaker memory and saliency switch, for live changes."""
        return self._recognizer

    def start(self) -> None:
        """Start the worker; without effect where it runs."""
        with self._changed:
            if self._worker is not None:
                return
            self._worker = Thread(target=self._work, name='emotion-inference', daemon=True)
            self._worker.start()
        # A daemon thread that is inside onnxruntime when the interpreter ends aborts the
        # process; so whoever forgets to stop is stopped at exit.
        atexit.register(self.stop)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """
        Stop the worker and drop what it does and what waits; idempotent, `start` may follow.

        :param timeout_s: seconds to wait for the worker
        :returns: False where it still runs; then its result will be thrown away
        """
        atexit.unregister(self.stop)
        with self._changed:
            worker, self._worker = self._worker, None
            waiting = self._abandon()
            self._changed.notify_all()
        self._drop([(request, STOPPED) for request in waiting])
        if worker is None or worker is current_thread():
            return True
        # Again and again, for the worker may stand right before its run.
        deadline = time.monotonic() + timeout_s
        while worker.is_alive() and time.monotonic() < deadline:
            self._recognizer.model.cancel()
            worker.join(min(timeout_s, CANCEL_PERIOD_S))
        return not worker.is_alive()

    def submit(self, samples: np.ndarray, context: Any, *, partial: bool = False,
               speaker_id: str = '', utterance: Hashable = None,
               time_s: Optional[float] = None) -> bool:
        """
        Let an utterance wait for the worker; never blocks.

        :param samples: int16 (samples,), mono, 16 kHz; not copied, so leave them alone
        :param context: handed through to the result
        :param partial: the beginning of an utterance that still goes on
        :param speaker_id: whose it is, '' = the one anonymous speaker
        :param utterance: equal for all requests of one utterance; needed only where several
            people speak at the same time
        :param time_s: time of the utterance in s for smoothing and forgetting, in one clock
            for all calls; None = now
        :returns: False where it was dropped at once
        :raises ValueError: `samples` have another type or shape, or there are none
        """
        check_samples(samples)
        now_s = self._clock()
        request = Request(samples, context, partial, speaker_id, utterance,
                          now_s if time_s is None else time_s, now_s)
        with self._changed:
            self._ledger.submitted(partial)
            if self._worker is None:
                waits, dropped = False, [(request, STOPPED)]
            else:
                waits, dropped = self._queue.put(request)
            self._changed.notify_all()
        self._drop(dropped)
        return waits

    @property
    def last(self) -> Optional[Answered]:
        """Return the last utterance that was answered; None before, after reset and stop."""
        with self._changed:
            return self._last

    def explain(self, samples: np.ndarray,
                speaker_state: Optional[np.ndarray] = None) -> EmotionResult:
        """
        Recognise one utterance now, in the caller's thread, with component saliency.

        No memory is read or changed, and nothing is counted.

        :param samples: int16 (samples,), mono, 16 kHz
        :param speaker_state: what was known of the speaker, None = nothing
        :returns: the result
        :raises ValueError: `samples` have another type or shape, or there are none
        :raises InferenceError: the model failed or its outputs are no answer
        """
        return self._recognizer.explain(samples, speaker_state=speaker_state)

    def reset(self) -> None:
        """Drop what waits, discard the inference under way, forget speakers and smoothing."""
        with self._changed:
            waiting = self._abandon()
            self._recognizer.reset()
        self._drop([(request, RESET) for request in waiting])

    def status(self) -> EngineStatus:
        """Return counts, ages and durations as of now."""
        with self._changed:
            oldest = self._queue.oldest_submitted_s()
            return self._ledger.status(
                now_s=self._clock(), running=self._worker is not None,
                busy=self._current is not None, waiting=len(self._queue),
                oldest_submitted_s=oldest, speakers=len(self._recognizer.speakers or ()))

    def _abandon(self) -> List[Request]:
        """Return the request under way and those that wait, none of which shall be answered."""
        under_way = [] if self._current is None else [self._current]
        self._current = self._last = None
        self._epoch += 1
        self._ahead.forget()
        return under_way + self._queue.clear()

    def _work(self) -> None:
        worker = current_thread()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._worker is not worker or len(self._queue))
                if self._worker is not worker:
                    return
                request, dropped = self._queue.take(self._clock())
                self._current = request
                epoch = self._epoch
            self._drop(dropped)
            if request is not None:
                self._answer(request, epoch)

    def _answer(self, request: Request, epoch: int) -> None:
        """Recognise one request, unless a reset or a stop comes between."""
        queued_s = max(0.0, self._clock() - request.submitted_s)
        result: Optional[EmotionResult] = None
        error: Optional[Exception] = None
        try:
            with self._changed:
                known = None if request.partial else self._ahead.take(
                    request, self._recognizer.saliency)
                state = known.state if known else self._recognizer.recall(
                    request.speaker_id, request.time_s)
            reading = (known.reading if known
                       else self._recognizer.infer(request.samples, state))
            with self._changed:
                if epoch != self._epoch:
                    return
                result = self._conclude(request, state, reading, queued_s, known is not None)
        # Whatever one utterance raises, the worker must live on for the next one; the error
        # goes to on_error and into the status.
        except Exception as failure:
            error = failure
        with self._changed:
            if epoch != self._epoch:
                return
            self._current = None
            self._ledger.answered(request, result, error, self._clock())
        if error is None:
            self._call(self._on_result, result)
        else:
            self._call(self._on_error, request.context, error)

    def _conclude(self, request: Request, state: Optional[np.ndarray], reading: Reading,
                  queued_s: float, ahead: bool) -> EmotionResult:
        """Decide, and remember what the next request may want."""
        result = self._recognizer.conclude(
            reading, context=request.context, partial=request.partial,
            speaker_id=request.speaker_id, time_s=request.time_s, queued_s=queued_s, ahead=ahead)
        if request.partial:
            self._ahead.keep(request, state, reading)
        else:
            self._last = Answered(request, state, result)
        return result

    def _drop(self, dropped: List[Tuple[Request, str]]) -> None:
        if not dropped:
            return
        with self._changed:
            for request, reason in dropped:
                self._ledger.dropped(request, reason, self._clock())
        for request, reason in dropped:
            self._call(self._on_drop, request.context, reason)

    def _call(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Call back; an exception there is an error of the engine, not the worker's end."""
        try:
            callback(*arguments)
        # Whatever it raises is an error of whoever gave it; the worker must live on.
        except Exception as error:
            with self._changed:
                self._ledger.callback_failed(error, self._clock())
