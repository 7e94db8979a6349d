"""The outermost edge of the audio room: PortAudio without sound, played by a test."""

import time
from types import SimpleNamespace

import numpy as np


class PortAudioError(Exception):
    """As sounddevice's."""


class FakeStream:
    """An input stream; the test calls `hear`."""

    def __init__(self, world, callback, finished_callback, **settings):
        self.world, self.settings = world, settings
        self._callback, self._finished = callback, finished_callback
        self.calls = []
        self._born_s, self._heard_s, self._now_s = time.monotonic(), 0.0, None
        world.streams.append(self)

    @property
    def time(self):
        """Return the present time of the stream in s."""
        return 100.0 + time.monotonic() - self._born_s if self._now_s is None else self._now_s

    def start(self):
        """Start, unless the world is broken."""
        self.calls.append('start')
        if self.world.refuses_start:
            raise PortAudioError('device unavailable')

    def abort(self, ignore_errors):
        """Remember."""
        self.calls.append('abort')

    def close(self, ignore_errors):
        """Remember."""
        self.calls.append('close')

    def hear(self, samples, overflow=False, delay_s=None):
        """
        Call back with samples, int16 `(n, channels)`.

        :param delay_s: how long ago they were captured; by default they follow the samples
            before without a break, however slow the machine is
        """
        captured_s = 95.0 + self._heard_s
        self._heard_s += len(samples) / self.settings['samplerate']
        if delay_s is not None:
            captured_s, self._now_s = 100.0 - delay_s, 100.0
        moment = SimpleNamespace(currentTime=captured_s, inputBufferAdcTime=captured_s)
        status = SimpleNamespace(input_overflow=overflow)
        self._callback(np.array(samples, np.int16), len(samples), moment, status)

    def end(self):
        """Tell that the stream ended by itself."""
        self._finished()


class FakeSounddevice:
    """Stands for the module."""

    PortAudioError = PortAudioError

    def __init__(self, devices=(), default=0, rates=(16000, 44100, 48000)):
        """
        Create a machine.

        :param devices: rows of (name, host API, channels, native rate)
        :param default: index of the default input, -1 for none
        :param rates: rates that are accepted
        """
        self.devices, self.rates = list(devices), rates
        self.default = SimpleNamespace(device=(default, -1))
        self.streams, self.renewals, self.refuses_start = [], 0, False
        self.only_channels = None

    def query_hostapis(self):
        """Return the host APIs."""
        return [{'name': name} for name in self._apis()]

    def query_devices(self):
        """Return the devices."""
        apis = self._apis()
        return [{'name': name, 'hostapi': apis.index(api), 'max_input_channels': channels,
                 'default_samplerate': float(rate)} for name, api, channels, rate in self.devices]

    def check_input_settings(self, device, channels, dtype, samplerate):
        """Refuse the rates that are not accepted, and numbers of channels other than the one."""
        if self.only_channels not in (None, channels):
            raise PortAudioError('Invalid number of channels')
        if samplerate not in self.rates:
            raise PortAudioError('Invalid sample rate')

    def InputStream(self, **settings):  # noqa: N802
        """Open a stream."""
        return FakeStream(self, settings.pop('callback'), settings.pop('finished_callback'),
                          **settings)

    def _terminate(self):
        pass

    def _initialize(self):
        self.renewals += 1

    def _apis(self):
        return sorted({api for _, api, _, _ in self.devices})
