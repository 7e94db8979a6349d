"""What begins an utterance and what ends it."""

from abc import ABC
from abc import abstractmethod
from collections import deque
from math import ceil

from physioser_ros.audio.block import SAMPLE_RATE


class Trigger(ABC):
    """
    Judges one frame at a time; indexes count samples since the source started.

    :param options: the `SegmenterOptions`
    :param vad: the detector, for its frame length and its `sure_threshold`
    """

    #: Whether an utterance means that somebody speaks.
    announces = True

    #: Whether a loss of speech shorter than `min_s` is rejected.
    wants_speech = False

    def __init__(self, options, vad):
        self.options = options
        self.frame_samples = vad.frame_samples

    @abstractmethod
    def begins(self, start, probability):
        """Return the index at which speech began, or None, on a frame outside an utterance."""

    @abstractmethod
    def ends(self, opened, end, last_speech):
        """
        Tell whether the utterance is over.

        :param opened: index of its first sample
        :param end: index after the frame
        :param last_speech: index after the last frame of speech
        """

    def needed_from(self, analysed):
        """Return the index from which on speech may turn out to have begun."""
        return analysed

    def reset(self):
        """Forget a rise that has not become speech."""


class VoiceTrigger(Trigger):
    """
    Hysteresis: a rise begins at `start_threshold` and must last and be sure to count.

    Silero takes up to 0.8 s to become sure of a soft onset; asking for certainty without going
    back to where the rise began would cut it off. Of a voice that is hushed or drowned it may
    never be sure, but it stays inclined to hear one for longer than of any noise.
    """

    wants_speech = True

    #: Frames below `stop_threshold` in a row after which a rise was nothing.
    patience = 3

    #: Frames at `start_threshold` or above in one rise that count as being sure, in s.
    lasting_s = 0.3

    #: A rise that became speech is followed back through frames of at least this probability,
    #: over pauses and for no longer than these, in s: a soft beginning was noticed late, but
    #: hardly ever without any inclination. It decides nothing but where the speech began.
    inclined, back_pause_s, back_s = 0.1, 0.2, 1.5

    def __init__(self, options, vad):
        super().__init__(options, vad)
        self._needed = max(1, ceil(options.start_s * SAMPLE_RATE / vad.frame_samples))
        self._longest = round(options.rise_s * SAMPLE_RATE)
        self._release = round(options.hangover_s * SAMPLE_RATE)
        self._sure = options.sure_threshold or vad.sure_threshold
        self._back_pause = round(self.back_pause_s * SAMPLE_RATE)
        self._inclinations = deque()
        self._lasting = max(self._needed, ceil(self.lasting_s * SAMPLE_RATE / vad.frame_samples))
        self.reset()

    def begins(self, start, probability):
        """Follow the rise; return where it began once it is long and sure enough."""
        loud = probability >= self.options.start_threshold
        self._remember(start, probability)
        if self._since is not None and start - self._since >= self._longest:
            self._forget_rise()
        if self._since is None:
            if not loud:
                return None
            self._since = start
        self._loud += loud
        self._low = self._low + 1 if probability < self.options.stop_threshold else 0
        self._peak = max(self._peak, probability)
        if self._low >= self.patience:
            self._forget_rise()
        elif self._loud >= self._lasting or (
                self._loud >= self._needed and self._peak >= self._sure):
            return self._beginning()
        return None

    def _remember(self, start, probability):
        if probability >= self.inclined:
            self._inclinations.append(start)
        oldest = (start if self._since is None else self._since) - round(
            self.back_s * SAMPLE_RATE)
        while self._inclinations and self._inclinations[0] < oldest:
            self._inclinations.popleft()

    def _beginning(self):
        """Return where the rise that became speech began, and forget it."""
        begun = self._since
        for start in reversed(self._inclinations):
            if start < begun - self.frame_samples - self._back_pause:
                break
            begun = min(begun, start)
        self.reset()
        return begun

    def ends(self, opened, end, last_speech):
        """Tell whether the silence has lasted for the hang-over."""
        return end - last_speech >= self._release

    def needed_from(self, analysed):
        """Return where the present rise began, or what may have led to it."""
        since = analysed if self._since is None else self._since
        return min(since, self._inclinations[0]) if self._inclinations else since

    def reset(self):
        """Forget everything heard."""
        self._inclinations.clear()
        self._forget_rise()

    def _forget_rise(self):
        self._since, self._loud, self._low, self._peak = None, 0, 0, 0.0


class PushToTalkTrigger(Trigger):
    """A button decides; `pressed` is set by whoever reads it."""

    pressed = False

    def begins(self, start, probability):
        """Begin with the first frame that ends after the button went down."""
        return start if self.pressed else None

    def ends(self, opened, end, last_speech):
        """End with the first frame that ends after the button came up."""
        return not self.pressed


class ContinuousTrigger(Trigger):
    """Windows of one length, whatever they hold."""

    announces = False

    def begins(self, start, probability):
        """Begin at once."""
        return start

    def ends(self, opened, end, last_speech):
        """Tell whether the window is full, to the next whole frame."""
        return end - opened >= round(self.options.window_s * SAMPLE_RATE)


def create_trigger(options, vad):
    """Return the trigger that `options.trigger` names."""
    kinds = {'vad': VoiceTrigger, 'push_to_talk': PushToTalkTrigger,
             'continuous': ContinuousTrigger}
    return kinds[options.trigger](options, vad)
