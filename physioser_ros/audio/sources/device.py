"""A microphone, by PortAudio."""

from queue import Empty, Full, Queue
from threading import Lock
import time

from physioser_ros.audio.devices import choose_rate, find_device, list_devices, portaudio
from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.sources.base import RawBlock, Source
from physioser_ros.audio.sources.server_watch import ServerWatch

#: Sound that may wait for the worker, in s.
PATIENCE_S = 10.0

#: PortAudio reads the list of devices once; it can only be read again while nothing is open.
_open_streams = 0
_streams_lock = Lock()


class DeviceSource(Source):
    """
    Hear an input device; after a loss `start` opens the device of the same name again.

    :param query: which device, see :func:`find_device`
    :param now_ns: the clock of the stamps
    :param channels: channels to open
    :param rate: rate in Hz, 0 for 16000 or the native one
    :param block_ms: length of a block
    :param fallback: take the default device when none matches
    :param on_notice: takes a level and a sentence
    :param sounddevice: in place of the real module, for tests
    :param watch: in place of `ServerWatch`, for tests
    """

    live = True

    def __init__(self, query, now_ns, channels=1, rate=0, block_ms=30, fallback=False,
                 on_notice=lambda level, text: None, sounddevice=None, watch=None):
        self._query, self._fallback, self._notice = query, fallback, on_notice
        self._now_ns = now_ns
        self._channels, self._wanted_rate, self._block_ms = channels, rate, block_ms
        self._sounddevice = sounddevice
        # What a test plays as PortAudio is on no server.
        self._create_watch = watch or (None if sounddevice else ServerWatch)
        self._watch, self._exchanged, self._told_absent = None, False, False
        #: Name that the sound server gives to the microphone behind the device, '' for none.
        self.microphone = ''
        self._stream = None
        self._device = None
        self._blocks = Queue(max(1, round(PATIENCE_S * 1000 / block_ms)))
        self._lost = False
        self._broken = ''
        self._overflows = 0
        self.rate = 0
        self.channels = channels

    def configure(self):
        """Find the device and the rate at which it can be opened."""
        self._sounddevice = self._sounddevice or portaudio()
        self._renew_list()
        self._device = find_device(self._query, list_devices(self._sounddevice), self._fallback)
        self.channels, self.rate = self._choose_settings()
        self.name, self.microphone = self._device.full_name, ''

    def start(self):
        """Open the stream on the device that `configure` found, wherever it is by now."""
        self._clear()
        self._renew_list()
        known = [device for device in list_devices(self._sounddevice)
                 if device.full_name == self._device.full_name]
        if not known:
            raise AudioError(f'the microphone {self._device.full_name} is gone: connect it again')
        # Of several that are called the same, the one in the old place.
        self._device = min(known, key=lambda device: device.index != self._device.index)
        self._begin_watch()
        try:
            self._open()
            self._check_microphone()
        except AudioError:
            self.stop()
            raise

    def read(self, timeout_s):
        """Return the next block, none of a microphone that nobody asked for."""
        if self._exchanged:
            raise AudioError(self._broken)
        try:
            return self._blocks.get(timeout=timeout_s)
        except Empty:
            if self._broken:
                raise AudioError(self._broken) from None
            return None

    def stop(self):
        """Close the stream, without waiting for a server that does not answer."""
        global _open_streams
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            # `stop` waits for buffers that a suspended server never hands out.
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
        finally:
            with _streams_lock:
                _open_streams -= 1

    def counters(self):
        """Return how often sound was lost."""
        return {'overflows': self._overflows}

    def _open(self):
        global _open_streams
        try:
            stream = self._sounddevice.InputStream(
                device=self._device.index, channels=self.channels, samplerate=self.rate,
                dtype='int16', blocksize=self.rate * self._block_ms // 1000,
                callback=self._on_block, finished_callback=self._on_finished)
        except (self._sounddevice.PortAudioError, ValueError) as error:
            raise AudioError(f'{self._device.full_name} cannot be opened at {self.rate} Hz '
                             f'({error}): see that no other program holds it') from error
        with _streams_lock:
            _open_streams += 1
        self._stream = stream
        try:
            stream.start()
        except self._sounddevice.PortAudioError as error:
            raise AudioError(f'{self._device.full_name} does not start ({error}): see that it '
                             'is connected') from error

    def _begin_watch(self):
        if self._create_watch is None:
            return
        # Who left the choice to the system takes what it gives now, after the error.
        named = bool(self._query) and not self._fallback
        watch = self._watch = self._create_watch(
            self.microphone if named else '', lambda text: self._on_wrong(watch, text),
            self._on_absent)
        watch.begin()

    def _check_microphone(self):
        """Wait until the server has said which microphone it gives."""
        if self._watch is None:
            return
        self._watch.settle()
        if self._exchanged:
            raise AudioError(self._broken)
        self.microphone = self._watch.source or self.microphone

    def _on_wrong(self, watch, text):
        if watch is self._watch:
            self._broken = f'{self.name}: {text}'
            self._exchanged = True

    def _on_absent(self, text):
        if not self._told_absent:
            self._told_absent = True
            self._notice('info', text)

    def _choose_settings(self):
        """Return channels and rate; an array that only opens whole is opened whole."""
        try:
            return self._channels, choose_rate(self._device, self._channels, self._wanted_rate,
                                               self._sounddevice)
        except AudioError:
            whole = self._device.channels
            if whole <= self._channels:
                raise
            try:
                return whole, choose_rate(self._device, whole, self._wanted_rate,
                                          self._sounddevice)
            except AudioError:
                pass
            raise

    def _clear(self):
        while not self._blocks.empty():
            self._blocks.get_nowait()
        self._lost, self._broken, self._exchanged = False, '', False

    def _renew_list(self):
        with _streams_lock:
            if _open_streams == 0:
                try:
                    self._sounddevice._terminate()
                    self._sounddevice._initialize()
                except self._sounddevice.PortAudioError as error:
                    raise AudioError(f'PortAudio does not start ({error}): see that the sound '
                                     'server runs') from error

    def _on_block(self, samples, frames, moment, status):
        """Copy a block; runs in PortAudio's thread, which an exception would end silently."""
        try:
            # The stream's present time, not that of the callback's beginning: a busy interpreter
            # may have come to this line 0.1 s later.
            delay_s = self._stream.time - moment.inputBufferAdcTime
            if not moment.inputBufferAdcTime or not 0 <= delay_s < PATIENCE_S:
                # Some host APIs do not know: then the block has just become full.
                delay_s = frames / self.rate
            lost = self._lost or bool(status.input_overflow)
            self._overflows += bool(status.input_overflow)
            self._lost = False
            delay_ns = round(delay_s * 1e9)
            self._blocks.put_nowait(RawBlock(
                samples.copy(), self.rate, self._now_ns() - delay_ns, lost,
                time.monotonic_ns() - delay_ns))
        except Full:
            self._lost = True
            self._overflows += 1
        # Whatever it is, it must reach the worker instead of ending in PortAudio's stderr.
        except Exception as error:
            self._broken = f'the callback of {self.name} failed: {type(error).__name__}: {error}'

    def _on_finished(self):
        if self._stream is not None and not self._broken:
            self._broken = f'the stream of {self.name} ended: the device or its server is gone'
