"""What `make run INPUT=FILE` does: one line an utterance, and an orderly end."""

import os
import signal
import subprocess
import sys

import numpy as np
from places import ROOT
import pytest
import soundfile

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from ros_world import wait_until  # noqa: E402,I100

END_S = 120
DOMAIN = str(215 + (os.getpid() + 8) % 17)
CLIPS = ('emodb/03a01Wa.flac', 'emodb/03a02Ta.flac')


@pytest.fixture
def make_run(prefix, tmp_path):
    """Return a function that starts tools/run.py in a terminal of its own, as it were."""
    share = prefix / 'share' / 'physioser_ros'
    if prefix != ROOT / 'install' or not (share / 'models' / 'balanced.onnx').is_file():
        pytest.skip('the package or its model is not installed here: make setup')
    started = []

    def start(*arguments):
        with (tmp_path / 'output').open('w') as file:
            # A domain of its own: these nodes have no namespace.
            started.append(subprocess.Popen(
                [sys.executable, ROOT / 'tools' / 'run.py', *arguments], stdout=file,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, 'PYTHONUNBUFFERED': '1', 'ROS_DOMAIN_ID': DOMAIN,
                     'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}))
        return started[-1], tmp_path / 'output'
    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(END_S)


@pytest.fixture
def two_sentences(recordings, tmp_path):
    """Return a file of two sentences with pauses around them."""
    pause = np.zeros(16000, np.int16)
    parts = [pause]
    for clip in CLIPS:
        parts += [soundfile.read(recordings / clip, dtype='int16')[0], pause]
    path = tmp_path / 'sentences.wav'
    soundfile.write(path, np.concatenate(parts), 16000, subtype='PCM_16')
    return path


def test_a_file_gives_a_line_an_utterance_and_ends_by_itself(make_run, two_sentences):
    process, output = make_run(two_sentences)
    assert process.wait(END_S) == 0
    lines = output.read_text().splitlines()
    assert [line.split()[3] for line in lines] == ['angry', 'sad']
    assert all('latency' in line and 'vap' in line for line in lines)


def test_a_changed_parameter_is_seen_in_the_answers(make_run, two_sentences, tmp_path):
    parameters = tmp_path / 'my.yaml'
    text = (ROOT / 'config' / 'ser.yaml').read_text()
    assert 'min_confidence: 0.0' in text
    parameters.write_text(text.replace('min_confidence: 0.0', 'min_confidence: 1.0'))
    process, output = make_run(two_sentences, '--params', parameters)
    assert process.wait(END_S) == 0
    assert [line.split()[3] for line in output.read_text().splitlines()] == ['uncertain'] * 2


def test_ctrl_c_in_the_middle_ends_it_without_a_trace(make_run, two_sentences):
    process, output = make_run(two_sentences)
    wait_until(lambda: output.read_text() or process.poll() is not None, 'the first line')
    # A terminal sends the signal to everything that was started in it.
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(END_S) == 0
    # Lines of answers and nothing else, least of all a trace.
    assert all(' latency ' in line for line in output.read_text().splitlines())


def test_a_file_that_is_none_ends_it_with_one_sentence(make_run, tmp_path):
    path = tmp_path / 'text.wav'
    path.write_text('no sound at all')
    process, output = make_run(path)
    assert process.wait(END_S) == 1
    (line,) = output.read_text().splitlines()
    assert f'cannot configure: {path} is no audio file that can be read' in line
