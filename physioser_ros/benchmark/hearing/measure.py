"""The whole measurement: lines, listeners, and what is written down of them."""

from pathlib import Path
from typing import Callable, Dict, List, Sequence

import numpy as np

from physioser_ros.audio.vad import vad_names
from physioser_ros.benchmark.hearing import cost, report
from physioser_ros.benchmark.hearing.listeners import Answers, ask, auditok, cut, Heard
from physioser_ros.benchmark.hearing.noises import at_level, NOISES
from physioser_ros.benchmark.hearing.score import score
from physioser_ros.benchmark.hearing.time_line import (
    LONG_NOISE_S, noise_line, quiet_line, read_sentences, SPEECH_DBFS, speech_line, TimeLine)
from physioser_ros.benchmark.hearing.tuning import settings

#: Stretches of each noise, and so sentences after it.
STRETCHES = 4
#: The noises, among them the hardest, on which settings are tried as well.
TRIED_NOISES = ('servo sweep', 'music')
#: How much fainter somebody far away is.
FAR_DB = -20.0


def speech_lines(sentences: Sequence[np.ndarray], seed: int) -> List[TimeLine]:
    """Return the lines on which people speak."""
    far = [at_level(sentence, SPEECH_DBFS + FAR_DB) for sentence in sentences]
    return [speech_line('clean', sentences, seed=seed),
            speech_line('clean, 20 dB fainter', far, seed=seed),
            speech_line('fan, 10 dB SNR', sentences, 'fan', seed=seed),
            speech_line('servo, 10 dB SNR', sentences, 'servo sweep', seed=seed),
            speech_line('fan, 5 dB SNR', sentences, 'fan', 5.0, seed=seed)]


def noise_lines(sentences: Sequence[np.ndarray], long_s: float, seed: int) -> List[TimeLine]:
    """Return the lines of long noises, and of the sentences after them."""
    return [noise_line(noise, sentences[:STRETCHES], long_s, seed) for noise in NOISES]


def measure(folder: Path, count: int, hours: float, say: Callable[[str], None],
            long_s: float = LONG_NOISE_S, seed: int = 0) -> str:
    """
    Measure everything and return the sections of the report, in Markdown.

    :param folder: of recordings, with an `index.csv`
    :param count: sentences on a line of speech
    :param hours: of sound for the memory, 0 for none
    :param say: takes a line on what is being done
    :param long_s: length of a stretch of noise
    :param seed: of sentences, silences and noises
    """
    sentences = read_sentences(folder, count, seed)
    if len(sentences) < count:
        raise ValueError(f'{folder} holds {len(sentences)} sentences with certain boundaries, '
                         f'{count} were asked for: lower --sentences')
    say(f'{count} sentences, {sum(map(len, sentences)) / 16000:.0f} s')
    spoken = speech_lines(sentences, seed)
    noises = noise_lines(sentences, long_s, seed)
    answers: Dict[str, Answers] = {}
    heard: Dict[str, Dict[str, List[Heard]]] = {}
    for name in (*vad_names(), 'auditok'):
        heard[name] = {}
        for line in (*spoken, *noises):
            say(f'{name} hears {line.name} ({line.duration_s:.0f} s)')
            if name == 'auditok':
                heard[name][line.name] = auditok(line.samples)
                continue
            asked = ask(name, line.samples)
            heard[name][line.name] = cut(line.samples, asked)
            if name == 'cascade':
                answers[line.name] = asked
    scores = {name: {line.name: score(line, found[line.name]) for line in (*spoken, *noises)}
              for name, found in heard.items()}
    say('settings')
    tried = [*spoken, *(line for line in noises if line.name in TRIED_NOISES)]
    rows = list(settings(tried, answers))
    say('cost')
    talk = speech_line('talk', sentences, gap_s=(0.1, 0.2))
    percent = {'speech': cost.core_percent(talk), 'quiet': cost.core_percent(quiet_line(120.0))}
    soaked = None
    if hours:
        say(f'{hours:g} hours of sound')
        soaked = cost.soak([spoken[0], quiet_line(1200.0), spoken[2]], hours)
    return report.sections(spoken, noises, scores, rows, percent, soaked)
