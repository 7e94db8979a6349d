"""
Answers to utterances that were not over yet, given again when they are.

An utterance whose speech has stopped is recognised while its end is still awaited. Mostly the
silence lasts, the same samples come again as the whole utterance, and the model need not run.
Only the same samples of the same speaker count. What is known of the speaker is what was known
when the silence began: utterances of others that end meanwhile do not undo the answer.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Hashable, NamedTuple, Optional, Tuple

import numpy as np

from physioser_ros.inference.recognizer import Reading
from physioser_ros.inference.request_queue import Request

#: Answers kept: as many people may be in the silence after their words at the same time.
MOST = 8

_Key = Tuple[Hashable, str, bool, int, bytes]


class Known(NamedTuple):
    """What the model said ahead."""

    state: Optional[np.ndarray]
    """Speaker state with which it was asked."""
    reading: Reading
    """Its answer."""


class Ahead:
    """Remembers some readings and no sound; not thread-safe."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._known: 'OrderedDict[_Key, Known]' = OrderedDict()

    def keep(self, request: Request, state: Optional[np.ndarray], reading: Reading) -> None:
        """
        Remember what the model said to a partial request; the oldest gives way.

        :param request: the request; one that does not tell its utterance is not remembered
        :param state: speaker state with which it was answered
        :param reading: the answer
        """
        if request.utterance is None:
            return
        self._known[_key(request, reading.variants)] = Known(state, reading)
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def take(self, request: Request, variants: bool) -> Optional[Known]:
        """
        Return what the model said to a whole utterance, once; None where it must be asked.

        :param request: the request
        :param variants: whether component saliency is wanted
        """
        return self._known.pop(_key(request, variants), None) if self._known else None

    def forget(self) -> None:
        """Remember nothing any more."""
        self._known.clear()


def _key(request: Request, variants: bool) -> _Key:
    digest = blake2b(np.ascontiguousarray(request.samples).data, digest_size=16).digest()
    return request.utterance, request.speaker_id, variants, len(request.samples), digest
