"""`physioser predict`: the emotion of recordings, without ROS."""

import json
from pathlib import Path
import sys
from typing import Any, Dict, Iterable, Iterator, NamedTuple

import click
import numpy as np

from physioser_ros.commands.options import model_options, node_defaults, open_model
from physioser_ros.commands.recordings import read_recording, RecordingError


class Piece(NamedTuple):
    """A stretch of a recording that is one utterance."""

    samples: np.ndarray
    """int16 (samples,), mono, 16 kHz."""
    start_s: float
    """Its start in the recording in s."""
    flags: tuple
    """What the segmenter says about it, sorted."""


@click.command()
@click.argument('files', nargs=-1, required=True, metavar='FILE...',
                type=click.Path(path_type=Path))
@model_options
@click.option('--segment', is_flag=True, help=(
    'Cut each file into utterances as the audio_capture node does; without it a whole file is '
    'one utterance.'))
@click.option('--saliency', is_flag=True, help=(
    'Tell how much each part of the quartet carries the answer; four more runs of the encoder.'))
@click.option('--min-confidence', default=0.0, show_default=True,
              type=click.FloatRange(0, 1), help='Below this the label is "uncertain".')
@click.option('--json', 'as_json', is_flag=True, help='One JSON object a line and utterance.')
def command(files, model, sha256, segment, saliency, min_confidence, as_json):
    """
    Recognise the emotion in each FILE and print a line for each utterance.

    Times are in seconds from the start of the file. A file that cannot be read is told on
    stderr, the others are answered all the same, and the exit code is 1.
    """
    recognizer = _recognizer(open_model(model, sha256), saliency, min_confidence)
    write = _write_json if as_json else _write_text
    bad = 0
    for path in _progress(files):
        try:
            for piece in _pieces(path, segment):
                write(path, piece, _recognize(recognizer, path, piece))
        except RecordingError as error:
            click.echo(f'physioser predict: {error}', err=True)
            bad += 1
        # Files are strangers to each other: the next one may be of another person.
        recognizer.reset()
    sys.exit(1 if bad else 0)


def _recognizer(model: Any, saliency: bool, min_confidence: float) -> Any:
    from physioser_ros.inference import Decision, DecisionOptions, Recognizer, SpeakerMemory

    forget_s = node_defaults('emotion_recognizer')['speaker.forget_s']
    return Recognizer(model, Decision(DecisionOptions(min_confidence=min_confidence)),
                      SpeakerMemory(forget_s), saliency=saliency)


def _recognize(recognizer: Any, path: Path, piece: Piece) -> Any:
    from physioser_ros.inference import InferenceError

    try:
        # The end as time, as the node does: smoothing and forgetting start there.
        result = recognizer.recognize(
            piece.samples, time_s=piece.start_s + len(piece.samples) / 16000)
    except InferenceError as error:
        raise RecordingError(f'{path}: {error}') from error
    if result.skipped_samples:
        click.echo(
            f'physioser predict: {path}: the first {result.skipped_samples / 16000:.1f} s were '
            f'not heard, the utterance is longer than the model takes; try --segment', err=True)
    return result


def _pieces(path: Path, segment: bool) -> Iterator[Piece]:
    if not segment:
        yield Piece(read_recording(path), 0.0, ())
        return
    from physioser_ros.commands.segments import utterances

    count = 0
    for count, utterance in enumerate(utterances(path), start=1):
        yield Piece(utterance.samples, utterance.index / 16000, tuple(sorted(utterance.flags)))
    if not count:
        click.echo(f'physioser predict: {path}: no speech was found', err=True)


def _progress(files: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, with a bar on stderr where there are several and somebody looks."""
    from rich.console import Console
    from rich.progress import track

    if len(files) < 2 or not sys.stderr.isatty():
        return iter(files)
    return iter(track(files, description='Recognising', console=Console(stderr=True),
                      transient=True))


def _write_text(path: Path, piece: Piece, result: Any) -> None:
    vap, ssl = result.branch_weights
    end_s = piece.start_s + len(piece.samples) / 16000
    line = (f'{path}  {piece.start_s:.2f}-{end_s:.2f} s  {result.label} '
            f'{result.confidence:.2f}  vap {vap:.2f} ssl {ssl:.2f}')
    if result.component_saliency is not None:
        line += '  ' + ' '.join(f'{name} {value:+.2f}' for name, value in _saliency(result))
    click.echo(line)


def _write_json(path: Path, piece: Piece, result: Any) -> None:
    vap, ssl = result.branch_weights
    record: Dict[str, Any] = {
        'file': str(path),
        'start_s': round(piece.start_s, 6),
        'end_s': round(piece.start_s + len(piece.samples) / 16000, 6),
        'label': result.label,
        'confidence': result.confidence,
        'probabilities': dict(zip(result.labels, result.probabilities)),
        'branch_weights': {'vap': vap, 'ssl': ssl},
        'vap_frame_weights': result.vap_frame_weights.tolist(),
        'ssl_frame_weights': result.ssl_frame_weights.tolist(),
        'frame_step_s': dict(zip(('vap', 'ssl'), result.frame_step_s)),
        'skipped_s': result.skipped_samples / 16000,
        'processing_s': result.processing_s,
        'flags': list(piece.flags),
    }
    if result.component_saliency is not None:
        record['component_saliency'] = dict(_saliency(result))
    click.echo(json.dumps(record, ensure_ascii=False))


def _saliency(result: Any) -> Iterable:
    from physioser_ros.inference import COMPONENTS

    return zip(COMPONENTS, result.component_saliency.tolist())
