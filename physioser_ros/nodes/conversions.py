"""
The only module that knows message types: what other rooms hand over, as messages, and back.

Another message package would be added here and nowhere else.
"""

from array import array
from importlib import import_module
import math
import sys

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension

NANOSECONDS = 1_000_000_000
SAMPLE_RATE = 16000
SAMPLE_FORMAT = 'S16LE'

#: Packages whose name alone says little, the types needed of them, and where they come from.
_FOREIGN = {
    'audio_common_msgs': (
        ('AudioData', 'AudioDataStamped', 'AudioInfo'),
        'the released audio_common_msgs of ros-drivers (apt install '
        'ros-$ROS_DISTRO-audio-common-msgs)'),
    'vision_msgs': (
        ('Classification', 'LabelInfo', 'ObjectHypothesis', 'VisionClass'),
        'vision_msgs 4 (apt install ros-$ROS_DISTRO-vision-msgs)'),
}


class MessageError(ImportError):
    """A message package is missing or another one of the same name."""


class FormatError(ValueError):
    """Sound in a message that cannot be used; the text says why."""


def check_messages():
    """
    Check that the message packages are the released ones.

    Two packages are called audio_common_msgs; in a workspace that holds the other one, every
    use would end in an AttributeError.

    :raises MessageError: with the package, its place and the remedy.
    """
    for package, (names, remedy) in _FOREIGN.items():
        try:
            module = import_module(f'{package}.msg')
        except ImportError as error:
            raise MessageError(f'the message package {package} cannot be imported ({error}): '
                               f'install {remedy} and source the workspace') from error
        missing = [name for name in names if not hasattr(module, name)]
        if missing:
            raise MessageError(
                f'{module.__file__} is another {package}, without {", ".join(missing)}: remove '
                f'it from the overlay, or source a workspace with {remedy} after it')


def message_type(name):
    """Return the class of a message or service such as 'std_msgs/Bool' or 'std_srvs/SetBool'."""
    package, kind = name.split('/')
    folder = 'srv' if package.endswith('_srvs') else 'msg'
    return getattr(import_module(f'{package}.{folder}'), kind)


def header(stamp_ns, frame_id=''):
    """Return a Header; `stamp_ns` in ns since the epoch of the clock in use."""
    seconds, nanoseconds = divmod(int(stamp_ns), NANOSECONDS)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)


def stamp_ns(message_header):
    """Return the stamp of a Header in ns."""
    return message_header.stamp.sec * NANOSECONDS + message_header.stamp.nanosec


def audio_message(samples, message_header):
    """
    Return an AudioDataStamped in S16LE.

    :param samples: int16 `(n,)`.
    :param message_header: Header with the capture time of the first sample.
    """
    message = message_type('audio_common_msgs/AudioDataStamped')(header=message_header)
    # An array.array is assigned as it is; anything else rclpy checks byte by byte.
    message.audio.data = array('B', samples.astype('<i2', copy=False).tobytes())
    return message


def audio_info_message():
    """Return the AudioInfo of every utterance."""
    return message_type('audio_common_msgs/AudioInfo')(
        channels=1, sample_rate=SAMPLE_RATE, sample_format=SAMPLE_FORMAT,
        bitrate=16 * SAMPLE_RATE, coding_format='WAVE')


def check_utterance_format(info):
    """
    Check that utterances are declared as S16LE, mono, 16 kHz.

    :param info: AudioInfo, or None where nobody declared anything.
    :raises FormatError: for another format.
    """
    if info is None:
        return
    if (info.channels, info.sample_rate) != (1, SAMPLE_RATE) or not _is_pcm16(info):
        raise FormatError(
            f'audio_info declares {info.sample_format} {info.coding_format}, {info.channels} '
            f'channels, {info.sample_rate} Hz; {SAMPLE_FORMAT} WAVE, 1 channel, '
            f'{SAMPLE_RATE} Hz is needed')


def check_stream_format(info):
    """
    Return rate in Hz and channels of a stream that another driver publishes.

    :param info: AudioInfo, or None for 16 kHz mono.
    :raises FormatError: unless it is S16LE of a sensible rate.
    """
    if info is None:
        return SAMPLE_RATE, 1
    if not _is_pcm16(info) or not 8000 <= info.sample_rate <= 384000 or info.channels < 1:
        raise FormatError(
            f'audio_in/audio_info declares {info.sample_format} {info.coding_format}, '
            f'{info.channels} channels, {info.sample_rate} Hz; {SAMPLE_FORMAT} WAVE of 8000 Hz '
            'or more is needed (ros-drivers: format:=wave sample_format:=S16LE)')
    return info.sample_rate, info.channels


def _is_pcm16(info):
    return (info.sample_format.upper() == SAMPLE_FORMAT
            and info.coding_format.upper() in ('', 'WAVE', 'PCM', 'RAW'))


def samples_of(message, channels=1):
    """
    Return the sound of an AudioDataStamped.

    :param message: S16LE, channels interleaved.
    :param channels: how many.
    :return: int16 `(n,)`, or `(n, channels)` for several; a view where the machine allows.
    :raises FormatError: if it is empty or no whole number of samples.
    """
    size = len(message.audio.data)
    if size == 0:
        raise FormatError('the message holds no sound')
    if size % (2 * channels):
        raise FormatError(f'{size} bytes are no whole number of {SAMPLE_FORMAT} samples of '
                          f'{channels} channels')
    samples = np.frombuffer(message.audio.data, '<i2')
    if sys.byteorder == 'big':
        samples = samples.astype(np.int16)
    return samples if channels == 1 else samples.reshape(-1, channels)


