"""One export from a trained model to a checked file, its card and its entry in the manifest."""

from dataclasses import asdict, dataclass
import os
from pathlib import Path
import tempfile
from typing import Union

from physioser_ros.export.agreement import agree, Agreement, SAME_LABEL
from physioser_ros.export.card import write_card
from physioser_ros.export.errors import ExportError
from physioser_ros.export.facts import metadata_of, write_metadata
from physioser_ros.export.graph import to_onnx
from physioser_ros.export.packing import pack
from physioser_ros.export.parity import EXACT, measure, ParityReport, STORED
from physioser_ros.export.quantise import quantise
from physioser_ros.export.storage import compact, save, strip
from physioser_ros.inference import MANIFEST_NAME, read_manifest, SAMPLE_RATE, write_manifest

#: Longest utterance in seconds that a file takes, unless told otherwise: what training sees.
MAX_SECONDS = 12.0
#: Size that a file stays below, unless told otherwise.
MAX_BYTES = 25_000_000
#: Recordings on which the packing of weights is tried.
TRIED = 4


@dataclass(frozen=True)
class Exported:
    """What an export left behind."""

    path: Path
    """The model file."""
    card: Path
    """The model card beside it."""
    exact: ParityReport
    """Agreement of the graph as it left the exporter."""
    stored: Union[ParityReport, Agreement]
    """Agreement of the file: with torch, or, in 8 bits, with the graph in floating point."""


def export_model(build, facts, path, *, precision='float32', max_seconds=MAX_SECONDS, clips=(),
                 labelled=(), same_label=SAME_LABEL, max_bytes=MAX_BYTES, say=print):
    """
    Export a trained model to one self-contained file, or leave nothing behind.

    The file, a model card (`.md`) and the folder's SHA256SUMS are written only when the file
    agrees with torch.

    :param build: callable that returns the trained `PhysioSER`, see `parity.measure`
    :param facts: `ModelFacts`
    :param path: the file to write, `.onnx`
    :param precision: `float32`, or `int8` for 8 bits where the time is spent
    :param max_seconds: longest utterance that the file takes
    :param clips: float32 arrays (n,), recordings for the comparison with torch and for the
        ranges of 8-bit numbers
    :param labelled: pairs of a recording, float32 (n,), and the index of its label, on which a
        file in 8 bits is compared with the one in floating point
    :param same_label: share of their labels that such a file must keep
    :param max_bytes: pack weights more tightly to stay below, and refuse a file that does not;
        0 for any size
    :param say: callable of one line of text
    :return: `Exported`
    :raises ExportError: if the model cannot be exported, disagrees, or becomes too large
    """
    path = Path(path)
    if path.suffix != '.onnx':
        raise ExportError(f'the output {path} does not end in .onnx: a model file must')
    if precision not in ('float32', 'int8'):
        raise ExportError(f'precision is {precision!r}, expected float32 or int8')
    if precision == 'int8' and not (clips and labelled):
        raise ExportError('int8 needs recordings, with and without labels, to measure ranges '
                          'and agreement on: give clips and labelled')
    model = build()
    max_samples = _max_samples(model, max_seconds)
    say('exporting the graph')
    proto = strip(to_onnx(model, facts.temperature, max_samples=max_samples))
    metadata = metadata_of(model, facts, max_samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix='.export-') as folder:
        draft, exact_draft = (Path(folder) / name for name in (path.name, 'exact.onnx'))
        _write(proto, metadata, exact_draft)
        exact = measure(build, exact_draft, facts.temperature, clips)
        _judge('the float32 graph', exact, EXACT, say)
        metadata['figures']['parity'] = {
            'max_error': exact.max_error, 'same_label': exact.same_label, 'cases': exact.cases}
        if precision == 'int8':
            stored = _eight_bits(proto, metadata, exact_draft, draft, clips, labelled,
                                 same_label, max_bytes, say)
        else:
            _compact(proto, metadata, draft, max_bytes, clips, say)
            stored = measure(build, draft, facts.temperature, clips)
            _judge('the stored file', stored, STORED, say)
        _check_size(draft, max_bytes)
        os.replace(draft, path)
    card = write_card(path, metadata, stored)
    _list(path)
    say(f'{path} has {path.stat().st_size / 1e6:.1f} MB')
    return Exported(path, card, exact, stored)


def _write(proto, metadata, path):
    """Write a graph with its metadata."""
    write_metadata(proto, metadata)
    save(proto, path)


def _judge(what, report, limit, say):
    """Say what a comparison with torch found, and raise an `ExportError` above the limit."""
    say(f'{what}: {report.sentence()}')
    if not report.max_error <= limit:
        raise ExportError(f'{what} disagrees with torch: {report.sentence()}, expected at most '
                          f'{limit:.0e}; nothing was written')


def _compact(proto, metadata, draft, max_bytes, clips, say):
    """Write a graph with its weights stored small; the graph is changed."""
    write_metadata(proto, metadata)
    arrays = compact(proto)
    if max_bytes:
        packed = pack(proto, arrays, max_bytes, clips[:TRIED])
        say(f'{len(packed)} matrices have 12 bits a number, for the size')
    save(proto, draft)


def _eight_bits(proto, metadata, exact_draft, draft, clips, labelled, same_label, max_bytes,
                say):
    """Write a graph in 8 bits and return its `Agreement` with the one in floating point."""
    quantised = quantise(proto, clips, say)
    metadata['precision'] = 'int8'
    _compact(quantised, metadata, draft, max_bytes, clips, say)
    agreement = agree(exact_draft, draft, labelled)
    say(f'the file in 8 bits: {agreement.sentence()}')
    if not agreement.same_label >= same_label:
        raise ExportError(f'8 bits change too many answers: {agreement.sentence()}, expected the '
                          f'same label in at least {same_label:.0%}; nothing was written')
    metadata['figures']['int8'] = asdict(agreement)
    _write(quantised, metadata, draft)
    return agreement


def _check_size(draft, max_bytes):
    """Raise an `ExportError` if a file is too large."""
    size = draft.stat().st_size
    if max_bytes and size >= max_bytes:
        raise ExportError(f'the file would have {size} bytes, expected less than {max_bytes}: '
                          'lower max_seconds, or cut the backbone earlier')


def _max_samples(model, max_seconds):
    """Return the longest waveform in samples, within what the backbone can take."""
    samples = int(max_seconds * SAMPLE_RATE)
    limit = getattr(model.backbone, 'max_samples', 0)
    if limit:
        samples = min(samples, limit)
    if samples <= model.min_samples:
        raise ExportError(f'max_seconds is {max_seconds}, expected more than the shortest '
                          f'utterance of this model, {model.min_samples / SAMPLE_RATE} s')
    return samples


def _list(path):
    """Enter a model file into the manifest of its folder; others stay listed as they are."""
    manifest = path.parent / MANIFEST_NAME
    listed = set(read_manifest(manifest)) if manifest.is_file() else set()
    files = [path.parent / name for name in listed | {path.name}]
    write_manifest(path.parent, [file for file in files if file.is_file()])
