"""The utterances in a ROS 2 bag, without ROS."""

from pathlib import Path
from typing import Iterator, NamedTuple, Optional

import numpy as np

from physioser_ros.commands.recordings import RecordingError

UTTERANCE = 'audio/utterance'


class BagUtterance(NamedTuple):
    """One message of audio/utterance."""

    topic: str
    """Whole name of its topic."""
    stamp_ns: int
    """When its first sample was captured, in ns."""
    samples: np.ndarray
    """int16 (samples,), mono, 16 kHz."""


def is_bag(path: Path) -> bool:
    """Return whether a path is the folder of a ROS 2 bag."""
    return (path / 'metadata.yaml').is_file()


def read_utterances(path: Path, namespace: Optional[str] = None) -> Iterator[BagUtterance]:
    """
    Yield the utterances in a bag in the order of recording.

    :param path: folder of the bag
    :param namespace: namespace of the nodes; None for all
    :raises RecordingError: it cannot be read as a bag, holds no utterance, or one of another
        format than S16LE
    """
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.rosbag2 import ReaderError
    except ImportError as error:
        raise RecordingError('the library rosbags is missing: pip install rosbags') from error
    from physioser_ros.commands.bag_types import typestore

    try:
        with AnyReader([path], default_typestore=typestore()) as reader:
            chosen = [connection for connection in reader.connections
                      if _wanted(connection.topic, namespace)]
            if not chosen:
                raise RecordingError(f'{path} has no topic {UTTERANCE}: record it to have '
                                     'something to explain')
            for connection, _, raw in reader.messages(connections=chosen):
                yield _utterance(path, connection.topic,
                                 reader.deserialize(raw, connection.msgtype))
    except (AnyReaderError, ReaderError, OSError) as error:
        raise RecordingError(f'{path} cannot be read as a ROS 2 bag: {error}') from error


def _wanted(topic, namespace):
    if namespace is None:
        return topic == f'/{UTTERANCE}' or topic.endswith(f'/{UTTERANCE}')
    return topic == f'/{namespace.strip("/")}/{UTTERANCE}'.replace('//', '/')


def _utterance(path, topic, message):
    data = np.asarray(message.audio.data, dtype=np.uint8).tobytes()
    stamp = message.header.stamp
    if not data or len(data) % 2:
        raise RecordingError(f'{path}: the utterance at {stamp.sec}.{stamp.nanosec:09d} has '
                             f'{len(data)} bytes, expected S16LE: two bytes a sample')
    return BagUtterance(topic, stamp.sec * 10**9 + stamp.nanosec, np.frombuffer(data, '<i2'))
