"""`physioser doctor`: each fault is named with its remedy, and nothing else is."""

import builtins
from pathlib import Path
import sys
import threading

from click.testing import CliRunner
import numpy as np
import pytest
from tiny_model import write_tiny_model

from physioser_ros.commands import examination
from physioser_ros.commands.examination import Finding
from physioser_ros.commands.main import main

sys.path.insert(0, str(Path(__file__).parent.parent / 'audio'))
from fake_sounddevice import FakeSounddevice  # noqa: E402, I100

ROWS = (('ReSpeaker', 'ALSA', 6, 16000), ('USB Audio', 'ALSA', 1, 48000))
SPEECH = np.random.default_rng(0).normal(0, 2000, (1600, 1)).clip(-32768, 32767)


class SpeakingSounddevice(FakeSounddevice):
    """Every stream hears the same over and over until it is closed."""

    def __init__(self, heard, **options):
        super().__init__(ROWS, **options)
        self.heard = heard

    def InputStream(self, **settings):  # noqa: N802
        """Open a stream that speaks as soon as it is started."""
        stream = super().InputStream(**settings)
        start, closed = stream.start, threading.Event()
        close = stream.close

        def speak():
            while not closed.wait(0.001):
                stream.hear(self.heard)

        def start_speaking():
            start()
            threading.Thread(target=speak, daemon=True).start()

        def stop_speaking(ignore_errors):
            closed.set()
            close(ignore_errors)

        stream.start, stream.close = start_speaking, stop_speaking
        return stream


def levels(findings):
    return {finding.subject: finding.level for finding in findings}


@pytest.mark.parametrize('heard, level, words', [
    (SPEECH, 'ok', 'dBFS'), (0 * SPEECH, 'wrong', 'muted'), (SPEECH / 2000, 'warn', 'very quiet'),
    (np.sign(SPEECH) * 32767, 'warn', 'clipped')])
def test_the_level_is_judged(monkeypatch, heard, level, words):
    monkeypatch.setattr(examination, 'PATIENCE_S', 60.0)
    sounddevice = SpeakingSounddevice(heard)
    said = []
    findings = examination.microphone('ReSpeaker', 0.5, lambda: said.append(1), sounddevice)
    assert levels(findings) == {'microphone': 'ok', 'rate': 'ok', 'level': level}
    assert words in findings[-1].text and said == [1]
    assert sounddevice.streams[0].calls[-2:] == ['abort', 'close']


def test_a_silent_device_and_one_that_does_not_open_are_wrong(monkeypatch):
    monkeypatch.setattr(examination, 'PATIENCE_S', 0.05)
    findings = examination.microphone('', 0.5, sounddevice=FakeSounddevice(ROWS))
    assert findings[-1].level == 'wrong' and 'gave no sound' in findings[-1].text
    broken = FakeSounddevice(ROWS)
    broken.refuses_start = True
    assert 'does not start' in examination.microphone('', 0.5, sounddevice=broken)[-1].text


def test_a_device_that_is_not_there_is_wrong_and_the_others_are_named():
    finding, = examination.microphone('Yeti', sounddevice=FakeSounddevice(ROWS))
    assert finding.level == 'wrong' and "'Yeti'" in finding.text and 'ReSpeaker' in finding.text


def test_another_rate_is_told():
    findings = examination.microphone('USB', 0, sounddevice=FakeSounddevice(ROWS, rates=(48000,)))
    assert findings[1] == Finding('ok', 'rate', 'it is opened at 48000 Hz, and becomes 16000 Hz')


def test_permissions_of_sound_cards(tmp_path, monkeypatch):
    cards = tmp_path / 'dev' / 'snd'
    assert 'no sound server' in examination.sound_access({}, tmp_path)[0].text
    cards.mkdir(parents=True)
    (cards / 'pcmC0D0c').touch()
    assert levels(examination.sound_access({}, tmp_path)) == {'permissions': 'ok'}
    monkeypatch.setattr(examination.os, 'access', lambda path, mode: False)
    finding, = examination.sound_access({}, tmp_path)
    assert finding.level == 'wrong' and 'usermod -aG audio' in finding.text


