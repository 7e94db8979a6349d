"""From a microphone, a file or a stream of blocks to utterances."""

from physioser_ros.audio.block import AudioBlock, SAMPLE_RATE, Utterance
from physioser_ros.audio.errors import AudioError, DeviceAmbiguous, DeviceNotFound

__all__ = ['AudioBlock', 'AudioError', 'DeviceAmbiguous', 'DeviceNotFound', 'SAMPLE_RATE',
           'Utterance']
