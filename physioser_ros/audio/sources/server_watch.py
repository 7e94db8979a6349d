"""Which microphone the sound server really gives: it may exchange one for another in silence."""

import os
from threading import Event, Thread
import time

#: How long the server may take to answer, in s; who waits goes on without it then.
ANSWER_S = 2.0
#: A stream that does not show up on the server within this is not one of the server's, in s.
APPEARS_S = 0.5
#: How often it is looked whether the watch shall end, and for a stream being opened, in s.
LOOK_S, OPENING_S = 0.5, 0.02

NO_PULSECTL = ('pulsectl is not installed ({error}): a sound server that exchanges the microphone '
               'is not noticed; run `pip install pulsectl`')


def pulsectl():
    """
    Return the module `pulsectl`.

    :raises ImportError: when it or libpulse is not installed
    """
    try:
        import pulsectl as module
    except OSError as error:
        raise ImportError(str(error)) from error
    return module


class ServerWatch:
    """
    Follow the recording stream that this process opens next on a PulseAudio or PipeWire server.

    One thread that sleeps until the server tells a change; without a server it ends at once.

    :param wanted: name of the server's source that the stream must be on, and is moved to
        where it is there; '' for any
    :param on_wrong: called once, in the watch's thread, with a sentence: the stream is on
        another source, or the server has gone
    :param on_absent: called with a sentence when pulsectl is not installed
    :ivar source: name of the source that is heard, '' while there is none
    """

    def __init__(self, wanted, on_wrong, on_absent):
        self._wanted = wanted
        self._on_wrong, self._on_absent = on_wrong, on_absent
        self.source = ''
        self._known, self._stream, self._opened_s = set(), None, None
        self._changed = False
        self._ready, self._settled, self._stopping = Event(), Event(), Event()
        self._thread = Thread(target=self._run, name='sound-server-watch', daemon=True)

    def begin(self):
        """Look at what is there; call it before the stream is opened."""
        self._thread.start()
        self._ready.wait(ANSWER_S)

    def settle(self):
        """Wait for the first verdict on the stream; call it after the stream was started."""
        self._opened_s = time.monotonic()
        self._settled.wait(ANSWER_S)

    def stop(self):
        """End the watch, without waiting for a server that does not answer."""
        self._stopping.set()

    def _run(self):
        try:
            module = pulsectl()
        except ImportError as error:
            self._on_absent(NO_PULSECTL.format(error=error))
            module = None
        try:
            if module is not None:
                self._watch(module)
        finally:
            self._ready.set()
            self._settled.set()

    def _watch(self, module):
        try:
            pulse = module.Pulse('physioser_ros', connect=False)
            with pulse:
                pulse.connect()
                self._known = {output.index for output in self._ours(pulse)}
                pulse.event_mask_set('source_output', 'source')
                pulse.event_callback_set(lambda _: self._on_event(module))
                self._ready.set()
                self._follow(pulse)
        except (module.PulseError, module.PulseDisconnected):
            # A server that was never there has taken nothing away.
            if self.source:
                self._wrong('the sound server has gone: start it again')

    def _on_event(self, module):
        # It may come while the server answers a question, too: then it must not be forgotten.
        self._changed = True
        raise module.PulseLoopStop

    def _follow(self, pulse):
        while not self._stopping.is_set():
            self._changed = False
            stream = self._find(self._ours(pulse))
            if stream is not None:
                if not self._judge(pulse, stream):
                    return
                if self.source:
                    self._settled.set()
            elif self._stream is None and self._opened_s and (
                    time.monotonic() - self._opened_s > APPEARS_S):
                # The device is none of the server's.
                return
            if self._stream is None:
                pulse.event_listen(OPENING_S)
            while self._stream is not None and not self._changed and not self._stopping.is_set():
                pulse.event_listen(LOOK_S)

    def _find(self, outputs):
        """Return the stream that was opened since `begin`, None while there is none."""
        new = {output.index: output for output in outputs if output.index not in self._known}
        if self._stream not in new:
            # ALSA's plug-in opens a stream twice: the one of before is gone.
            self._stream = max(new, default=None)
        return new.get(self._stream)

    def _judge(self, pulse, stream):
        """Return whether the stream is where it must be; tell where not."""
        names = {source.index: source.name for source in pulse.source_list()}
        name = names.get(stream.source, '')
        if not name:
            # Between two sources: the server tells when it is on one again, or ends it.
            return True
        wanted = self.source or self._wanted
        if wanted and name != wanted:
            if not self.source and wanted in names.values():
                index = next(key for key, value in names.items() if value == wanted)
                pulse.source_output_move(stream.index, index)
                return True
            how = 'exchanged the microphone' if self.source else 'gives another microphone'
            self._wrong(f'the sound server {how}: {name} instead of {wanted}; connect it again, '
                        'or set device_fallback to true to take any other')
            return False
        self.source = name
        return True

    def _ours(self, pulse):
        pid = str(os.getpid())
        return [output for output in pulse.source_output_list()
                if output.proplist.get('application.process.id') == pid]

    def _wrong(self, text):
        if not self._stopping.is_set():
            self._on_wrong(text)
