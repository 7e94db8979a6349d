"""The Gaussian-mixture detector of WebRTC: almost free, and deaf to what a voice is."""

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.vad.base import VoiceActivity


class WebrtcVoiceActivity(VoiceActivity):
    """
    Answer 1.0 or 0.0 for frames of 30 ms.

    It takes motors, hum and music for speech; use it where there is none of them.

    :param aggressiveness: 0 (lets most pass) to 3
    :param frame_samples: 160, 320 or 480
    :raises AudioError: when the package is not installed
    """

    def __init__(self, aggressiveness=2, frame_samples=480):
        if aggressiveness not in (0, 1, 2, 3):
            raise ValueError(f'vad.aggressiveness is {aggressiveness!r}, expected 0, 1, 2 or 3')
        try:
            import webrtcvad
        except ImportError as error:
            raise AudioError(f'voice activity needs webrtcvad ({error}): '
                             'run `pip install webrtcvad-wheels`') from error
        self.frame_samples = frame_samples
        self._create = webrtcvad.Vad
        self._aggressiveness = aggressiveness
        self.reset()

    def probability(self, frame):
        """Return 1.0 if WebRTC calls the frame speech, else 0.0."""
        return float(self._vad.is_speech(frame.tobytes(), SAMPLE_RATE))

    def reset(self):
        """Start again with the built-in noise model."""
        self._vad = self._create(self._aggressiveness)
