"""Reasons to end a process. Imports nothing heavy, so that signals are heard from the start."""

import queue
import signal


class Stops:
    """Reasons to end the process, from signal handlers and from any thread."""

    def __init__(self):
        """Listen to SIGINT and SIGTERM as reasons to end with exit code 0."""
        # SimpleQueue is the one queue whose put may be called in a signal handler.
        self._queue = queue.SimpleQueue()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.end(0))

    def end(self, code):
        """Ask for the end of the process with an exit code."""
        self._queue.put(code)

    def wait(self):
        """Wait for a reason; return its exit code."""
        return self._queue.get()
