"""Voice activity detectors, by the name of the parameter `vad.backend`."""

from physioser_ros.audio.vad.base import VoiceActivity
from physioser_ros.audio.vad.cascade import CascadeVoiceActivity
from physioser_ros.audio.vad.silero import SileroVoiceActivity
from physioser_ros.audio.vad.webrtc import WebrtcVoiceActivity

__all__ = ['CascadeVoiceActivity', 'SileroVoiceActivity', 'VoiceActivity', 'WebrtcVoiceActivity',
           'create_vad', 'vad_names']


def vad_names():
    """Return the names that `create_vad` knows."""
    return ('cascade', 'webrtc', 'silero')


def create_vad(name, aggressiveness=2):
    """
    Return the detector called `name`.

    :param name: `cascade`, `webrtc` or `silero`
    :param aggressiveness: of WebRTC, 0 to 3; `silero` has no use for it
    :raises ValueError: when the name is unknown
    :raises AudioError: when what the detector needs is missing, never a weaker one instead
    """
    if name == 'cascade':
        return CascadeVoiceActivity(aggressiveness)
    if name == 'webrtc':
        return WebrtcVoiceActivity(aggressiveness)
    if name == 'silero':
        return SileroVoiceActivity()
    raise ValueError(f'vad.backend is {name!r}, expected one of {", ".join(vad_names())}')
