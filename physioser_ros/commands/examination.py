"""What `physioser doctor` looks at: one function an organ, none of which raises."""

from dataclasses import dataclass
import os
from pathlib import Path
import time

import numpy as np

from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.sources import DeviceSource
from physioser_ros.audio.sources.server_watch import NO_PULSECTL, pulsectl
from physioser_ros.audio.vad import create_vad

#: Below this nobody spoke, or the microphone is far too quiet, in dB of full scale.
QUIET_DBFS = -65.0
#: More samples than this at full scale are more than a knock on the microphone, in percent.
CLIPPED_PERCENT = 1.0
#: How long a device may take to give its first block, in s.
PATIENCE_S = 3.0

PULSE_RECIPE = ('in a container, mount the socket of the host and run as the user who owns it, '
                'see docker/compose.yaml')


@dataclass(frozen=True)
class Finding:
    """What one look brought to light."""

    level: str
    """`ok`, `warn` (works, but look) or `wrong`."""

    subject: str
    """What was looked at, in a word or two."""

    text: str
    """What was found and, unless it is ok, what to do."""


def sound_access(environment=None, root='/'):
    """
    Look whether this user may reach a sound server or a sound card.

    :param environment: variables of the process, else the real ones
    :param root: folder that stands for the root of the file system
    :return: list of `Finding`
    """
    environment = os.environ if environment is None else environment
    subject = 'permissions'
    socket, named = _server_socket(environment)
    if named and not socket:
        return [Finding('ok', subject, f'the sound server is {named}')]
    if socket and socket.exists():
        if os.access(socket, os.R_OK | os.W_OK):
            return [Finding('ok', subject, f'the sound server at {socket} may be used')]
        return [Finding('wrong', subject, f'the sound server at {socket} belongs to user '
                        f'{socket.stat().st_uid} and refuses user {os.getuid()}: run as its '
                        f'owner; {PULSE_RECIPE}')]
    if named:
        return [Finding('wrong', subject, f'PULSE_SERVER names {socket}, which is not there: '
                        f'start the sound server, or unset PULSE_SERVER; {PULSE_RECIPE}')]
    return [_cards(Path(root) / 'dev/snd')]


def _server_socket(environment):
    """Return the socket of the sound server, or None, and what PULSE_SERVER says."""
    named = environment.get('PULSE_SERVER', '')
    if named:
        path = named[len('unix:'):] if named.startswith('unix:') else named
        return (Path(path) if path.startswith('/') else None), named
    runtime = environment.get('XDG_RUNTIME_DIR', '')
    socket = Path(runtime) / 'pulse' / 'native' if runtime else None
    return (socket if socket and socket.exists() else None), ''


def _cards(folder):
    """Look at the sound cards, where there is no server."""
    microphones = sorted(folder.glob('pcm*c'))
    if not microphones:
        return Finding('wrong', 'permissions', f'there is no sound server, and {folder} holds no '
                       f'microphone: connect one; {PULSE_RECIPE}, or hand over {folder}')
    if any(os.access(path, os.R_OK | os.W_OK) for path in microphones):
        return Finding('ok', 'permissions', f'the sound cards in {folder} may be used')
    return Finding('wrong', 'permissions', f'the sound cards in {folder} refuse this user: run '
                   '`sudo usermod -aG audio $USER` and log in again; in a container, '
                   '`--group-add audio`')


def microphone(query='', seconds=3.0, before_listening=lambda: None, sounddevice=None):
    """
    Look at the device, its rate, and what is heard from it.

    :param query: what the parameter `device` shall be
    :param seconds: how long to listen; 0 for not at all
    :param before_listening: called right before
    :param sounddevice: in place of the real module, for tests
    :return: list of `Finding`
    """
    source = DeviceSource(query, time.time_ns, sounddevice=sounddevice)
    try:
        source.configure()
    except AudioError as error:
        return [Finding('wrong', 'microphone', str(error))]
    how = '' if source.rate == 16000 else ', and becomes 16000 Hz'
    found = [Finding('ok', 'microphone', source.name),
             Finding('ok', 'rate', f'it is opened at {source.rate} Hz{how}')]
    if source.rate != 16000:
        try:
            import soxr  # noqa: F401
        except ImportError as error:
            found[1] = Finding('wrong', 'rate', f'{source.rate} Hz become 16000 Hz only with '
                               f'soxr ({error}): run `pip install soxr`')
    if seconds:
        before_listening()
        try:
            found.append(_level(_heard(source, seconds)))
        except AudioError as error:
            found.append(Finding('wrong', 'level', str(error)))
        finally:
            source.stop()
    return found


