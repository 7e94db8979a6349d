"""The microphone that was meant, or a sentence that lists what there is."""

from click.testing import CliRunner
from fake_sounddevice import FakeSounddevice
import pytest

from physioser_ros.audio.devices import choose_rate, find_device, list_devices
from physioser_ros.audio.errors import AudioError, DeviceAmbiguous, DeviceNotFound
from physioser_ros.commands import devices as command_module

ROWS = (('USB Audio', 'ALSA', 1, 48000), ('HDMI', 'ALSA', 0, 44100),
        ('ReSpeaker 4 Mic Array: USB Audio', 'ALSA', 6, 16000),
        ('pulse', 'ALSA', 32, 44100), ('USB Audio', 'JACK', 1, 48000))


@pytest.fixture
def machine():
    return FakeSounddevice(ROWS, default=3)


@pytest.fixture
def devices(machine):
    return list_devices(machine)


@pytest.mark.parametrize('query, index', [
    ('', 3), ('2', 2), ('pulse', 3), ('PULSE', 3), ('ReSpeaker', 2), ('mic array usb', 2),
    ('USB Audio, JACK', 4), ('usb jack', 4), ('USB Audio, ALSA', 0)])
def test_a_setting_finds_the_device_that_was_meant(devices, query, index):
    assert find_device(query, devices).index == index


def test_outputs_are_no_microphones(devices):
    assert [device.index for device in devices] == [0, 2, 3, 4]
    with pytest.raises(DeviceNotFound):
        find_device('1', devices)


@pytest.mark.parametrize('query, matches', [('USB Audio', 2), ('usb', 3), ('alsa', 3)])
def test_an_ambiguous_setting_is_refused_with_the_matches(devices, query, matches):
    with pytest.raises(DeviceAmbiguous, match=f'matches {matches} input devices: 0: USB'):
        find_device(query, devices)


def test_a_name_that_is_not_there_never_becomes_the_default(devices):
    with pytest.raises(DeviceNotFound, match="'webcam'; there are 0: USB.*run physioser_ros dev"):
        find_device('webcam', devices)
    assert find_device('webcam', devices, fallback=True).index == 3


@pytest.mark.parametrize('rows, text', [
    ((), 'no input device at all'), (ROWS, 'no default input device; there are 0: USB')])
def test_a_machine_without_a_default_says_so(rows, text):
    with pytest.raises(DeviceNotFound, match=text):
        find_device('', list_devices(FakeSounddevice(rows, default=-1)))


def test_16_khz_is_asked_for_first_and_the_native_rate_next(machine, devices):
    assert choose_rate(devices[0], 1, sounddevice=machine) == 16000
    machine.rates = (48000,)
    assert choose_rate(devices[0], 1, sounddevice=machine) == 48000
    machine.rates = ()
    with pytest.raises(AudioError, match='16000 Hz: Invalid.*48000 Hz: Invalid.*native rate'):
        choose_rate(devices[0], 1, sounddevice=machine)


def test_a_rate_that_was_asked_for_is_not_replaced(machine, devices):
    machine.rates = (16000,)
    with pytest.raises(AudioError, match='44100 Hz: Invalid'):
        choose_rate(devices[0], 1, 44100, machine)


def test_more_channels_than_there_are_is_refused(machine, devices):
    with pytest.raises(AudioError, match='channel 1 was asked for, but USB Audio, ALSA has 1'):
        choose_rate(devices[0], 2, sounddevice=machine)


@pytest.mark.parametrize('arguments, code, text', [
    ([], 0, '-> 3: pulse'), (['--device', 'respeaker'], 0, '-> 2: ReSpeaker'),
    (['--device', 'usb'], 1, 'matches 3'), (['--check'], 0, ''),
    (['--check', '--device', 'webcam'], 1, '')])
def test_the_command_marks_the_choice_and_its_exit_code_tells(
        monkeypatch, machine, arguments, code, text):
    monkeypatch.setattr(command_module, 'list_devices', lambda: list_devices(machine))
    monkeypatch.setattr(command_module, 'choose_rate', lambda device, channels: 16000)
    result = CliRunner().invoke(command_module.command, arguments)
    assert result.exit_code == code
    assert text in result.output and (text or not result.output)
