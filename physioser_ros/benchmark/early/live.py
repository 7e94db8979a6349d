"""
From the end of an utterance to its answer, by the clock.

A capture plays a file at the pace of speech and an engine answers, as in the nodes but without
messages: what is measured is what computing ahead saves, not the middleware.
"""

from dataclasses import dataclass, replace
from pathlib import Path
import time
from typing import Dict, List

from physioser_ros.audio.capture import Capture
from physioser_ros.audio.options import CaptureOptions
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.inference import Decision, EmotionResult, Engine, Model

#: Time for the last answer, in s.
LAST_S = 30.0
POLL_S = 0.01


@dataclass(frozen=True)
class Live:
    """Answers to the utterances of a file that was played."""

    answers_s: List[float]
    """From the decision that an utterance is over to its answer, in s."""
    models_s: List[float]
    """What the model took for each of them, in s."""
    runs: int
    """How often the model ran."""


def play(path: Path, model: Model, options: SegmenterOptions) -> Live:
    """
    Play a file once and return how long the answers took.

    :param path: of a file of speech
    :param model: answers
    :param options: of the segmenter; `anticipate` is what makes the difference
    """
    over: Dict[int, float] = {}
    answers: List[float] = []
    results: List[EmotionResult] = []

    def on_result(result: EmotionResult) -> None:
        if not result.partial:
            answers.append(time.perf_counter() - over[result.context])
        results.append(result)

    def on_utterance(utterance) -> None:
        over[utterance.index] = time.perf_counter()
        engine.submit(utterance.samples, utterance.index, utterance=utterance.index)

    engine = Engine(model, decision=Decision(), on_result=on_result,
                    on_drop=lambda *_: None, on_error=_fail)
    capture = Capture(
        CaptureOptions(source='file', file_path=str(path), segment=replace(
            options, partial_period_s=0.0)),
        now_ns=time.time_ns, on_utterance=on_utterance,
        on_anticipated=lambda utterance: engine.submit(
            utterance.samples, utterance.index, partial=True, utterance=utterance.index))
    engine.start()
    try:
        capture.configure()
        capture.start()
        capture.finished.wait()
        deadline = time.monotonic() + LAST_S
        while len(answers) < len(over) and time.monotonic() < deadline:
            time.sleep(POLL_S)
    finally:
        capture.close()
        engine.stop()
    finals = [result for result in results if not result.partial]
    return Live(answers, [result.processing_s for result in finals],
                sum(not result.ahead for result in results))


def _fail(context, error: Exception) -> None:
    raise error