def test_permissions_of_the_sound_server(tmp_path, monkeypatch):
    named = {'PULSE_SERVER': f'unix:{tmp_path}/native'}
    finding, = examination.sound_access(named, tmp_path)
    assert finding.level == 'wrong' and 'which is not there' in finding.text
    (tmp_path / 'native').touch()
    assert levels(examination.sound_access(named, tmp_path)) == {'permissions': 'ok'}
    (tmp_path / 'pulse').mkdir()
    (tmp_path / 'pulse' / 'native').touch()
    monkeypatch.setattr(examination.os, 'access', lambda path, mode: False)
    finding, = examination.sound_access({'XDG_RUNTIME_DIR': str(tmp_path)}, tmp_path)
    assert finding.level == 'wrong' and 'run as its owner' in finding.text
    assert levels(examination.sound_access({'PULSE_SERVER': 'tcp:robot:4713'})) == {
        'permissions': 'ok'}


def test_the_ros_environment(tmp_path):
    pytest.importorskip('rclpy')
    marker = tmp_path / 'share/ament_index/resource_index/packages/physioser_ros'
    environment = {'AMENT_PREFIX_PATH': f'/nowhere:{tmp_path}', 'ROS_DISTRO': 'kilted'}
    assert 'source install/setup.bash' in examination.ros(environment)[0].text
    marker.parent.mkdir(parents=True)
    marker.touch()
    assert examination.ros(environment)[0] == Finding('ok', 'ROS', 'distribution kilted, domain 0')
    finding = examination.ros({**environment, 'ROS_DOMAIN_ID': '500'})[0]
    assert finding.level == 'wrong' and "'500'" in finding.text


def test_other_messages_of_the_same_name_are_wrong(monkeypatch):
    pytest.importorskip('rclpy')
    monkeypatch.setitem(sys.modules, 'audio_common_msgs.msg', type(sys)('audio_common_msgs.msg'))
    sys.modules['audio_common_msgs.msg'].__file__ = '/overlay/audio_common_msgs/msg.py'
    finding = examination.ros({})[-1]
    assert finding.level == 'wrong' and 'another audio_common_msgs' in finding.text


def test_a_shell_without_ros_is_told_what_to_source(monkeypatch):
    real_import = builtins.__import__

    def without_rclpy(name, *arguments, **options):
        if name == 'rclpy':
            raise ImportError("No module named 'rclpy'")
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, '__import__', without_rclpy)
    finding, = examination.ros({})
    assert finding.level == 'wrong' and 'setup.bash' in finding.text


def test_the_model(tmp_path):
    path = write_tiny_model(tmp_path / 'tiny.onnx')
    assert levels(examination.model(str(path))) == {'model': 'ok'}
    path.write_bytes(path.read_bytes()[:-1])
    assert levels(examination.model(str(path))) == {'model': 'wrong'}
    assert 'there is no model' in examination.model(str(tmp_path / 'none.onnx'))[0].text


@pytest.mark.parametrize('level, exit_code, end', [
    ('ok', 0, 'Nothing is wrong.'), ('warn', 0, 'Nothing is wrong.'),
    ('wrong', 1, '1 of 6 findings are wrong; mend the first one first.')])
def test_the_exit_code_tells_whether_something_is_wrong(monkeypatch, level, exit_code, end):
    def look(subject, level='ok'):
        return lambda *_: [Finding(level, subject, 'words ' * 30)]

    for name in ('sound_access', 'microphone', 'voice_activity', 'ros'):
        monkeypatch.setattr(examination, name, look(name))
    monkeypatch.setattr(examination, 'model', look('model', level))
    result = CliRunner().invoke(main, ['doctor'])
    assert result.exit_code == exit_code
    assert result.stdout.splitlines()[-1] == end
    assert max(map(len, result.stdout.splitlines())) <= 99
