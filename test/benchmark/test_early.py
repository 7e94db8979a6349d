"""Early answers are counted as they come, on sound whose speech is scripted."""

from dataclasses import replace
from pathlib import Path
import sys

import numpy as np
from places import ROOT
import pytest
import soundfile
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.benchmark.early import report
from physioser_ros.benchmark.early.live import Live, play
from physioser_ros.benchmark.early.replay import Early, Labels, replay, Spoken
from physioser_ros.inference import Decision, load_model, Recognizer

# scripted_vad lives beside the tests of the audio room.
sys.path.append(str(ROOT / 'test' / 'audio'))

from scripted_vad import ScriptedVoiceActivity  # noqa: E402,I100

OPTIONS = SegmenterOptions(pre_roll_s=0.0, partial_period_s=0.5)


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return load_model(write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.onnx'))


def test_the_label_settles_where_the_early_ones_become_the_final_one(model):
    # Loud enough for the scripted detector all the way; it becomes louder after a second.
    speech = [samples_for(2), samples_for(6), samples_for(6)]
    sound = np.concatenate([np.zeros(8000, np.int16), *speech, np.zeros(16000, np.int16)])
    [spoken] = replay(sound, Labels(Recognizer(model, Decision())), OPTIONS, 0.4,
                      ScriptedVoiceActivity())
    assert spoken.speech_s == pytest.approx(3.0)
    assert (spoken.anticipated, spoken.ready) == (1, True)
    labels = [early.label for early in spoken.partials]
    assert (labels[0], labels[3]) == (LABELS[2], LABELS[6])
    assert spoken.partials[3].speech_s == pytest.approx(2.11)


def test_an_utterance_whose_last_early_label_was_another_one_never_settled():
    early = (Early(1.0, 'sad'), Early(1.5, 'angry'), Early(2.0, 'angry'))
    spoken = Spoken(3.0, 'angry', early, 1, True)
    assert spoken.settled_s == 1.5
    assert replace(spoken, label='happy').settled_s == 0.0


def test_the_page_gets_the_tables_between_its_marks(tmp_path):
    spoken = [Spoken(3.0, 'angry', (Early(1.0, 'sad'), Early(1.5, 'angry')), 2, True)]
    live = Live([0.001], [0.05], 2), Live([0.051], [0.05], 1)
    page = Path(tmp_path / 'page.md')
    page.write_text(f'before\n{report.BEGIN}\nold\n{report.END}\nafter\n')
    report.write(report.sections(1, spoken, spoken, 0.5, 4.0, live, 'Model tiny.', 'idle'), page)
    text = page.read_text()
    assert text.startswith('before') and text.endswith('after\n') and 'old' not in text
    assert '| 1 s of speech | 1 | 0 % | 0 % |' in text
    assert '| 2 s of speech | 1 | 100 % | 100 % |' in text
    assert 'median | 1.0 ms | 51.0 ms |' in text


def test_a_file_is_played_and_its_answer_is_ready(model, tmp_path, monkeypatch):
    monkeypatch.setattr('physioser_ros.audio.capture.create_vad',
                        lambda *_: ScriptedVoiceActivity())
    path = tmp_path / 'speech.wav'
    soundfile.write(path, np.concatenate([samples_for(5, duration_s=0.5),
                                          np.zeros(16000, np.int16)]), 16000)
    live = play(path, model, replace(OPTIONS, min_s=0.1))
    assert len(live.answers_s) == 1 and live.answers_s[0] >= 0
    assert live.runs == 1
