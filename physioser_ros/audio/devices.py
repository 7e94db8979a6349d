"""Input devices of PortAudio: what there is, and which one a setting means."""

import ctypes
from dataclasses import dataclass

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.errors import AudioError, DeviceAmbiguous, DeviceNotFound

LIST_COMMAND = 'ros2 run physioser_ros devices'

#: ALSA's plug-in a52 loads and unloads it six times whenever PortAudio lists the devices, and
#: each time 2 KiB stay: with a list every 2 s while a microphone is lost, 0.5 GiB a day.
_LOSES_MEMORY = 'libpixman-1.so.0'


@dataclass(frozen=True)
class Device:
    """One input device."""

    index: int
    """PortAudio's index; it may change when devices come and go."""

    name: str
    """PortAudio's name."""

    host_api: str
    """Name of the interface through which it is reached, such as ALSA."""

    channels: int
    """Input channels."""

    rate: int
    """Native rate in Hz."""

    default: bool = False
    """Whether it is the system's default."""

    @property
    def full_name(self):
        """Return name and host API, which tell it from others of the same name."""
        return f'{self.name}, {self.host_api}'

    def __str__(self):
        """Return one line for lists."""
        mark = ', default' if self.default else ''
        return (f'{self.index}: {self.full_name} ({self.channels} channels, {self.rate} Hz'
                f'{mark})')


def portaudio():
    """
    Return the module `sounddevice`.

    :raises AudioError: when it or PortAudio is not installed
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise AudioError(
            f'no sound input without sounddevice and PortAudio ({error}): run `pip install '
            'sounddevice` and `apt-get install libportaudio2`') from error
    _keep_loaded(_LOSES_MEMORY)
    return sounddevice


def _keep_loaded(library):
    """Hold a library for good where there is one, so that nobody unloads it."""
    try:
        ctypes.CDLL(library)
    # It is not installed: neither is what would load it.
    except OSError:
        pass


def list_devices(sounddevice=None):
    """
    Return every input device.

    :param sounddevice: the module, else the real one
    :raises AudioError: when PortAudio is not there or does not answer
    """
    sounddevice = sounddevice or portaudio()
    try:
        found, apis = sounddevice.query_devices(), sounddevice.query_hostapis()
        default = sounddevice.default.device[0]
    except sounddevice.PortAudioError as error:
        raise AudioError(f'PortAudio does not list its devices: {error}') from error
    return [Device(index, row['name'], apis[row['hostapi']]['name'], row['max_input_channels'],
                   round(row['default_samplerate']), index == default)
            for index, row in enumerate(found) if row['max_input_channels'] > 0]


def find_device(query='', devices=None, fallback=False):
    """
    Return the device that a setting means.

    :param query: index; name; name and host API; or words that its name or host API contains, in
        any case; '' for the system's default
    :param devices: list of `Device` to choose from, else those of PortAudio
    :param fallback: take the default one when none matches
    :raises DeviceNotFound: when none matches; the text lists what there is
    :raises DeviceAmbiguous: when several match equally well; the text lists them
    """
    devices = list_devices() if devices is None else devices
    query = str(query).strip()
    if not query:
        return _default(devices)
    matches = _matches(query, devices)
    if not matches and fallback:
        return _default(devices)
    if not matches:
        raise DeviceNotFound(f'no input device matches {query!r}; {_listing(devices)}; '
                             f'see `{LIST_COMMAND}`')
    if len(matches) > 1:
        raise DeviceAmbiguous(f'{query!r} matches {len(matches)} input devices: '
                              f'{"; ".join(map(str, matches))}; give an index or more words')
    return matches[0]


def choose_rate(device, channels, wanted=0, sounddevice=None):
    """
    Return the rate at which to open a device, in Hz.

    :param device: a `Device`
    :param channels: channels to open
    :param wanted: rate in Hz; 0 for 16000 or, where that is refused, the native one
    :raises AudioError: when no rate is accepted
    """
    sounddevice = sounddevice or portaudio()
    if channels > device.channels:
        raise AudioError(f'channel {channels - 1} was asked for, but {device.full_name} has '
                         f'{device.channels}: set `channels` to numbers below that')
    refusals = []
    for rate in dict.fromkeys([wanted] if wanted else [SAMPLE_RATE, device.rate]):
        try:
            sounddevice.check_input_settings(device=device.index, channels=channels,
                                             dtype='int16', samplerate=rate)
            return rate
        except (sounddevice.PortAudioError, ValueError) as error:
            refusals.append(f'{rate} Hz: {error}')
    raise AudioError(f'{device.full_name} cannot be opened with {channels} channels '
                     f'({"; ".join(refusals)}): its native rate is {device.rate} Hz, set '
                     'device_sample_rate to 0, and see that no other program holds it')


def _default(devices):
    for device in devices:
        if device.default:
            return device
    raise DeviceNotFound(f'there is no default input device; {_listing(devices)}; connect a '
                         'microphone, or name one by the parameter `device`')


def _matches(query, devices):
    """Return the devices of the first way of matching that finds any."""
    lowered = query.lower()
    words = lowered.split()
    ways = (
        lambda device: query.isdigit() and device.index == int(query),
        lambda device: query in (device.name, device.full_name),
        lambda device: lowered in (device.name.lower(), device.full_name.lower()),
        lambda device: not query.isdigit() and all(
            word in device.full_name.lower() for word in words))
    for way in ways:
        found = [device for device in devices if way(device)]
        if found:
            return found
    return []


def _listing(devices):
    if not devices:
        return 'there is no input device at all'
    return 'there are ' + '; '.join(map(str, devices))
