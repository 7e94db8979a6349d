"""An emotion that lasts, told from one that flickers. Knows no ROS."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SustainedOptions:
    """When an emotion begins and ends."""

    #: Probability from which an utterance counts towards a beginning.
    start_confidence: float = 0.5
    #: Utterances in a row that make a beginning.
    start_count: int = 3
    #: Time in s from the first to the last of at least two in a row that makes one too; 0 for
    #: never.
    start_s: float = 8.0
    #: Probability below which an utterance counts towards the end. Lower than start_confidence,
    #: so that a weak utterance neither begins nor ends anything.
    stop_confidence: float = 0.3
    #: Utterances in a row that make an end.
    stop_count: int = 2
    #: Silence in s after which everything is forgotten.
    forget_s: float = 30.0

    def __post_init__(self):
        """
        Check the values.

        :raises ValueError: with the value and what is expected.
        """
        if not 0 <= self.stop_confidence <= self.start_confidence <= 1:
            raise ValueError(
                f'stop_confidence is {self.stop_confidence} and start_confidence '
                f'{self.start_confidence}: 0 <= stop_confidence <= start_confidence <= 1 is '
                'needed')
        for name, least in (('start_count', 1), ('stop_count', 1), ('start_s', 0)):
            if getattr(self, name) < least:
                raise ValueError(f'{name} is {getattr(self, name)}, at least {least} is needed')
        if not self.forget_s > 0:
            raise ValueError(f'forget_s is {self.forget_s}, more than 0 is needed')


class SustainedEmotion:
    """
    The emotion that holds at present, with hysteresis.

    It begins after enough sure utterances in a row or after enough time, goes on through weak
    ones, and ends after several that contradict it or when another one begins.
    """

    def __init__(self, options, emotions):
        """
        Begin without an emotion.

        :param options: SustainedOptions.
        :param emotions: labels that matter; all others only contradict.
        """
        self._options = options
        self._emotions = frozenset(emotions)
        self.forget()

    def forget(self):
        """Begin anew, as after a long silence."""
        #: Label of the emotion that holds, '' for none.
        self.label = ''
        self._misses = 0
        self._candidate = ''
        self._count = 0
        self._since_s = 0.0
        self._last_s = None

    def hear(self, probabilities, time_s):
        """
        Take one utterance in.

        :param probabilities: dict of label to probability.
        :param time_s: stamp of the utterance in s; one that lies before the last one, as when a
            recording begins again, or long after it, begins anew.
        :return: label of the emotion that holds now, '' for none.
        """
        if self._last_s is not None and not 0 <= time_s - self._last_s <= self._options.forget_s:
            self.forget()
        self._last_s = time_s
        self._weigh_end(probabilities)
        self._weigh_beginning(probabilities, time_s)
        return self.label

    def _weigh_end(self, probabilities):
        held = probabilities.get(self.label, 0.0) >= self._options.stop_confidence
        self._misses = 0 if held else self._misses + 1
        if self._misses >= self._options.stop_count:
            self.label = ''

    def _weigh_beginning(self, probabilities, time_s):
        top = max(probabilities, key=probabilities.get, default='')
        if top not in self._emotions or probabilities[top] < self._options.start_confidence:
            self._candidate = ''
            return
        if top != self._candidate:
            self._candidate, self._count, self._since_s = top, 0, time_s
        self._count += 1
        options = self._options
        lasted = 0 < options.start_s <= time_s - self._since_s and self._count > 1
        if self._count >= options.start_count or lasted:
            self.label, self._misses = top, 0
