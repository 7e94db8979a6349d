"""A voice activity detector whose answers are written into the sound."""

import numpy as np

from physioser_ros.audio.block import AudioBlock
from physioser_ros.audio.vad.base import VoiceActivity

FRAME = 160


class ScriptedVoiceActivity(VoiceActivity):
    """Probability = magnitude of the frame's first sample / 10000."""

    frame_samples = FRAME
    sure_threshold = 0.6

    def __init__(self):
        self.resets = 0

    def probability(self, frame):
        """Read the answer."""
        assert frame.shape == (FRAME,) and frame.dtype == np.int16
        return min(1.0, abs(int(frame[0])) / 10000)

    def reset(self):
        """Count."""
        self.resets += 1


def sound(*stretches):
    """
    Return samples, int16 `(n,)`, whose frames have the probabilities asked for.

    :param stretches: pairs of seconds and probability
    """
    return np.concatenate([
        np.full(round(seconds * 16000), round(probability * 10000), np.int16)
        for seconds, probability in stretches])


def blocks(samples, sizes, start=0, stamp_ns=1_000_000_000):
    """Return the samples as blocks; the last of the sizes is repeated."""
    cut, result = 0, []
    sizes = list(sizes)
    while cut < len(samples):
        size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
        part = samples[cut:cut + size]
        result.append(AudioBlock(part, start + cut, stamp_ns + cut * 62500))
        cut += len(part)
    return result
