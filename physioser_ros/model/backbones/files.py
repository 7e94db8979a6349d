"""Files of a checkpoint in a local folder."""

import hashlib
from pathlib import Path

import torch

from physioser_ros.model.backbones.base import BackboneError, WeightsMissing

#: What is said of a checkpoint that does not tell its licence.
UNKNOWN_LICENCE = 'unknown: ask where the checkpoint came from'


def checkpoint_folder(name, folder, expected, source):
    """
    Return the folder of a checkpoint as a path.

    :param name: Name of the backbone, for the message.
    :param folder: What the user gave, or None.
    :param expected: The files that the folder must have, in words.
    :param source: Where to get them.
    :raises WeightsMissing: if there is no such folder.
    """
    if folder and Path(folder).is_dir():
        return Path(folder)
    where = f'{folder} is no folder' if folder else f'no folder was given for {name}'
    raise WeightsMissing(
        f'{where}: set backbone.folder to one with {expected}, from {source}; without a network '
        'fetch them elsewhere and carry the folder over. Nothing is downloaded here')


def one_file(name, folder, patterns, expected):
    """
    Return the first file in `folder` that fits one of the patterns, tried in order.

    :raises WeightsMissing: if none does.
    """
    for pattern in patterns:
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            raise BackboneError(f'{folder} has {len(found)} files {pattern}: {name} needs one '
                                'checkpoint a folder; move the others away')
        if found:
            return found[0]
    raise WeightsMissing(f'{folder} has no {" or ".join(patterns)}: {name} is read from '
                         f'{expected}')


def digest_file(path):
    """Return the first 32 hex digits of the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open('rb') as stream:
        for block in iter(lambda: stream.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()[:32]


def licence_of(folder):
    """Return the licence that the head of the folder's `README.md` (a model card) names."""
    card = folder / 'README.md'
    if not card.is_file():
        return UNKNOWN_LICENCE
    lines = card.read_text(encoding='utf-8').splitlines()
    for line in lines[1:] if lines[:1] == ['---'] else ():
        if line == '---':
            break
        if line.startswith('license:'):
            return line.partition(':')[2].strip().strip('"\'') or UNKNOWN_LICENCE
    return UNKNOWN_LICENCE


def load_tensors(path):
    """
    Read a PyTorch checkpoint without running code from it.

    :return: What `torch.load` gives: a dictionary.
    :raises BackboneError: if it is no such file, or holds more than tensors and plain values.
    """
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch's readers raise pickle, zip, runtime and value errors
        raise BackboneError(
            f'{path} cannot be read as plain tensors ({type(error).__name__}): fetch it again; '
            'if it holds other objects, save its state dictionary anew where you trust it'
        ) from error
    if not isinstance(content, dict):
        raise BackboneError(f'{path} holds {type(content).__name__}, expected a dictionary')
    return content


def load_exactly(module, state, path, ignore=()):
    """
    Load a state dictionary that may hold more, but must hold all that the module has.

    :param module: The module to fill.
    :param state: Names and tensors from the checkpoint.
    :param path: The file, for the message.
    :param ignore: Beginnings of the module's names that the checkpoint need not have.
    :raises BackboneError: naming what is missing or of another shape.
    """
    own = module.state_dict()
    wrong = [key for key, value in own.items() if not key.startswith(tuple(ignore))
             and (key not in state or state[key].shape != value.shape)]
    if wrong:
        raise BackboneError(f'{path} has no fitting tensor for {", ".join(wrong[:3])} '
                            f'({len(wrong)} in all): it is a checkpoint of another kind')
    module.load_state_dict({key: state[key] for key in own if key in state}, strict=False)
