"""A source that falls silent is noticed, and one that is lost is opened again."""

import time

from physioser_ros.audio.errors import AudioError

#: How often whoever reads an idle source looks up from it, in s.
POLL_S = 0.1


class Watchdog:
    """
    Knows for how long nothing has come, and opens a lost source again.

    :param timeout_s: a live source that gives nothing for so long is lost
    :param retry_s: first and longest pause between two attempts to open it, in s
    :ivar reopened: how often a source came back
    """

    def __init__(self, timeout_s, retry_s):
        self.configure(timeout_s, retry_s)
        self.feed()
        self.reopened = 0

    def configure(self, timeout_s, retry_s):
        """Take over new values of the arguments of the constructor."""
        self._timeout_s, self._retry_s = timeout_s, retry_s

    def feed(self):
        """Note that a block has come."""
        self._fed_s = time.monotonic()

    @property
    def silent_s(self):
        """Return for how long no block has come, in s."""
        return time.monotonic() - self._fed_s

    def complaint(self, source):
        """Return why `source` must be opened again, '' while it need not."""
        silent_s = self.silent_s
        if not source.live or silent_s <= self._timeout_s:
            return ''
        return f'{source.name} has given no sound for {silent_s:.1f} s'

    def reopen(self, source, stopping, on_failure):
        """
        Open a source as often as it takes until it is heard.

        :param source: a `Source` that was stopped
        :param stopping: event that ends the attempts
        :param on_failure: takes the `AudioError` of each attempt that failed with one
        :return: the first `RawBlock`, None where `stopping` came before it
        """
        pause_s, longest_s = self._retry_s
        while not stopping.wait(pause_s):
            pause_s = min(2 * pause_s, longest_s)
            try:
                source.start()
                raw = self._first_block(source, stopping)
            except AudioError as error:
                on_failure(error)
                raw = None
            if raw is not None:
                self.feed()
                self.reopened += 1
                return raw
            source.stop()
        return None

    def _first_block(self, source, stopping):
        deadline_s = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline_s and not stopping.is_set():
            raw = source.read(POLL_S)
            if raw is not None:
                return raw
        return None
