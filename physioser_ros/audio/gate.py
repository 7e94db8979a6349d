"""The robot must not hear itself: which capture times belong to its own voice."""

from collections import deque
from threading import Lock

MODES = ('drop', 'mute', 'ignore')
#: Spells of the robot's voice that are remembered; only the last ones can still matter.
MEMORY = 64


class OwnVoiceGate:
    """
    Remember when the robot spoke, and answer for a stretch of sound whether it was then.

    Judged by capture time, so that blocks that wait in a queue are judged as those that do not.

    :param mode: `drop`, `mute` or `ignore`
    :param hold_off_s: how long the room still carries the voice after its end
    :param timeout_s: a spell longer than this is not believed any more
    """

    def __init__(self, mode='drop', hold_off_s=0.5, timeout_s=30.0):
        self.configure(mode, hold_off_s, timeout_s)
        self._spells = deque(maxlen=MEMORY)
        self._lock = Lock()

    def configure(self, mode, hold_off_s, timeout_s):
        """Take over new values of the arguments of the constructor."""
        if mode not in MODES:
            raise ValueError(f'gate.robot_speaking is {mode!r}, expected one of '
                             f'{", ".join(MODES)}')
        self.mode = mode
        self._hold_off_ns = round(hold_off_s * 1e9)
        self._timeout_ns = round(timeout_s * 1e9)

    def set_speaking(self, speaking, time_ns):
        """Note that the robot began or stopped to speak at `time_ns`."""
        with self._lock:
            open_spell = self._spells and self._spells[-1][1] is None
            if speaking and not open_spell:
                self._spells.append([time_ns, None])
            elif not speaking and open_spell:
                self._spells[-1][1] = time_ns

    def covers(self, start_ns, end_ns):
        """Return whether the robot's voice is in the sound from `start_ns` to `end_ns`."""
        if self.mode == 'ignore':
            return False
        with self._lock:
            return any(begun < end_ns and start_ns < self._end_ns(begun, ended)
                       for begun, ended in self._spells)

    def stuck_at(self, time_ns):
        """Return whether the robot has said for longer than the time-out that it speaks."""
        with self._lock:
            return bool(self._spells) and self._spells[-1][1] is None and (
                time_ns > self._spells[-1][0] + self._timeout_ns)

    def _end_ns(self, begun, ended):
        latest = begun + self._timeout_ns
        return latest if ended is None else min(ended + self._hold_off_ns,
                                                latest + self._hold_off_ns)
