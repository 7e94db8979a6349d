"""
Findings on the disk, so that a long run can be taken up again.

Plain JSON: a file from somewhere else can at worst be wrong.
"""

from dataclasses import fields, is_dataclass
from hashlib import sha256
import json
from pathlib import Path
from typing import Any, Mapping, Optional

import numpy as np

from physioser_ros.benchmark.answers import Answering
from physioser_ros.benchmark.contestant import Readiness
from physioser_ros.benchmark.counts import Work
from physioser_ros.benchmark.crowds import Crowd
from physioser_ros.benchmark.eight_bits import EightBits
from physioser_ros.benchmark.findings import Findings, ModelFile
from physioser_ros.benchmark.machine import Machine
from physioser_ros.benchmark.nodes import Latency, Memory, Running
from physioser_ros.benchmark.timing import Noise, Timing
from physioser_ros.benchmark.turns import Outcome

_KINDS = {kind.__name__: kind for kind in (
    Answering, Crowd, EightBits, Findings, Latency, Machine, Memory, ModelFile, Noise, Outcome,
    Readiness, Running, Timing, Work)}
_KIND = 'kind'


def encode(value: Any) -> Any:
    """Return findings, or anything in them, as what JSON can hold."""
    if is_dataclass(value):
        return {_KIND: type(value).__name__,
                **{field.name: encode(getattr(value, field.name)) for field in fields(value)}}
    if isinstance(value, np.ndarray):
        return {_KIND: 'array', 'values': value.tolist()}
    if isinstance(value, Mapping):
        # Keys are numbers in places, which JSON does not have.
        return {_KIND: 'dict', 'items': [[key, encode(entry)] for key, entry in value.items()]}
    if isinstance(value, tuple):
        return {_KIND: 'tuple', 'items': [encode(entry) for entry in value]}
    if isinstance(value, list):
        return [encode(entry) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def decode(value: Any) -> Any:
    """
    Return what `encode` was given.

    :raises ValueError: it holds something of another kind or with other fields
    """
    if isinstance(value, list):
        return [decode(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(_KIND)
    if kind == 'array':
        return np.array(value['values'], np.float64)
    if kind == 'dict':
        return {key: decode(entry) for key, entry in value['items']}
    if kind == 'tuple':
        return tuple(decode(entry) for entry in value['items'])
    if kind not in _KINDS:
        raise ValueError(f'it holds a {kind!r}, expected one of {", ".join(_KINDS)}')
    try:
        return _KINDS[kind](**{name: decode(entry) for name, entry in value.items()
                               if name != _KIND})
    except TypeError as error:
        raise ValueError(f'its {kind} has other fields ({error})') from error


def write(found: Findings, key: str, path: Path) -> None:
    """
    Keep findings.

    :param found: what was measured so far
    :param key: of what was asked for, see `key_of`
    :param path: file to write
    """
    draft = path.with_name(f'.{path.name}.draft')
    draft.write_text(json.dumps({'key': key, 'found': encode(found)}), encoding='utf-8')
    draft.replace(path)


def read(path: Path, key: str) -> Optional[Findings]:
    """
    Return what was kept, None where there is nothing or something else was asked for.

    :raises ValueError: the file is no such file
    """
    if not path.is_file():
        return None
    try:
        kept = json.loads(path.read_text(encoding='utf-8'))
        return decode(kept['found']) if kept['key'] == key else None
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path} holds no findings of this version ({error}): remove it or '
                         'name another file') from error


def key_of(models: Mapping[str, Path], *others: Any) -> str:
    """
    Return a text that is the same only for the same models and the same questions.

    :param models: files by name
    :param others: whatever else the findings depend on
    """
    digests = [(name, sha256(path.read_bytes()).hexdigest()) for name, path in models.items()]
    return sha256(repr((digests, others)).encode()).hexdigest()
