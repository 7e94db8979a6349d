"""The detectors tell speech from noise, stay able to, and never give way silently."""

import sys

import numpy as np
import pandas as pd
import pytest
import soundfile

from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.vad import create_vad, vad_names
from physioser_ros.audio.vad.silero import load_session


@pytest.fixture(scope='module')
def speech(recordings):
    """Return a loud clip of real speech, int16."""
    index = pd.read_csv(recordings / 'index.csv')
    clip = index[index.corpus == 'emodb'].iloc[0]
    return soundfile.read(recordings / clip.path, dtype='int16')[0]


def share(vad, samples, threshold=0.5):
    """Return the share of frames that are taken for speech."""
    size = vad.frame_samples
    frames = [samples[start:start + size] for start in range(0, len(samples) - size + 1, size)]
    return float(np.mean([vad.probability(frame) >= threshold for frame in frames]))


def hum(seconds):
    time_s = np.arange(int(seconds * 16000)) / 16000
    return (6000 * sum(np.sin(2 * np.pi * 50 * k * time_s) / k for k in range(1, 9))).astype(
        np.int16)


@pytest.mark.parametrize('name', vad_names())
def test_real_speech_is_heard_and_digital_silence_is_not(name, speech):
    vad = create_vad(name)
    assert share(vad, np.zeros(32000, np.int16)) == 0
    assert share(vad, speech) > 0.5


@pytest.mark.parametrize('name', ['cascade', 'silero'])
def test_mains_hum_is_no_voice(name):
    vad = create_vad(name)
    assert share(vad, hum(5), vad.sure_threshold) == 0


@pytest.mark.parametrize('name', ['cascade', 'silero'])
def test_speech_after_a_minute_of_noise_is_heard_as_from_a_fresh_state(name, speech):
    noise = (np.random.default_rng(0).standard_normal(60 * 16000) * 300).astype(np.int16)
    fresh, tired = create_vad(name), create_vad(name)
    share(tired, noise + hum(60))
    assert share(tired, speech) == pytest.approx(share(fresh, speech), abs=0.1)


@pytest.mark.parametrize('name', vad_names())
def test_a_reset_makes_the_answers_those_of_a_new_detector(name, speech):
    vad = create_vad(name)
    size = vad.frame_samples
    first = [vad.probability(speech[start:start + size]) for start in range(0, 20 * size, size)]
    vad.reset()
    again = [vad.probability(speech[start:start + size]) for start in range(0, 20 * size, size)]
    assert first == again


def test_altered_weights_are_refused(tmp_path):
    path = tmp_path / 'weights.onnx'
    path.write_bytes(b'something else')
    with pytest.raises(AudioError, match='are altered.*reinstall'):
        load_session(path)
    with pytest.raises(AudioError, match='cannot be read.*reinstall'):
        load_session(tmp_path / 'nothing.onnx')


@pytest.mark.parametrize('name, module', [('webrtc', 'webrtcvad'), ('silero', 'onnxruntime'),
                                          ('cascade', 'webrtcvad')])
def test_a_missing_back_end_is_an_error_and_never_another_one(monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(AudioError, match='pip install'):
        create_vad(name)


def test_an_unknown_back_end_is_named():
    with pytest.raises(ValueError, match="'ears'"):
        create_vad('ears')
