"""Backbones by name."""

from dataclasses import dataclass
from importlib import import_module

import torch

from physioser_ros.model.backbones.base import BackboneError


@dataclass(frozen=True)
class Entry:
    """How to build a backbone."""

    #: Module in this package; imported when the backbone is asked for.
    module: str
    #: Function of that module: (name, folder, layers) -> frozen Backbone.
    load: str
    #: Function of that module: (name, layers) -> frozen small Backbone; '' if there is none.
    random: str


_REGISTRY = {
    'whisper-base': Entry('whisper', 'load_whisper', 'random_whisper'),
    'whisper-tiny.en': Entry('whisper', 'load_whisper', 'random_whisper'),
    'wav2vec2': Entry('speech_ssl', 'load_speech_ssl', 'random_speech_ssl'),
    'hubert': Entry('speech_ssl', 'load_speech_ssl', 'random_speech_ssl'),
    'wavlm': Entry('speech_ssl', 'load_speech_ssl', 'random_speech_ssl'),
    'emotion2vec': Entry('emotion2vec', 'load_emotion2vec', 'random_emotion2vec'),
    'beats': Entry('beats', 'load_beats', 'random_beats'),
    'clap': Entry('clap', 'load_clap', 'random_clap'),
    'onnx': Entry('onnx_file', 'load_onnx', ''),
}


def backbone_names():
    """Return the names that :func:`create_backbone` knows."""
    return tuple(_REGISTRY)


def create_backbone(name, folder=None, layers=(1, 2, 3), random_init=False, seed=0):
    """
    Build a frozen backbone.

    :param name: One of :func:`backbone_names`.
    :param folder: Where its files are; None looks where that family is installed (only Whisper
        comes in Python packages).
    :param layers: Layers to return; see :class:`~physioser_ros.model.backbones.base.Backbone`.
        Nothing above the last one is built.
    :param random_init: Build a small random configuration instead of reading weights: for tests.
    :param seed: Seed of the random weights; the generator of the caller is left as it was.
    :return: A frozen :class:`~physioser_ros.model.backbones.base.Backbone`.
    :raises BackboneError: for an unknown name or unusable weights, with the remedy.
    :raises ValueError: for layers that the backbone has not.
    """
    if name not in _REGISTRY:
        raise BackboneError(f'no backbone {name!r}: choose one of {", ".join(_REGISTRY)}')
    entry = _REGISTRY[name]
    module = import_module(f'physioser_ros.model.backbones.{entry.module}')
    if not random_init:
        return getattr(module, entry.load)(name, folder, layers)
    if not entry.random:
        raise BackboneError(f'{name} has no random configuration: give the folder of its file')
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return getattr(module, entry.random)(name, layers)
