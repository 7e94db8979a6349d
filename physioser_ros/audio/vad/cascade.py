"""WebRTC gates, Silero confirms: a quiet room costs next to nothing, a motor is not a voice."""

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.vad.base import VoiceActivity
from physioser_ros.audio.vad.silero import FRAME_SAMPLES
from physioser_ros.audio.vad.silero import SileroVoiceActivity
from physioser_ros.audio.vad.webrtc import WebrtcVoiceActivity

#: For so long the gate stays open after the last suspicion, in s.
HOLD_S = 0.3
#: Silero's probability that keeps the gate open.
KEEP_THRESHOLD = 0.35


class CascadeVoiceActivity(VoiceActivity):
    """
    Ask Silero only while WebRTC, or Silero itself a moment ago, suspects speech.

    :param aggressiveness: of the gate, 0 to 3
    """

    frame_samples = FRAME_SAMPLES
    sure_threshold = SileroVoiceActivity.sure_threshold

    def __init__(self, aggressiveness=2):
        self._gate = WebrtcVoiceActivity(aggressiveness, frame_samples=320)
        self._judge = SileroVoiceActivity()
        self._hold_frames = round(HOLD_S * SAMPLE_RATE / FRAME_SAMPLES)
        self.reset()

    def probability(self, frame):
        """Return Silero's probability, or 0.0 while the gate is shut."""
        if self._suspicious(frame):
            self._open = self._hold_frames
        if not self._open:
            self._judge.skip(frame)
            return 0.0
        self._open -= 1
        probability = self._judge.probability(frame)
        if probability >= KEEP_THRESHOLD:
            self._open = self._hold_frames
        return probability

    def reset(self):
        """Forget everything heard and shut the gate."""
        self._rest = np.zeros(0, np.int16)
        self._open = 0
        self._gate.reset()
        self._judge.reset()

    def _suspicious(self, frame):
        """Ask the gate about every one of its shorter frames that is complete by now."""
        size = self._gate.frame_samples
        self._rest = np.concatenate([self._rest, frame])
        voiced = False
        while len(self._rest) >= size:
            voiced |= self._gate.probability(self._rest[:size]) >= 0.5
            self._rest = self._rest[size:]
        return voiced
