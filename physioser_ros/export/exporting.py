"""One export from a trained model to a checked file, its card and its entry in the manifest."""

from dataclasses import dataclass
import os
from pathlib import Path
import tempfile

from physioser_ros.export.card import write_card
from physioser_ros.export.errors import ExportError
from physioser_ros.export.facts import metadata_of, write_metadata
from physioser_ros.export.graph import to_onnx
from physioser_ros.export.packing import pack
from physioser_ros.export.parity import EXACT, measure, ParityReport, STORED
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
    stored: ParityReport
    """Agreement of the file."""


def export_model(build, facts, path, *, max_seconds=MAX_SECONDS, clips=(), max_bytes=MAX_BYTES,
                 say=print):
    """
    Export a trained model to one self-contained file, or leave nothing behind.

    The file, a model card (`.md`) and the folder's SHA256SUMS are written only when the file
    agrees with torch.

    :param build: callable that returns the trained `PhysioSER`, see `parity.measure`
    :param facts: `ModelFacts`
    :param path: the file to write, `.onnx`
    :param max_seconds: longest utterance that the file takes
    :param clips: float32 arrays (n,), recordings for the comparison with torch
    :param max_bytes: pack weights more tightly to stay below, and refuse a file that does not;
        0 for any size
    :param say: callable of one line of text
    :return: `Exported`
    :raises ExportError: if the model cannot be exported, disagrees, or becomes too large
    """
    path = Path(path)
    if path.suffix != '.onnx':
        raise ExportError(f'the output {path} does not end in .onnx: a model file must')
    model = build()
    max_samples = _max_samples(model, max_seconds)
    say('exporting the graph')
    proto = to_onnx(model, facts.temperature, max_samples=max_samples)
    metadata = metadata_of(model, facts, max_samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix='.export-') as folder:
        draft = Path(folder) / path.name

        def check(limit, what):
            write_metadata(proto, metadata)
            save(proto, draft)
            report = measure(build, draft, facts.temperature, clips)
            say(f'{what}: {report.sentence()}')
            if not report.max_error <= limit:
                raise ExportError(
                    f'{what} disagrees with torch: {report.sentence()}, expected at most '
                    f'{limit:.0e}; nothing was written')
            return report

        strip(proto)
        exact = check(EXACT, 'the float32 graph')
        metadata['figures']['parity'] = {
            'max_error': exact.max_error, 'same_label': exact.same_label, 'cases': exact.cases}
        write_metadata(proto, metadata)
        arrays = compact(proto)
        if max_bytes:
            packed = pack(proto, arrays, max_bytes, clips[:TRIED])
            say(f'{len(packed)} matrices have 12 bits a number, for the size')
        stored = check(STORED, 'the stored file')
        size = draft.stat().st_size
        if max_bytes and size >= max_bytes:
            raise ExportError(f'the file would have {size} bytes, expected less than '
                              f'{max_bytes}: lower max_seconds, or cut the backbone earlier')
        os.replace(draft, path)
    card = write_card(path, metadata, stored)
    _list(path)
    say(f'{path} has {path.stat().st_size / 1e6:.1f} MB')
    return Exported(path, card, exact, stored)


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
