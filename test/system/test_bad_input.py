"""What a user does wrong: one sentence that says what to do, and an exit code."""

import subprocess
import sys

from places import ROOT
import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')


@pytest.fixture
def no_sound(monkeypatch, tmp_path):
    """Let processes find no microphone, whatever the machine has."""
    # PortAudio takes an ALSA without any device, but not one without a configuration.
    path = tmp_path / 'asound.conf'
    path.write_text('pcm.nothing { }\n')
    monkeypatch.setenv('ALSA_CONFIG_PATH', str(path))
    monkeypatch.setenv('PULSE_SERVER', 'unix:/nowhere')


@pytest.mark.parametrize('parameters, sentence', [
    (('source:=file', 'file.path:=/nowhere.wav'),
     'cannot configure: there is no audio file /nowhere.wav: set file.path to one'),
    (('source:=file', f'file.path:={__file__}'),
     f'cannot configure: {__file__} is no audio file that can be read'),
    ((), 'cannot configure: there is no default input device; there is no input device at all; '
         'connect a microphone, or name one by the parameter `device`'),
    (('device:=Jabra',),
     "cannot configure: no input device matches 'Jabra'; there is no input device at all; see "
     '`ros2 run physioser_ros devices`'),
], ids=['missing file', 'no audio file', 'no microphone', 'unknown device'])
def test_a_source_that_cannot_be_opened_is_told_in_one_sentence(
        ros, execute, no_sound, parameters, sentence):
    process = execute('audio_capture', parameters=('on_autostart_failure:=exit', *parameters))
    assert process.wait() == 1
    errors = [line for line in process.output.splitlines() if '[ERROR]' in line]
    assert len(errors) == 1
    assert sentence in errors[0]
    assert 'Traceback' not in process.output


def test_make_run_with_a_missing_file_is_a_wrong_usage():
    done = subprocess.run([sys.executable, ROOT / 'tools' / 'run.py', 'nowhere.wav'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 2
    assert done.stdout.decode() == (
        'There is no file nowhere.wav: give an audio file by INPUT=FILE.wav.\n')
