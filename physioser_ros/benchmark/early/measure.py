"""The whole measurement of early answers."""

from dataclasses import replace
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Callable

import soundfile

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.benchmark.early import report
from physioser_ros.benchmark.early.live import play
from physioser_ros.benchmark.early.replay import Labels, replay
from physioser_ros.benchmark.hearing.time_line import read_sentences, speech_line
from physioser_ros.inference import Decision, Model, Recognizer


def measure(folder: Path, model: Model, count: int, live: int, window_s: float, period_s: float,
            say: Callable[[str], None], seed: int = 2) -> str:
    """
    Measure everything and return the sections of the report, in Markdown.

    :param folder: of recordings, with an `index.csv`
    :param model: answers
    :param count: sentences on the time line
    :param live: sentences that are played at the pace of speech, 0 for none
    :param window_s: what a partial answer is made of
    :param period_s: of the partial answers
    :param say: takes a line on what is being done
    :param seed: of sentences and silences
    :raises ValueError: the folder holds too few sentences
    """
    sentences = read_sentences(folder, count, seed)
    if len(sentences) < count:
        raise ValueError(f'{folder} holds {len(sentences)} sentences with certain boundaries, '
                         f'{count} were asked for: lower --sentences')
    line = speech_line('speech', sentences, seed=seed)
    say(f'{count} sentences, {line.duration_s:.0f} s')
    options = SegmenterOptions(partial_period_s=period_s)
    labels = Labels(Recognizer(model, Decision()))
    spoken = replay(line.samples, labels, options, window_s)
    say('partial answers from all that was heard')
    whole = replay(line.samples, labels, options, 0.0)
    played = None
    load = f'{len(os.sched_getaffinity(0))} cores, load average {os.getloadavg()[0]:.1f}'
    if live:
        with TemporaryDirectory() as place:
            path = Path(place) / 'speech.wav'
            short = speech_line('speech', sentences[:live], seed=seed)
            soundfile.write(path, short.samples, SAMPLE_RATE, subtype='PCM_16')
            say(f'{short.duration_s:.0f} s twice at the pace of speech')
            played = (play(path, model, options), play(path, model, replace(
                options, anticipate=False)))
    metadata = model.metadata
    remark = f'Model {metadata.name} {metadata.version}.'
    return report.sections(count, spoken, whole, period_s, window_s, played, remark, load)
