"""Hours of sound through segmenter and model in this process, as fast as they go."""

from pathlib import Path
from threading import Semaphore
import time
from typing import Any, Callable, List, NamedTuple, Optional

import numpy as np
import psutil

from physioser_ros.audio.capture import Capture
from physioser_ros.audio.options import CaptureOptions
from physioser_ros.benchmark.soak.scene import scene, SceneSource, sentences
from physioser_ros.benchmark.soak.watch import Log, look, Sample
from physioser_ros.inference import Decision, DecisionOptions, Engine, load_model, SpeakerMemory
from physioser_ros.inference.heap import keep_large_blocks_apart

#: Utterances that may wait: nothing is dropped, the sound waits for the model.
WAITING = 2
PROCESS = 'segmenter and model'


class Flood(NamedTuple):
    """What a run at full speed came to."""

    hours: float
    """Hours of sound."""
    seconds: float
    """Elapsed time in s."""
    utterances: int
    """Utterances that the segmenter closed."""
    answers: int
    """How many of them were answered."""
    errors: int
    """How many failed."""
    identical: bool
    """Whether the same utterance had bit-identical probabilities at the start and the end."""


def flood(model: Path, hours: float, recordings: Optional[Path], path: Path, samples: int,
          advance: Callable[[str], None], detector: str = 'cascade') -> Flood:
    """
    Run it and write Samples as they come.

    :param model: model file, listed in the manifest beside it
    :param hours: hours of sound
    :param recordings: see `sentences`
    :param path: CSV to write
    :param samples: how many rows
    :param advance: called with what is done, once a row
    :param detector: of voices; only webrtc hears synthetic ones
    :raises ModelError: the model cannot be used
    :raises ValueError: no recordings
    """
    # As the executables of the nodes do.
    keep_large_blocks_apart()
    spoken = sentences(recordings)
    loaded = load_model(model, warm_up=True)
    source = SceneSource(spoken, hours)
    work = _Work(source, loaded, detector)
    probe = next(scene(spoken, seed=1))
    before = work.engine.recognizer.infer(_first_sentence(spoken, probe)).readout.probabilities
    watched, log = psutil.Process(), Log(path, Sample._fields)
    started_s = time.monotonic()
    work.start()
    for number in range(1, samples + 1):
        while source.hours < hours * number / samples and not work.capture.finished.wait(0.2):
            pass
        sample = look(watched, PROCESS, source.hours)
        log.add(sample)
        advance(f'{sample.hours:.2f} h, {work.utterances} utterances, '
                f'{sample.private_mib:.1f} MiB')
    work.capture.finished.wait()
    work.finish()
    log.close()
    after = work.engine.recognizer.infer(_first_sentence(spoken, probe)).readout.probabilities
    return Flood(source.hours, time.monotonic() - started_s, work.utterances, work.answers,
                 work.errors, bool(np.array_equal(before, after)))


def _first_sentence(spoken: List[np.ndarray], pause: np.ndarray) -> np.ndarray:
    return np.concatenate([pause[:8000], spoken[0]])


class _Work:
    """A capture whose utterances go to an engine, which holds it back."""

    def __init__(self, source: SceneSource, model: Any, detector: str) -> None:
        self.utterances = self.answers = self.errors = 0
        self._room = Semaphore(WAITING)
        self._speakers = SpeakerMemory(120.0, 16) if model.metadata.speaker else None
        self.engine = Engine(model, decision=Decision(DecisionOptions()),
                             speakers=self._speakers, queue_depth=WAITING,
                             on_result=self._on_result, on_drop=self._on_drop,
                             on_error=self._on_error)
        # Its clock is that of the sound: stamps stay true at any speed.
        self.capture = Capture(CaptureOptions(vad_backend=detector), now_ns=lambda: 0,
                               source=source, on_utterance=self._on_utterance)

    def start(self) -> None:
        self.engine.start()
        self.capture.configure()
        self.capture.start()

    def finish(self) -> None:
        """Wait for the last answers and end."""
        for _ in range(WAITING):
            self._room.acquire()
        self.capture.close()
        self.engine.stop()

    def _on_utterance(self, utterance: Any) -> None:
        self._room.acquire()
        self.utterances += 1
        self.engine.submit(utterance.samples, None, time_s=utterance.start_ns / 1e9)

    def _on_result(self, result: Any) -> None:
        self.answers += 1
        self._room.release()

    def _on_drop(self, context: Any, reason: str) -> None:
        self._room.release()

    def _on_error(self, context: Any, error: Exception) -> None:
        self.errors += 1
        self._room.release()
