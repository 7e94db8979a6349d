"""Put the messages of one utterance together again, as a subscriber must. Knows no ROS."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Dict, Optional, Tuple

#: Utterances whose messages are waited for; older ones are given up.
MAX_OPEN = 64
#: Stamps above this are times of day, others times of a simulation; in s (the year 2001).
EPOCH_S = 1_000_000_000


@dataclass
class Answer:
    """What was heard of one utterance so far."""

    #: Stamp of the utterance in ns.
    stamp_ns: int
    #: Labels and probabilities of the classification, descending; None before it came.
    classes: Optional[Tuple[Tuple[str, float], ...]] = None
    #: Values of emotion/result_info by name; None before it came.
    result: Optional[Dict[str, str]] = None
    #: Values of audio/utterance_info by name; None before it came.
    utterance: Optional[Dict[str, str]] = None
    #: When the classification came, in ns in the clock of the stamps.
    heard_ns: int = 0

    def is_complete(self, wants_utterance):
        """Return whether everything has come; `wants_utterance`: utterance_info too."""
        return (self.classes is not None and self.result is not None
                and (self.utterance is not None or not wants_utterance))

    @property
    def speech_end_ns(self):
        """Return when the speech ended, in ns; the stamp where that is not known."""
        seconds = float(self.utterance['speech_end_s']) if self.utterance else 0.0
        return self.stamp_ns + round(seconds * 1e9)

    @property
    def speech_start_ns(self):
        """Return when the speech began, in ns; the stamp where that is not known."""
        seconds = float(self.utterance['speech_start_s']) if self.utterance else 0.0
        return self.stamp_ns + round(seconds * 1e9)

    @property
    def latency_s(self):
        """Return the time from the end of speech to the classification, in s."""
        return (self.heard_ns - self.speech_end_ns) / 1e9

    @property
    def branches(self):
        """Return the weights of the vocal and the latent branch."""
        return float(self.result['branch.vap']), float(self.result['branch.ssl'])

    def line(self):
        """Return the answer as one line of text."""
        vap, ssl = self.branches
        times = f'{clock_text(self.speech_start_ns)} - {clock_text(self.speech_end_ns)}'
        known = f'{self.latency_s * 1000:5.0f} ms' if self.utterance else '    ?   '
        flags = self.utterance.get('flags', '') if self.utterance else ''
        return (f'{times}  {self.result["label"]:<9} {float(self.result["confidence"]):4.2f}  '
                f'vap {vap:4.2f}  ssl {ssl:4.2f}  latency {known}  '
                f'model {float(self.result["processing_ms"]):4.0f} ms'
                f'{"  " + flags if flags else ""}').rstrip()


def clock_text(stamp_ns):
    """Return a stamp as time of day, or in seconds where it is one of a simulation."""
    seconds = stamp_ns / 1e9
    if seconds < EPOCH_S:
        return f'{seconds:.2f} s'
    return datetime.fromtimestamp(seconds).strftime('%H:%M:%S.%f')[:-4]


@dataclass
class Join:
    """Collects messages by the stamp of their utterance and gives complete answers in order."""

    #: Whether audio/utterance_info is waited for: false where nobody publishes it.
    wants_utterance: bool = True
    _open: 'OrderedDict[int, Answer]' = field(default_factory=OrderedDict)

    def add(self, stamp_ns, **parts):
        """
        Add parts of the answer to the utterance of a stamp.

        :param stamp_ns: stamp of the message in ns.
        :param parts: fields of :class:`Answer`.
        :return: list of the answers that are complete now, in the order of the utterances.
        """
        answer = self._open.setdefault(stamp_ns, Answer(stamp_ns))
        for name, value in parts.items():
            setattr(answer, name, value)
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return self.take_complete()

    def take_complete(self):
        """Return the complete answers in the order of their stamps, and forget them."""
        stamps = [stamp for stamp, answer in self._open.items()
                  if answer.is_complete(self.wants_utterance)]
        return [self._open.pop(stamp) for stamp in sorted(stamps)]

    @property
    def is_waiting(self):
        """Return whether a classification or its info came without the rest."""
        return any(answer.classes or answer.result for answer in self._open.values())
