"""Reasons to end a process. Imports nothing heavy, so that signals are heard from the start."""

from contextlib import contextmanager
import os
import queue
import signal
import threading


class Stops:
    """Reasons to end the process, from signal handlers and from any thread."""

    def __init__(self):
        """Listen to SIGINT and SIGTERM as reasons to end with exit code 0."""
        # SimpleQueue is the one queue whose put may be called in a signal handler.
        self._reasons, self._alarm = queue.SimpleQueue(), queue.SimpleQueue()
        self._nothing_to_close = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    @contextmanager
    def at_once(self):
        """
        Let a signal be the end, and not only a reason for it, in a block.

        For modules that are being imported: there is nothing to close yet, and the rest of the
        imports and the start of the nodes may take seconds on a busy machine.
        """
        self._nothing_to_close = True
        yield
        self._nothing_to_close = False

    @property
    def asked(self):
        """Return whether there is a reason to end that `wait` has not returned yet."""
        return not self._reasons.empty()

    def end(self, code):
        """Ask for the end of the process with an exit code."""
        self._reasons.put(code)
        self._alarm.put(code)

    def wait(self):
        """Wait for a reason; return its exit code."""
        return self._reasons.get()

    def limit(self, patience_s):
        """
        Leave behind what still hangs so long after the first reason to end.

        :param patience_s: time for an orderly end, in s.
        :return: a function that calls it off.
        """
        over = threading.Event()

        def watch():
            code = self._alarm.get()
            if not over.wait(patience_s):
                os._exit(code)
        threading.Thread(target=watch, name='last-resort', daemon=True).start()
        return over.set

    def _on_signal(self, *_):
        if self._nothing_to_close:
            os._exit(0)
        self.end(0)
