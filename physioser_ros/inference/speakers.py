"""
What is remembered of each speaker, in memory alone.

Nothing here is written to disk. An entry holds what its owner puts there: the model's state of
a speaker (a count and sums of features, no sound), or the decision's smoothed
log-probabilities. It ends after `forget_s` without an utterance, when more than `max_speakers`
are known (the one not heard for longest goes first), or on `reset`.
"""

from collections import OrderedDict
from typing import Generic, Optional, Tuple, TypeVar

Value = TypeVar('Value')

#: A step back in time of more than this many seconds is another session (a bag started anew).
MAX_STEP_BACK_S = 1.0


class SpeakerMemory(Generic[Value]):
    """A bounded table of one value a speaker; not thread-safe."""

    def __init__(self, forget_s: float = 60.0, max_speakers: int = 16) -> None:
        """
        Create an empty memory.

        :param forget_s: seconds without an utterance after which a speaker is forgotten
        :param max_speakers: speakers to remember at the same time
        :raises ValueError: a value is out of range
        """
        if not forget_s > 0:
            raise ValueError(f'forget_s is {forget_s}, expected more than 0 seconds')
        if max_speakers < 1:
            raise ValueError(f'max_speakers is {max_speakers}, expected at least 1')
        self.forget_s = forget_s
        self.max_speakers = max_speakers
        self._entries: 'OrderedDict[str, Tuple[float, Value]]' = OrderedDict()

    def __len__(self) -> int:
        """Return the number of entries, forgotten ones that were not asked for included."""
        return len(self._entries)

    def recall(self, speaker_id: str, now_s: float) -> Optional[Value]:
        """
        Return what is remembered of a speaker, or None.

        :param speaker_id: the speaker, '' is the one anonymous speaker
        :param now_s: time of the utterance in s, in the same clock as every other call
        """
        entry = self._entries.get(speaker_id)
        if entry is None:
            return None
        heard_s, value = entry
        if not -MAX_STEP_BACK_S <= now_s - heard_s <= self.forget_s:
            del self._entries[speaker_id]
            return None
        return value

    def age_s(self, speaker_id: str, now_s: float) -> float:
        """Return the seconds since `remember`, never negative; infinite for the unknown."""
        entry = self._entries.get(speaker_id)
        return float('inf') if entry is None else max(0.0, now_s - entry[0])

    def remember(self, speaker_id: str, value: Value, now_s: float) -> None:
        """
        Remember `value` of a speaker in place of what was remembered before.

        :param speaker_id: the speaker, '' is the one anonymous speaker
        :param value: what to remember
        :param now_s: time of the utterance in s
        """
        self._entries[speaker_id] = (now_s, value)
        self._entries.move_to_end(speaker_id)
        # The one not heard for longest stands first.
        while len(self._entries) > self.max_speakers or (
                now_s - next(iter(self._entries.values()))[0] > self.forget_s):
            self._entries.popitem(last=False)

    def reset(self, speaker_id: Optional[str] = None) -> None:
        """Forget one speaker, or all of them where `speaker_id` is None."""
        if speaker_id is None:
            self._entries.clear()
        else:
            self._entries.pop(speaker_id, None)
