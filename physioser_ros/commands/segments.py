"""Cut a recording into utterances, with the very code and defaults of the audio_capture node."""

from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Dict, Iterator, List

import click

from physioser_ros.audio import Utterance
from physioser_ros.commands.options import node_defaults
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

    if not path.is_file():
        raise RecordingError(f'{path}: no such file')
    values = {**node_defaults('audio_capture'), 'source': 'file', 'file.path': str(path),
              'file.realtime': False}
    heard: 'SimpleQueue[Utterance]' = SimpleQueue()
    notices: Dict[str, List[str]] = {'info': [], 'warn': [], 'error': []}
    capture = Capture(
        capture_options(values), now_ns=lambda: 0, on_utterance=heard.put,
        on_voice=lambda _: None,
        on_notice=lambda level, text: notices[level].append(text))
    try:
        capture.configure()
        capture.start()
        yield from _until(capture.finished, heard)
    except AudioError as error:
        raise RecordingError(f'{path}: {error}') from error
    finally:
        capture.stop()
        capture.close()
    for text in notices['warn']:
        click.echo(f'physioser: {path}: {text}', err=True)
    for text in notices['error']:
        raise RecordingError(f'{path}: {text}')


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
