"""Cut a recording into utterances, with the very code and defaults of the audio_capture node."""

from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Iterator

from physioser_ros.audio import Utterance
from physioser_ros.commands.recordings import RecordingError

#: Seconds between two looks at whether the file is over.
POLL_S = 0.02


def utterances(path: Path) -> Iterator[Utterance]:
    """
    Yield the utterances of a recording as the node would publish them.

    :param path: a file in any format that libsndfile reads
    :raises RecordingError: it cannot be read, or reading it failed on the way
    """
    from physioser_ros.audio import AudioError
    from physioser_ros.audio.capture import Capture
    from physioser_ros.nodes.capture_options import capture_options
    from physioser_ros.nodes.parameters import AUDIO_CAPTURE

    if not path.is_file():
        raise RecordingError(f'{path}: no such file')
    values = {parameter.name: parameter.default for parameter in AUDIO_CAPTURE}
    values.update({'source': 'file', 'file.path': str(path), 'file.realtime': False})
    heard: 'SimpleQueue[Utterance]' = SimpleQueue()
    errors = []
    capture = Capture(
        capture_options(values), now_ns=lambda: 0, on_utterance=heard.put,
        on_voice=lambda _: None,
        on_notice=lambda level, text: errors.append(text) if level == 'error' else None)
    try:
        capture.configure()
        capture.start()
        yield from _until(capture.finished, heard)
    except AudioError as error:
        raise RecordingError(f'{path}: {error}') from error
    finally:
        capture.stop()
        capture.close()
    if errors:
        raise RecordingError(f'{path}: {errors[0]}')


def _until(finished, heard) -> Iterator[Utterance]:
    """Yield what is heard until the source is finished and nothing is left."""
    while True:
        # Looked at first: what was heard before the end is in the queue by then.
        over = finished.is_set()
        try:
            yield heard.get(timeout=POLL_S)
        except Empty:
            if over:
                return
