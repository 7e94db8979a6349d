"""What begins an utterance and what ends it."""

from abc import ABC
from abc import abstractmethod
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

    def pending_since(self):
        """Return the index of a rise that may still become speech, or None."""
        return None

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

    def __init__(self, options, vad):
        super().__init__(options, vad)
        self._needed = max(1, ceil(options.start_s * SAMPLE_RATE / vad.frame_samples))
        self._longest = round(options.rise_s * SAMPLE_RATE)
        self._release = round(options.hangover_s * SAMPLE_RATE)
        self._sure = options.sure_threshold or vad.sure_threshold
        self._lasting = max(self._needed, ceil(self.lasting_s * SAMPLE_RATE / vad.frame_samples))
        self.reset()

    def begins(self, start, probability):
        """Follow the rise; return where it began once it is long and sure enough."""
        loud = probability >= self.options.start_threshold
        if self._since is not None and start - self._since >= self._longest:
            self.reset()
        if self._since is None:
            if not loud:
                return None
            self._since = start
        self._loud += loud
        self._low = self._low + 1 if probability < self.options.stop_threshold else 0
        self._peak = max(self._peak, probability)
        if self._low >= self.patience:
            self.reset()
        elif self._loud >= self._lasting or (
                self._loud >= self._needed and self._peak >= self._sure):
            since = self._since
            self.reset()
            return since
        return None

    def ends(self, opened, end, last_speech):
        """Tell whether the silence has lasted for the hang-over."""
        return end - last_speech >= self._release

    def pending_since(self):
        """Return where the present rise began."""
        return self._since

    def reset(self):
        """Forget the present rise."""
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