def classification_message(result, message_header):
    """Return the Classification of an EmotionResult."""
    hypothesis = message_type('vision_msgs/ObjectHypothesis')
    return message_type('vision_msgs/Classification')(header=message_header, results=[
        hypothesis(class_id=label, score=float(probability))
        for label, probability in zip(result.labels, result.probabilities)])


def label_info_message(labels, threshold, message_header):
    """Return the LabelInfo of a model."""
    vision_class = message_type('vision_msgs/VisionClass')
    return message_type('vision_msgs/LabelInfo')(
        header=message_header, threshold=float(threshold),
        class_map=[vision_class(class_id=index, class_name=label)
                   for index, label in enumerate(labels)])


def weights_message(weights, label):
    """Return a Float32MultiArray of one dimension; `label` names it and its entries."""
    data = array('f', np.asarray(weights, np.float32).tobytes())
    message = Float32MultiArray(data=data)
    message.layout.dim = [MultiArrayDimension(label=label, size=len(data), stride=len(data))]
    return message


def branches_message(result):
    """Return the branch weights of an EmotionResult."""
    return weights_message(result.branch_weights, 'branch:vap,ssl')


def vap_frames_message(result):
    """Return the frame weights of the vocal branch of an EmotionResult."""
    step_ms = round(result.frame_step_s[0] * 1000)
    return weights_message(result.vap_frame_weights, f'frame:{step_ms}ms')


def components_message(result):
    """Return the component saliency of an EmotionResult that has one."""
    return weights_message(result.component_saliency, 'component:M,rho,f_inst,tau_g')


def attention_map(result):
    """
    Return the frame weights of both branches on one time axis.

    :return: float32 `(2, frames)`, rows vap and ssl; the finer of the two steps a column, zero
        where a branch has no frame.
    """
    rows = (result.vap_frame_weights, result.ssl_frame_weights)
    steps = result.frame_step_s
    step = min(steps)
    width = max(math.ceil(len(row) * own / step - 1e-6) for row, own in zip(rows, steps))
    image = np.zeros((2, width), np.float32)
    for line, row, own in zip(image, rows, steps):
        frame = ((np.arange(width) + 0.5) * step / own).astype(int)
        line[frame < len(row)] = np.asarray(row, np.float32)[frame[frame < len(row)]]
    return image


def attention_map_message(result, message_header):
    """Return the attention map of an EmotionResult as an Image."""
    image = attention_map(result)
    return Image(header=message_header, height=2, width=image.shape[1], encoding='32FC1',
                 is_bigendian=0, step=4 * image.shape[1],
                 data=array('B', image.astype('<f4').tobytes()))


def info_message(name, summary, values, message_header):
    """
    Return a DiagnosticArray with one status that says more about the message of same header.

    :param name: what the values are about, such as 'utterance'.
    :param summary: the most important one, as text.
    :param values: dict of names and values; floats are written so that they read back the same.
    """
    return DiagnosticArray(header=message_header, status=[
        status_message(DiagnosticStatus.OK, name, summary, values)])


def status_message(level, name, text, values, hardware_id=''):
    """Return a DiagnosticStatus; `level` is a byte or a number, `values` a dict."""
    level = bytes([level]) if isinstance(level, int) else level
    return DiagnosticStatus(level=level, name=name, message=text, hardware_id=hardware_id,
                            values=[KeyValue(key=key, value=_text(value))
                                    for key, value in values.items()])


def diagnostic_message(status, message_header):
    """Return a DiagnosticArray of one status."""
    return DiagnosticArray(header=message_header, status=[status])


def info_values(message):
    """Return the values of a message of :func:`info_message`, texts by name."""
    return {item.key: item.value for status in message.status for item in status.values}


def utterance_values(utterance):
    """Return what travels beside an Utterance: offsets in seconds from its stamp, and flags."""
    return {
        'duration_s': utterance.duration_s,
        'speech_start_s': utterance.speech_start / SAMPLE_RATE,
        'speech_end_s': utterance.speech_end / SAMPLE_RATE,
        'speech_probability': utterance.speech_probability,
        'flags': ','.join(sorted(utterance.flags)),
    }


def result_values(result):
    """Return what travels beside the classification of an EmotionResult."""
    return {
        'label': result.label,
        'confidence': result.confidence,
        'branch.vap': result.branch_weights[0],
        'branch.ssl': result.branch_weights[1],
        'processing_ms': result.processing_s * 1000,
        'queued_ms': result.queued_s * 1000,
        'answered_ahead': result.ahead,
        'skipped_s': result.skipped_samples / SAMPLE_RATE,
    }


def _text(value):
    if isinstance(value, (float, np.floating)):
        return repr(round(float(value), 6))
    return str(value)


def duration(seconds):
    """Return a Duration of rclpy."""
    from rclpy.duration import Duration

    return Duration(seconds=seconds)


def plain_values(status, without=()):
    """
    Return the fields of a status dataclass as a flat dict.

    :param status: a dataclass; of a dict in it each entry becomes a value of its own.
    :param without: names of fields to leave out.
    """
    values = {}
    for name, value in vars(status).items():
        if name in without:
            continue
        if isinstance(value, dict):
            values.update({f'{name}.{key}': item for key, item in value.items()})
        elif isinstance(value, (tuple, list, frozenset)):
            values[name] = ','.join(map(str, value))
        else:
            values[name] = value
    return values
