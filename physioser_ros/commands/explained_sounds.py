"""What `physioser explain` can be pointed at: a recording, a folder of them, a bag."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Iterator, NamedTuple, Optional

import numpy as np

from physioser_ros.commands.bag_sounds import is_bag, read_utterances
from physioser_ros.commands.recordings import read_recording, RecordingError
from physioser_ros.inference import SAMPLE_RATE


class Sound(NamedTuple):
    """One utterance that is to be explained."""

    title: str
    """What people call it."""
    stem: str
    """Name of its files without their ending, the same for no other sound of the source."""
    samples: np.ndarray
    """int16 (samples,), mono, 16 kHz."""


def sounds(source: Path, segment: bool, namespace: Optional[str],
           complain: Callable[[str], None]) -> Iterator[Sound]:
    """
    Yield the utterances of a source.

    :param source: a file, a folder of files or the folder of a bag
    :param segment: cut each file into utterances as the node does; without it each is one
    :param namespace: of the nodes in a bag; None: all
    :param complain: takes a sentence about a file of a folder that cannot be read; the others
        go on
    :raises RecordingError: nothing can be read
    """
    if is_bag(source):
        yield from _of_bag(source, namespace)
    elif source.is_dir():
        yield from _of_folder(source, segment, complain)
    else:
        yield from _of_file(source, source.name, source.stem, segment)


def _of_bag(path, namespace):
    for utterance in read_utterances(path, namespace):
        when = datetime.fromtimestamp(utterance.stamp_ns / 1e9, timezone.utc)
        name = utterance.topic.strip('/').replace('/', '_')
        yield Sound(f'{utterance.topic} at {when:%Y-%m-%d %H:%M:%S} UTC',
                    f'{name}_{utterance.stamp_ns}', utterance.samples)


def _of_folder(folder, segment, complain):
    import soundfile

    endings = {f'.{name.lower()}' for name in soundfile.available_formats()}
    paths = sorted(path for path in folder.rglob('*')
                   if path.is_file() and path.suffix.lower() in endings)
    if not paths:
        raise RecordingError(f'{folder} holds no recording and is no bag')
    for path in paths:
        below = path.relative_to(folder)
        # The ending stays in the name: a.wav and a.flac may lie side by side.
        stem = '_'.join(below.parts)
        try:
            yield from _of_file(path, str(below), stem, segment)
        except RecordingError as error:
            complain(str(error))


def _of_file(path, title, stem, segment):
    if not segment:
        yield Sound(title, stem, read_recording(path))
        return
    from physioser_ros.commands.segments import utterances

    for utterance in utterances(path):
        start_s = utterance.index / SAMPLE_RATE
        yield Sound(f'{title} from {start_s:.2f} s', f'{stem}_{start_s:07.2f}s',
                    utterance.samples)
