"""Which microphone the sound server really gives: it may exchange one for another in silence."""

import os
from threading import Event, Thread
import time

#: How long the server may take to answer, in s; who waits goes on without it then.
ANSWER_S = 2.0
#: A stream that does not show up on the server within this is not one of the server's, in s.
APPEARS_S = 0.3
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
        self._known, self._opened_s = set(), None
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
                pulse.event_callback_set(lambda _: self._leave(module))
                self._ready.set()
                self._follow(pulse)
        except module.PulseDisconnected:
            self._wrong('the sound server has gone')
        except module.PulseError:
            # No server, or none that answers: then no stream of ours is on one. That a server
            # dies with a stream on it is an end of the stream and told by PortAudio.
            if self.source:
                self._wrong('the sound server has gone')

    @staticmethod
    def _leave(module):
        raise module.PulseLoopStop

    def _follow(self, pulse):
        wait_s = OPENING_S
        while not self._stopping.is_set():
            streams = [output for output in self._ours(pulse) if output.index not in self._known]
            if streams:
                wait_s = LOOK_S
                if not self._judge(pulse, streams[-1]):
                    return
                self._settled.set()
            elif self._opened_s and time.monotonic() - self._opened_s > APPEARS_S:
                wait_s = LOOK_S
                self._settled.set()
            pulse.event_listen(wait_s)

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
            self._wrong(f'the sound server {how}: {name} instead of {wanted}')
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
