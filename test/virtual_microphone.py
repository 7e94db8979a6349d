"""
A microphone on a machine that has none: a private PulseAudio server of which tests hold both ends.

What is played into the null sink `loudspeaker` is heard from the source `microphone`, which is
the server's default and so what PortAudio calls `pulse`. The server lives in its own folder,
talks on its own socket and is ended by its process, so that nothing of the machine's own sound is
touched. PortAudio reads `PULSE_SERVER` when it looks for devices, hence from the environment of
the process that captures.
"""

from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import subprocess
import time
from unittest.mock import patch

import numpy as np

#: What a virtual microphone needs, and the Debian packages that bring it.
PROGRAMS = ('pulseaudio', 'pactl', 'pacat')
PACKAGES = 'pulseaudio pulseaudio-utils libasound2-plugins libportaudio2'

#: The order in which ALSA names the channels; any other is remixed on its way to PortAudio.
CHANNELS = ('front-left', 'front-right', 'rear-left', 'rear-right', 'front-center', 'lfe')

#: How long a busy machine may need for anything here, in s.
PATIENCE_S = 60.0

CONFIGURATION = """\
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=loudspeaker rate={rate} format=s16le {channels}
load-module module-remap-source source_name=microphone master=loudspeaker.monitor {channels}
set-default-sink loudspeaker
set-default-source microphone
"""


def why_absent():
    """Return why there can be no virtual microphone on this machine, or ''."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f'no virtual microphone without {", ".join(missing)}: apt-get install {PACKAGES}'
    return ''


def wait_until(condition, what, patience_s=PATIENCE_S):
    """Return the first true value of `condition()`; fail when there is none in time."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f'waited {patience_s:.0f} s in vain: {what}')


class VirtualMicrophone:
    """
    The server and the loudspeaker in front of its microphone.

    :param folder: an empty folder, for the socket and the log
    :param rate: of the sound card in Hz
    :param channels: of the sound card
    """

    def __init__(self, folder, rate=16000, channels=1):
        self.rate, self.channels = rate, channels
        # The path of a socket may have 107 characters, less than some temporary folders.
        self._folder = Path(folder)
        self._socket = self._folder / 'native'
        self._server = self._idle = None

    @property
    def environment(self):
        """Return the variables of a process that captures from here."""
        return {'PULSE_SERVER': f'unix:{self._socket}', 'PULSE_RUNTIME_PATH': str(self._folder),
                'PULSE_COOKIE': str(self._folder / 'cookie'), 'HOME': str(self._folder)}

    def start(self):
        """Start the server and wait until its microphone is there."""
        script = self._folder / 'microphone.pa'
        channels = f'channels={self.channels} channel_map={self._channel_map}'
        script.write_text(CONFIGURATION.format(socket=self._socket, rate=self.rate,
                                               channels=channels))
        with open(self._folder / 'server.log', 'ab') as log:
            self._server = self._run(
                'pulseaudio', '-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no',
                '--disable-shm=yes', '--log-target=stderr', '-F', str(script), stderr=log)
        wait_until(self._ready, 'the sound server answers')
        # A sink without a stream falls asleep and swallows the beginning of the next one.
        self._idle = self._run(*self._player(), '/dev/zero')
        wait_until(lambda: 'RUNNING' in self._control('list', 'short', 'sinks'),
                   'the loudspeaker is awake')

    def stop(self):
        """End the server, as if it had crashed."""
        for process in (self._idle, self._server):
            if process is not None:
                process.kill()
                process.wait()
        self._idle = self._server = None
        self._socket.unlink(missing_ok=True)

    def play(self, samples):
        """
        Start to play samples, int16 `(n,)` or `(n, channels)`, at the rate of the sound card.

        :return: the process that plays, over when everything was played
        """
        path = self._folder / f'played_{time.monotonic_ns()}.raw'
        path.write_bytes(np.ascontiguousarray(samples, np.int16).tobytes())
        return self._run(*self._player(), str(path))

    def suspend(self, suspended):
        """Put the microphone and its loudspeaker to sleep, or wake them up."""
        for kind, name in (('source', 'microphone'), ('sink', 'loudspeaker')):
            self._control(f'suspend-{kind}', name, '1' if suspended else '0')

    def unplug(self):
        """Take the microphone away; the server moves who hears it to another source."""
        for line in self._control('list', 'short', 'modules').splitlines():
            if 'module-remap-source' in line:
                self._control('unload-module', line.split()[0])

    def plug(self):
        """Bring the microphone back."""
        self._control('load-module', 'module-remap-source', 'source_name=microphone',
                      'master=loudspeaker.monitor', f'channels={self.channels}',
                      f'channel_map={self._channel_map}')

    @property
    def _channel_map(self):
        return 'mono' if self.channels == 1 else ','.join(CHANNELS[:self.channels])

    def _player(self):
        # The server holds seconds of it: a player that gets no time must not tear a sentence.
        return ('pacat', '--playback', '--device=loudspeaker', f'--rate={self.rate}',
                f'--channels={self.channels}', f'--channel-map={self._channel_map}',
                '--format=s16le', '--latency-msec=3000', '--raw')

    def _ready(self):
        if self._server.poll() is not None:
            log = (self._folder / 'server.log').read_text(errors='replace')
            raise AssertionError(f'the sound server ended: {log[-2000:]}')
        return 'microphone' in self._control('list', 'short', 'sources')

    def _control(self, *arguments):
        done = subprocess.run(('pactl', *arguments), env={**os.environ, **self.environment},
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=PATIENCE_S)
        return done.stdout.decode()

    def _run(self, *command, stderr=subprocess.DEVNULL):
        return subprocess.Popen(command, env={**os.environ, **self.environment},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=stderr)


@contextmanager
def plugged_in(folder, *shape):
    """
    Run a virtual microphone for this process and those that it starts.

    :param folder: see `VirtualMicrophone`
    :param shape: rate and channels of the sound card
    """
    machine = VirtualMicrophone(folder, *shape)
    with patch.dict(os.environ, machine.environment):
        try:
            machine.start()
            yield machine
        finally:
            machine.stop()
