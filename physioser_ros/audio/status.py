"""What a capture tells about itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CaptureStatus:
    """A snapshot for diagnostics."""

    level: str
    """`ok`, `warn` (works, but look) or `error` (hears nothing)."""

    text: str
    """Why, in one sentence."""

    state: str
    """`closed`, `configured`, `listening`, `reopening`, `finished` or `failed`."""

    source: str
    """`device`, `file` or `topic`."""

    device: str
    """Name of the device, path of the file, or `topic`."""

    microphone: str
    """Name of what the sound server gives behind the device; empty without one."""

    rate: int
    """Rate of the source in Hz; 0 while unknown."""

    channels: int
    """Channels of the source; 0 while unknown."""

    enabled: bool
    """False while muted by the service."""

    rate_ratio: float
    """Samples that arrive over samples that should, last 10 s; 0 while unknown."""

    last_block_age_s: float
    """Time since the last block; 0 while not listening."""

    level_dbfs: float
    """Root mean square of the last second in dB of full scale."""

    clipping_percent: float
    """Share of the last second's samples at full scale."""

    zero_s: float
    """For how long every sample was zero."""

    overflows: int
    """How often sound was lost."""

    gaps: int
    """Interruptions of the stream, losses included."""

    refused_blocks: int
    """Blocks that held no sound (NaN, a missing channel)."""

    clock_reanchored: int
    """Jumps of the capture clock."""

    reopened: int
    """How often the device was opened again."""

    utterances: int
    """Utterances handed out."""

    rejected_short: int
    """Stretches of speech that were too short."""

    split: int
    """Utterances that are pieces of longer speech."""

    gated_s: float
    """Sound that was not listened to because the robot spoke."""
