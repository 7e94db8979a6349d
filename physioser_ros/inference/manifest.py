"""
The SHA-256 manifest that stands beside model files.

onnxruntime notices few damaged files: a flipped bit in a weight loads and runs silently. So
the bytes of a model are compared with a recorded digest before onnxruntime sees them. The
manifest is an ordinary `SHA256SUMS` file; `sha256sum --check SHA256SUMS` reads it too.
"""

from hashlib import sha256
from pathlib import Path
import re
from typing import Dict, Iterable

from physioser_ros.inference.errors import ManifestError

MANIFEST_NAME = 'SHA256SUMS'

_DIGEST = re.compile(r'[0-9a-f]{64}')
_LINE = re.compile(r'(?P<digest>[0-9a-fA-F]{64}) [ *](?P<name>.+)')


def read_manifest(path: Path) -> Dict[str, str]:
    """
    Read a manifest.

    :param path: a file in the format of sha256sum; empty lines and lines with `#` are skipped
    :returns: lower-case hexadecimal digest by file name
    :raises ManifestError: the file cannot be read, or a line has another form
    """
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(
            f'the manifest {path} cannot be read ({error}); restore it or write it anew with '
            f'sha256sum') from error
    digests = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith('#'):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ManifestError(
                f'line {number} of {path} is {line[:80]!r}, expected a SHA-256 digest, two '
                f'spaces and a file name; write the manifest anew with sha256sum')
        digests[match['name']] = match['digest'].lower()
    return digests


def write_manifest(folder: Path, files: Iterable[Path]) -> Path:
    """
    Write the manifest of `files` into `folder`, replacing the one that is there.

    :param folder: the folder in which the files stand
    :param files: model files in `folder`
    :returns: path of the manifest
    """
    lines = [f'{sha256(file.read_bytes()).hexdigest()}  {file.name}\n'
             for file in sorted(Path(file) for file in files)]
    path = Path(folder) / MANIFEST_NAME
    path.write_text(''.join(lines), encoding='utf-8')
    return path


def check_digest(path: Path, content: bytes, expected: str = '') -> str:
    """
    Compare the digest of a model's bytes with the one recorded for it.

    :param path: where `content` was read from; names the entry in the manifest beside it
    :param content: all bytes of the file
    :param expected: hexadecimal SHA-256 given by the user; '' means: look into the manifest
    :returns: the digest, lower-case hexadecimal
    :raises ManifestError: no digest is known, `expected` is none, or the digests differ
    """
    actual = sha256(content).hexdigest()
    if expected:
        source = 'the one given'
        recorded = expected.strip().lower()
        if not _DIGEST.fullmatch(recorded):
            raise ManifestError(
                f'{expected!r} is no SHA-256 digest: expected 64 hexadecimal digits as '
                f'sha256sum prints them')
    else:
        manifest = path.parent / MANIFEST_NAME
        source = f'the one in {manifest}'
        recorded = _recorded(path, manifest)
    if actual != recorded:
        raise ManifestError(
            f'the model {path} has the SHA-256 {actual}, but {source} is {recorded}: the file '
            f'is damaged or another one; fetch it again, or give the new digest if you trust it')
    return actual


def _recorded(path: Path, manifest: Path) -> str:
    if not manifest.is_file():
        raise ManifestError(
            f'the SHA-256 of {path} is unknown: there is no {manifest}; give the digest that '
            f'`sha256sum {path}` prints, if you trust the file')
    digests = read_manifest(manifest)
    if path.name not in digests:
        raise ManifestError(
            f'the SHA-256 of {path} is unknown: {manifest} does not list {path.name}; give the '
            f'digest that `sha256sum {path}` prints, if you trust the file')
    return digests[path.name]
