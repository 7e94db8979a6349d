"""What a capture is asked to do."""

from dataclasses import dataclass, field
from typing import Tuple

from physioser_ros.audio.gate import MODES
from physioser_ros.audio.segmenter_options import check_range, SegmenterOptions
from physioser_ros.audio.vad import vad_names

SOURCES = ('device', 'file', 'topic')


@dataclass(frozen=True)
class CaptureOptions:
    """Options of a `Capture`; every value is checked."""

    source: str = 'device'
    """`device`, `file` or `topic` (blocks are pushed)."""

    device: str = ''
    """Index, name or words of the name of the device; '' for the default one."""

    device_fallback: bool = False
    """Take the default device when none matches."""

    device_sample_rate: int = 0
    """Rate in Hz at which the device is opened; 0 for 16000 or the native one."""

    block_ms: int = 30
    """Length of the device's blocks: 10, 20 or 30."""

    channels: Tuple[int, ...] = (0,)
    """Channels in use, counted from 0."""

    mix: str = 'first'
    """`first` of the channels or their `mean`."""

    gain_db: float = 0.0
    """Gain in dB. [-40, 40]"""

    file_path: str = ''
    """The audio file of source `file`."""

    file_realtime: bool = True
    """Play at the pace of speech."""

    file_loop: bool = False
    """Begin again at the end."""

    vad_backend: str = 'cascade'
    """Voice activity: `cascade`, `webrtc` or `silero`."""

    vad_aggressiveness: int = 2
    """Of WebRTC. [0, 3]"""

    segment: SegmenterOptions = field(default_factory=SegmenterOptions)
    """How the stream is cut."""

    gate_mode: str = 'drop'
    """What to do while the robot speaks: `drop`, `mute` or `ignore`."""

    gate_hold_off_s: float = 0.5
    """How long the room still carries the robot's voice. [0, 5]"""

    gate_timeout_s: float = 30.0
    """After this a `robot_speaking` that stays true is not believed. [1, 3600]"""

    watchdog_timeout_s: float = 2.0
    """A device that is silent for so long is opened again. [0.2, 60]"""

    watchdog_retry_s: Tuple[float, ...] = (0.5, 2.0)
    """First and longest pause between two attempts to open it."""

    dump_dir: str = ''
    """Folder into which every utterance is written, for debugging; '' for none."""

    def __post_init__(self):
        """Check every field."""
        for name, value, choices in (
                ('source', self.source, SOURCES), ('mix', self.mix, ('first', 'mean')),
                ('block_ms', self.block_ms, (10, 20, 30)),
                ('vad.backend', self.vad_backend, vad_names()),
                ('gate.robot_speaking', self.gate_mode, MODES)):
            if value not in choices:
                raise ValueError(f'{name} is {value!r}, expected one of '
                                 f'{", ".join(map(str, choices))}')
        if not self.channels or min(self.channels) < 0:
            raise ValueError(f'channels is {list(self.channels)}, expected one number or more, '
                             'counted from 0')
        if len(self.watchdog_retry_s) != 2 or not (
                0 < self.watchdog_retry_s[0] <= self.watchdog_retry_s[1]):
            raise ValueError(f'watchdog.retry_s is {list(self.watchdog_retry_s)}, expected the '
                             'first and the longest pause in s')
        for name, value, low, high in (
                ('gain_db', self.gain_db, -40, 40),
                ('device_sample_rate', self.device_sample_rate, 0, 384000),
                ('vad.aggressiveness', self.vad_aggressiveness, 0, 3),
                ('gate.hold_off_s', self.gate_hold_off_s, 0, 5),
                ('gate.timeout_s', self.gate_timeout_s, 1, 3600),
                ('watchdog.timeout_s', self.watchdog_timeout_s, 0.2, 60)):
            check_range(name, value, low, high)
