"""
The neural detector of Silero, run by onnxruntime alone.

The weights are Silero VAD 6.2 (MIT, see `silero_vad.md` beside them). A frame is 32 ms and costs
about 0.1 ms; the network sees 4 ms of the frame before and carries an LSTM state.
"""

from collections import deque
from hashlib import sha256
from pathlib import Path

import numpy as np

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.vad.base import VoiceActivity

WEIGHTS = Path(__file__).resolve().parent.parent / 'silero_vad.onnx'
WEIGHTS_SHA256 = '9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85'

FRAME_SAMPLES = 512
CONTEXT_SAMPLES = 64
#: Non-speech for so long renews the state, in s.
RENEW_S = 2.0
#: Probability below which a frame counts as non-speech.
QUIET_THRESHOLD = 0.35
#: So many past frames are given to a fresh state.
WARM_UP_FRAMES = 8


def load_session(path=WEIGHTS):
    """
    Open the weights on one thread that sleeps between calls.

    :raises AudioError: when the file is missing or altered, or onnxruntime is not installed
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise AudioError(f'Silero voice activity needs onnxruntime ({error}): '
                         'run `pip install onnxruntime` or set vad.backend to webrtc') from error
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise AudioError(f'the voice activity weights {path} cannot be read '
                         f'({error.strerror}): reinstall the package') from error
    found = sha256(content).hexdigest()
    if found != WEIGHTS_SHA256:
        raise AudioError(f'the voice activity weights {path} are altered (SHA-256 '
                         f'{found[:12]}…, expected {WEIGHTS_SHA256[:12]}…): reinstall the package')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # A spinning thread would burn a core between frames.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'])


class SileroVoiceActivity(VoiceActivity):
    """
    Probability of speech in frames of 32 ms.

    The LSTM drifts in long music or noise until it no longer hears a voice. So its state is
    renewed after 2 s of uninterrupted non-speech, and then warmed up on the last frames, so
    that a word that begins at that very moment is judged as any other.
    """

    frame_samples = FRAME_SAMPLES
    sure_threshold = 0.85

    def __init__(self):
        self._session = load_session()
        self._renew_frames = round(RENEW_S * SAMPLE_RATE / FRAME_SAMPLES)
        self._recent = deque(maxlen=WARM_UP_FRAMES)
        self.reset()

    def probability(self, frame):
        """Return the network's probability of speech."""
        row = self._row(frame)
        fresh = self._state is None
        rows = [*self._recent, row] if fresh else [row]
        self._recent.append(row)
        probability = self._run(np.stack(rows))
        self._quiet = self._quiet + 1 if probability < QUIET_THRESHOLD else 0
        if self._quiet >= self._renew_frames:
            self.rest()
        return probability

    def skip(self, frame):
        """Remember a frame without judging it; the next one judged starts from a fresh state."""
        self._recent.append(self._row(frame))
        self.rest()

    def rest(self):
        """Drop the state but not the last frames."""
        self._state = None
        self._quiet = 0

    def reset(self):
        """Forget everything heard."""
        self._recent.clear()
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self.rest()

    def _row(self, frame):
        waveform = frame.astype(np.float32) / 32768
        row = np.concatenate([self._context, waveform])
        self._context = waveform[-CONTEXT_SAMPLES:]
        return row

    def _run(self, rows):
        if self._state is None:
            zeros = np.zeros((1, 1, 128), np.float32)
            self._state = (zeros, zeros)
        hidden, cell = self._state
        probabilities, hidden, cell = self._session.run(
            ['speech_probs', 'hn', 'cn'], {'input': rows, 'h': hidden, 'c': cell})
        self._state = (hidden, cell)
        return float(probabilities[-1])