def _heard(source, seconds):
    """Return what a source gives, int16 `(n,)`; fewer samples when it stops to give."""
    source.start()
    heard, missing = [], round(seconds * source.rate)
    last_s = time.monotonic()
    while missing > 0 and time.monotonic() - last_s < PATIENCE_S:
        block = source.read(0.1)
        if block is not None:
            heard.append(block.samples[:, 0])
            missing -= len(block.samples)
            last_s = time.monotonic()
    if missing > 0:
        raise AudioError(f'{source.name} gave no sound for {PATIENCE_S:.0f} s: it is suspended '
                         'or taken by another program; restart the sound server')
    return np.concatenate(heard)


def _level(samples):
    """Judge what was heard, int16 `(n,)`."""
    if not samples.any():
        return Finding('wrong', 'level', 'only zeros: the microphone is muted or the wrong one; '
                       'unmute it (`alsamixer`, `pactl set-source-mute @DEFAULT_SOURCE@ 0`) or '
                       'choose another one by `device`')
    values = samples.astype(np.float64) / 32768
    level = 10 * np.log10(np.mean(values ** 2))
    clipped = 100 * np.mean(np.abs(values) >= 32767 / 32768)
    told = f'{level:.0f} dBFS, peak {20 * np.log10(np.abs(values).max()):.0f} dBFS'
    if clipped > CLIPPED_PERCENT:
        return Finding('warn', 'level', f'{told}, {clipped:.0f} % of the samples are clipped: '
                       'lower the gain of the microphone in the mixer')
    if level < QUIET_DBFS:
        return Finding('warn', 'level', f'{told}: very quiet; if you spoke, raise the gain of '
                       'the microphone in the mixer, or `gain_db`')
    return Finding('ok', 'level', told)


def exchange():
    """Look whether an exchange of microphones would be noticed; return a list of `Finding`."""
    try:
        pulsectl()
    except ImportError as error:
        return [Finding('warn', 'exchange', NO_PULSECTL.format(error=error))]
    return [Finding('ok', 'exchange', 'a sound server that exchanges the microphone is noticed')]


def voice_activity():
    """Look whether the default detector can be used; return a list of `Finding`."""
    try:
        create_vad('cascade')
    except AudioError as error:
        return [Finding('wrong', 'detector', str(error))]
    return [Finding('ok', 'detector', 'WebRTC and Silero are ready')]


def ros(environment=None):
    """
    Look at the ROS environment and at the message packages that are overlaid.

    :param environment: variables of the process, else the real ones
    :return: list of `Finding`
    """
    environment = os.environ if environment is None else environment
    try:
        import rclpy  # noqa: F401
        from physioser_ros.nodes import conversions
    except ImportError as error:
        return [Finding('wrong', 'ROS', f'no ROS 2 in this shell ({error}): source '
                        '/opt/ros/$ROS_DISTRO/setup.bash and then install/setup.bash of the '
                        'workspace')]
    found = [_ros_environment(environment)]
    try:
        conversions.check_messages()
        found.append(Finding('ok', 'messages', 'audio_common_msgs and vision_msgs are the '
                             'released ones'))
    except ImportError as error:
        found.append(Finding('wrong', 'messages', str(error)))
    return found


def _ros_environment(environment):
    domain = environment.get('ROS_DOMAIN_ID') or '0'
    if not (domain.isascii() and domain.isdigit() and int(domain) <= 232):
        return Finding('wrong', 'ROS', f'ROS_DOMAIN_ID is {domain!r}, expected 0 to 232 (up to '
                       '101 is safe on every system): every node of a robot needs the same one')
    prefixes = [prefix for prefix in environment.get('AMENT_PREFIX_PATH', '').split(':') if prefix]
    marker = 'share/ament_index/resource_index/packages/physioser_ros'
    if not any((Path(prefix) / marker).is_file() for prefix in prefixes):
        return Finding('wrong', 'ROS', 'physioser_ros is not on AMENT_PREFIX_PATH, so `ros2 run` '
                       'and `ros2 launch` do not find it: build it with colcon and source '
                       'install/setup.bash')
    told = f'distribution {environment.get("ROS_DISTRO") or "unnamed"}, domain {domain}'
    reach = environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE', '').upper()
    if environment.get('ROS_LOCALHOST_ONLY') == '1' or reach in ('LOCALHOST', 'OFF'):
        told += ', seen by nodes of this machine only'
    return Finding('ok', 'ROS', told)


def model(name='', sha256=''):
    """
    Look whether a model loads and answers.

    :param name: name or path, '' = the default model
    :param sha256: its digest, '' = the one in the manifest
    :return: list of `Finding`
    """
    try:
        from physioser_ros.inference import find_model, load_model, ModelError
    except ImportError as error:
        return [Finding('wrong', 'model', f'no model runs without onnxruntime ({error}): run '
                        '`pip install onnxruntime`')]
    try:
        loaded = load_model(find_model(name), sha256=sha256, warm_up=True)
    except ModelError as error:
        return [Finding('wrong', 'model', str(error))]
    text = f'{loaded.path} answers; labels: {", ".join(loaded.labels)}'
    return [Finding('ok', 'model', text)] + [
        Finding('warn', 'model', notice) for notice in loaded.notices]
