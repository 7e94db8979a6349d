"""How a stream is cut into utterances."""

from dataclasses import dataclass

TRIGGERS = ('vad', 'push_to_talk', 'continuous')


def check_range(name, value, low, high):
    """Raise ValueError unless `low <= value <= high`."""
    if not low <= value <= high:
        raise ValueError(f'{name} is {value!r}, expected {low} to {high}')


@dataclass(frozen=True)
class SegmenterOptions:
    """Durations in seconds, thresholds as probabilities; every value is checked."""

    trigger: str = 'vad'
    """What begins an utterance: `vad` (a voice), `push_to_talk` (a button) or `continuous`
    (windows of `window_s`, one after the other)."""

    pre_roll_s: float = 0.5
    """Sound kept from before the speech; covers what the detector noticed late. [0, 2]"""

    start_s: float = 0.09
    """Speech that must be heard before it counts. [0.01, 1]"""

    rise_s: float = 0.8
    """Time within which a rise must reach the detector's `sure_threshold`; the speech then
    begins where the rise began. [0.1, 1.5]"""

    hangover_s: float = 0.6
    """Silence that ends an utterance. [0.1, 3]"""

    tail_s: float = 0.3
    """Silence that is kept at the end of an utterance; no more than the hang-over. [0, 3]"""

    min_s: float = 0.3
    """Speech shorter than this is rejected. [0, 5]"""

    max_s: float = 10.0
    """Longer speech is split at its least probable point near this. [1, 60]"""

    split_window_s: float = 2.0
    """The split is looked for in this last part before `max_s`. [0.1, 10]"""

    window_s: float = 3.0
    """Length of a window with the trigger `continuous`. [0.5, 60]"""

    start_threshold: float = 0.5
    """Probability from which a frame can begin speech. (0, 1]"""

    stop_threshold: float = 0.35
    """Probability below which a frame no longer continues it. (0, start_threshold]"""

    sure_threshold: float = 0.0
    """Probability to be reached once before speech counts; 0 = the detector's own. [0, 1]"""

    partial_period_s: float = 0.0
    """Every how much of open speech a partial utterance is handed out; 0 = never. [0, 60]"""

    anticipate: bool = True
    """Hand out an utterance once before it is over, as soon as its tail is heard; without effect
    where the hang-over is not longer than the tail."""

    def __post_init__(self):
        """Check every field."""
        if self.trigger not in TRIGGERS:
            raise ValueError(f'segment.trigger is {self.trigger!r}, '
                             f'expected one of {", ".join(TRIGGERS)}')
        for name, low, high in (
                ('pre_roll_s', 0, 2), ('start_s', 0.01, 1), ('rise_s', 0.1, 1.5),
                ('hangover_s', 0.1, 3), ('tail_s', 0, 3), ('min_s', 0, 5), ('max_s', 1, 60),
                ('split_window_s', 0.1, 10), ('window_s', 0.5, 60),
                ('start_threshold', 0.01, 1), ('stop_threshold', 0.01, self.start_threshold),
                ('sure_threshold', 0, 1), ('partial_period_s', 0, 60)):
            check_range(f'segment.{name}', getattr(self, name), low, high)
