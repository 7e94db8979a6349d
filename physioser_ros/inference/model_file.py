"""Find a model file and load it, digest first."""

from pathlib import Path
import sys
from typing import List, Sequence

from physioser_ros.inference.errors import ModelFormatError, ModelNotFound
from physioser_ros.inference.manifest import check_digest
from physioser_ros.inference.metadata import METADATA_KEY, ModelMetadata, parse_metadata
from physioser_ros.inference.model import Model
from physioser_ros.inference.session import CPU_PROVIDER, create_session

#: Name of the model that '' stands for.
DEFAULT_MODEL = 'balanced'
SUFFIX = '.onnx'

_PACKAGE = 'physioser_ros'


def models_folder() -> Path:
    """
    Return the folder of the models that came with the code in use.

    Code that runs from its source tree takes the tree's `models/`, even where an older
    installation is on the ament index; installed code takes its share folder.
    """
    tree = Path(__file__).resolve().parents[2]
    if (tree / 'package.xml').is_file():
        return tree / 'models'
    return _share_folder() / 'models'


def find_model(name_or_path: str = '') -> Path:
    """
    Return the path of a model.

    :param name_or_path: '' for the default model, the name of one that came with the package
        (without folder and `.onnx`), or the path of any ONNX file
    :returns: path of a file that exists
    :raises ModelNotFound: there is none; the text lists the names that exist
    """
    text = str(name_or_path or DEFAULT_MODEL)
    path = Path(text).expanduser()
    if path.suffix != SUFFIX and path.name == text:
        path = models_folder() / f'{text}{SUFFIX}'
    if path.is_file():
        return path
    names = _names(models_folder())
    raise ModelNotFound(
        f'there is no model {path}; give the path of an {SUFFIX} file or one of the names '
        f'{", ".join(names)}' if names else
        f'there is no model {path}, and {models_folder()} holds none; give the path of an '
        f'{SUFFIX} file')


def load_model(path: Path, *, sha256: str = '', providers: Sequence[str] = (CPU_PROVIDER,),
               require_provider: bool = False, intra_op_threads: int = 1,
               labels: Sequence[str] = (), warm_up: bool = False) -> Model:
    """
    Load a model file: digest, then onnxruntime, then metadata, inputs, outputs and a try.

    :param path: the ONNX file
    :param sha256: digest that it must have; '' = the one in the `SHA256SUMS` beside it
    :param providers: execution providers, the preferred one first
    :param require_provider: raise where the first of them cannot be used; otherwise
        `Model.notices` tells
    :param intra_op_threads: threads of one operator, 0 = as many as there are cores
    :param labels: labels that the model must have, in this order; none = whatever it has
    :param warm_up: run once on the longest silence that the model takes
    :returns: the model, ready to run
    :raises ModelNotFound: there is no such file, or it cannot be read
    :raises ManifestError: the digest is unknown or differs
    :raises ModelFormatError: the file is no model that this version can run
    :raises ProviderError: a required provider cannot be used
    """
    path = Path(path)
    try:
        # Read once: what is checked is what is run, though the file be swapped meanwhile.
        content = path.read_bytes()
    except OSError as error:
        raise ModelNotFound(
            f'the model {path} cannot be read: {error.strerror or error}; check the path and '
            f'its permissions') from error
    digest = check_digest(path, content, sha256)
    try:
        session, notices = create_session(
            content, providers=providers, require_provider=require_provider,
            intra_op_threads=intra_op_threads)
        metadata = _metadata(session)
        _check_labels(metadata, labels)
        model = Model(session, metadata, path=path, sha256=digest, notices=notices)
    except ModelFormatError as error:
        raise ModelFormatError(f'the model {path} cannot be used: {error}') from error
    except UnicodeDecodeError as error:
        raise ModelFormatError(
            f'the model {path} cannot be used: a name or text in it is not UTF-8 ({error}); '
            f'the file is damaged') from error
    if warm_up:
        model.warm_up()
    return model


def _metadata(session) -> ModelMetadata:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise ModelFormatError(
            f'it has no metadata under the key {METADATA_KEY!r}, so it was not made by '
            f'`physioser export`')
    return parse_metadata(text)


def _check_labels(metadata: ModelMetadata, labels: Sequence[str]) -> None:
    if labels and tuple(labels) != metadata.labels:
        raise ModelFormatError(
            f'its labels are {list(metadata.labels)}, but {list(labels)} were expected; '
            f'change the setting or take another model')


def _share_folder() -> Path:
    relative = Path('share') / _PACKAGE
    try:
        from ament_index_python.packages import get_package_prefix, PackageNotFoundError
    except ImportError:
        return Path(sys.prefix) / relative
    try:
        return Path(get_package_prefix(_PACKAGE)) / relative
    except PackageNotFoundError:
        return Path(sys.prefix) / relative


def _names(folder: Path) -> List[str]:
    return sorted(path.stem for path in folder.glob(f'*{SUFFIX}'))
