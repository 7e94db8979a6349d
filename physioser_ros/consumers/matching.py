"""Which utterance a recognised text belongs to. Knows no ROS."""

from collections import deque, OrderedDict
from dataclasses import dataclass
from typing import Dict, Optional

NANOSECONDS = 1_000_000_000
#: Utterances that are remembered.
MAX_UTTERANCES = 32


@dataclass
class Heard:
    """What is known of one utterance."""

    #: Stamp of the utterance in ns.
    stamp_ns: int
    #: Start and end of the speech in ns; None before they are known.
    start_ns: Optional[int] = None
    end_ns: Optional[int] = None
    #: Probabilities by label; None before they are known.
    probabilities: Optional[Dict[str, float]] = None


@dataclass(frozen=True)
class MatchOptions:
    """How texts are matched."""

    #: Usual time in s from the end of speech to the text.
    delay_s: float = 1.0
    #: Most that a text may come earlier or later than that, in s.
    tolerance_s: float = 2.0
    #: Longest time in s that a text waits for its utterance and the emotion of it.
    wait_s: float = 2.0

    def __post_init__(self):
        """
        Check the values.

        :raises ValueError: with the value and what is expected.
        """
        for name in ('delay_s', 'tolerance_s', 'wait_s'):
            if not getattr(self, name) >= 0:
                raise ValueError(f'{name} is {getattr(self, name)}, at least 0 is needed')


class TextMatcher:
    """
    Finds the utterance of each text by the time at which the text came.

    A text without a stamp came `delay_s` after the end of its speech, more or less: it belongs
    to the utterance that ended nearest to that moment, within `tolerance_s`.
    """

    def __init__(self, options):
        """
        Remember nothing yet.

        :param options: MatchOptions.
        """
        self._options = options
        self._utterances = OrderedDict()
        self._waiting = deque()

    def add(self, stamp_ns, **parts):
        """
        Add what is known of an utterance, in any order.

        :param stamp_ns: its stamp in ns.
        :param parts: fields of :class:`Heard`.
        """
        heard = self._utterances.setdefault(stamp_ns, Heard(stamp_ns))
        for name, value in parts.items():
            setattr(heard, name, value)
        while len(self._utterances) > MAX_UTTERANCES:
            self._utterances.popitem(last=False)

    def hear(self, text, time_ns):
        """Take a text in that came at `time_ns`, in the clock of the stamps."""
        self._waiting.append((text, time_ns))

    def take(self, now_ns):
        """
        Return the texts that are decided, in the order in which they came.

        :param now_ns: time in ns in the clock of the stamps.
        :return: list of (text, :class:`Heard` or None where no utterance with an emotion fits).
        """
        decided = []
        while self._waiting:
            text, time_ns = self._waiting[0]
            heard = self.find(time_ns)
            is_known = heard is not None and heard.probabilities is not None
            if not is_known and now_ns - time_ns < self._options.wait_s * NANOSECONDS:
                break
            self._waiting.popleft()
            decided.append((text, heard if is_known else None))
        return decided

    def find(self, time_ns):
        """Return the utterance of a text that came at `time_ns`, or None."""
        expected_ns = time_ns - self._options.delay_s * NANOSECONDS

        def distance(heard):
            return abs(heard.end_ns - expected_ns)
        near = [heard for heard in self._utterances.values() if heard.end_ns is not None
                and heard.start_ns <= time_ns
                and distance(heard) <= self._options.tolerance_s * NANOSECONDS]
        return min(near, key=distance, default=None)
