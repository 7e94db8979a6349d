"""
Answers to utterances that were not over yet, given again when they are.

An utterance whose speech has stopped is recognised while its end is still awaited. Mostly the
silence lasts, the same samples come again as the whole utterance, and the model need not run.
Only the same input counts: samples, speaker state and variants; so an answer from here is the
answer that the model would give.
"""

from hashlib import blake2b
from typing import Hashable, Optional, Tuple

import numpy as np

from physioser_ros.inference.recognizer import Reading
from physioser_ros.inference.request_queue import Request

_Key = Tuple[Hashable, int, bytes, bytes, bool]


class Ahead:
    """Remembers one reading and no sound; not thread-safe."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._key: Optional[_Key] = None
        self._reading: Optional[Reading] = None

    def keep(self, request: Request, state: Optional[np.ndarray], reading: Reading) -> None:
        """
        Remember what the model said to a partial request, in place of what was before.

        :param request: the request; one that does not tell its utterance is not remembered
        :param state: speaker state with which it was answered
        :param reading: the answer
        """
        if request.utterance is None:
            self.forget()
            return
        self._key, self._reading = _key(request, state, reading.variants), reading

    def find(self, request: Request, state: Optional[np.ndarray],
             variants: bool) -> Optional[Reading]:
        """
        Return what the model would say to a whole utterance, or None where it must be asked.

        :param request: the request
        :param state: speaker state with which to answer it
        :param variants: whether component saliency is wanted
        """
        if self._key is None or self._key[:2] != (request.utterance, len(request.samples)):
            return None
        return self._reading if self._key == _key(request, state, variants) else None

    def forget(self) -> None:
        """Remember nothing any more."""
        self._key = self._reading = None


def _key(request: Request, state: Optional[np.ndarray], variants: bool) -> _Key:
    digest = blake2b(np.ascontiguousarray(request.samples).data, digest_size=16).digest()
    known = b'' if state is None else state.tobytes()
    return request.utterance, len(request.samples), digest, known, variants
