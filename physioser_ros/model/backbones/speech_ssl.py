"""
Wav2vec 2.0, HuBERT and WavLM, by the `transformers` library.

Sources: Baevski et al. 2020 (arXiv 2006.11477), Hsu et al. 2021 (arXiv 2106.07447), Chen et al.
2022 (arXiv 2110.13900). All three share one layout: seven convolutions, a convolutional position
embedding, transformer blocks. Some checkpoints expect each clip at mean 0 and variance 1: their
`preprocessor_config.json` says so, and it is done here.
"""

import json

import torch
from torch import nn
from torch.nn.utils import parametrize

from physioser_ros.model.backbones.base import Backbone, BackboneError
from physioser_ros.model.backbones.files import (
    checkpoint_folder, digest_file, licence_of, one_file)

EXPECTED = ('config.json, preprocessor_config.json and model.safetensors (or pytorch_model.bin), '
            'as `save_pretrained` of transformers writes them')
#: Name → classes of transformers, and where the published checkpoints are.
FAMILIES = {
    'wav2vec2': ('Wav2Vec2', 'huggingface.co/facebook/wav2vec2-base'),
    'hubert': ('Hubert', 'huggingface.co/facebook/hubert-base-ls960'),
    'wavlm': ('WavLM', 'huggingface.co/microsoft/wavlm-base-plus'),
}


def transformers_library(name):
    """
    Import `transformers`.

    :raises BackboneError: if it is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise BackboneError(f'{name} needs the package transformers: run `pip install '
                            f'transformers` ({error})') from error
    return transformers


class SpeechSSL(Backbone):
    """
    One of the three networks, cut after the last layer that is asked for.

    :param name: Name in the registry.
    :param model: `Wav2Vec2Model`, `HubertModel` or `WavLMModel` of transformers.
    :param layers: Layers to return; see :class:`Backbone`.
    :param normalise: Whether a clip is brought to mean 0 and variance 1 first.
    :param licence: Licence of the weights.
    """

    def __init__(self, name, model, layers, normalise, licence):
        config = model.config
        reach = step = 1
        for kernel, stride in zip(reversed(config.conv_kernel), reversed(config.conv_stride)):
            reach, step = (reach - 1) * stride + kernel, step * stride
        super().__init__(name, width=config.hidden_size, depth=config.num_hidden_layers,
                         layers=layers, frame_step_s=step / 16000, licence=licence,
                         min_samples=reach)
        self.normalise = normalise
        self.norm_first = bool(getattr(config, 'do_stable_layer_norm', False))
        self.feature_extractor = model.feature_extractor
        self.feature_projection = model.feature_projection
        self.position = model.encoder.pos_conv_embed
        if parametrize.is_parametrized(self.position.conv, 'weight'):
            parametrize.remove_parametrizations(self.position.conv, 'weight')
        self.norm = model.encoder.layer_norm
        self.blocks = nn.ModuleList(model.encoder.layers[:self.layers[-1]])

    def encode(self, waveform, lengths):
        """Return the frames of the requested layers; see `Backbone`."""
        if self.normalise:
            centred = waveform - waveform.mean(dim=1, keepdim=True)
            variance = centred.square().mean(dim=1, keepdim=True) + 1e-7
            waveform = centred / variance.clamp_min(1e-7).sqrt()
        hidden = first(self.feature_projection(self.feature_extractor(waveform).transpose(1, 2)))
        hidden = hidden + self.position(hidden)
        if not self.norm_first:
            hidden = self.norm(hidden)
        kept = [hidden] if 0 in self.layers else []
        # WavLM computes its relative positions in the first block and hands them on.
        shared = {}
        for number, block in enumerate(self.blocks, 1):
            answer = block(hidden, **shared)
            hidden = first(answer)
            if self.name == 'wavlm':
                shared = {'position_bias': answer[1]}
            if number == self.depth and self.norm_first:
                hidden = self.norm(hidden)
            if number in self.layers:
                kept.append(hidden)
        return torch.stack(kept, dim=1), None


def first(answer):
    """Return the hidden states of what a module of transformers, old or new, gave."""
    return answer[0] if isinstance(answer, tuple) else answer


def load_speech_ssl(name, folder, layers):
    """
    Build a network from a folder that `save_pretrained` wrote.

    :param name: A key of :data:`FAMILIES`.
    :param folder: The folder; see :data:`EXPECTED`.
    :param layers: Layers to return.
    :return: A frozen :class:`SpeechSSL`.
    :raises WeightsMissing: if a file is not there.
    :raises BackboneError: if the checkpoint is of another family.
    """
    transformers = transformers_library(name)
    prefix, source = FAMILIES[name]
    folder = checkpoint_folder(name, folder, EXPECTED, source)
    weights = one_file(name, folder, ('model.safetensors', 'pytorch_model.bin'), EXPECTED)
    model = pretrained(getattr(transformers, f'{prefix}Model'), name, folder)
    settings = one_file(name, folder, ('preprocessor_config.json',), EXPECTED)
    normalise = bool(json.loads(settings.read_text(encoding='utf-8')).get('do_normalize', True))
    return SpeechSSL(name, model, layers, normalise, licence_of(folder)).freeze(
        digest_file(weights))


def pretrained(model_class, name, folder):
    """
    Load a model of transformers from a folder, all of it.

    :raises BackboneError: if the folder holds another kind of model or lacks weights.
    """
    kind = json.loads(one_file(name, folder, ('config.json',), EXPECTED).read_text(
        encoding='utf-8')).get('model_type')
    if kind != model_class.config_class.model_type and not (
            name == 'clap' and kind == 'clap'):
        raise BackboneError(f'{folder} holds a model of type {kind!r}, expected '
                            f'{model_class.config_class.model_type!r} for {name}')
    model, info = model_class.from_pretrained(
        folder, local_files_only=True, output_loading_info=True, attn_implementation='eager')
    # The mask embedding is only used in pre-training; some checkpoints left it out.
    missing = [key for key in info['missing_keys'] if 'masked_spec_embed' not in key]
    if missing:
        raise BackboneError(f'{folder} lacks the weights {", ".join(sorted(missing)[:3])} '
                            f'({len(missing)} in all): fetch the checkpoint again')
    return model


def random_speech_ssl(name, layers):
    """Return a small network with random weights, for tests without the published ones."""
    transformers = transformers_library(name)
    prefix, _ = FAMILIES[name]
    config = getattr(transformers, f'{prefix}Config')(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=64,
        conv_dim=(16,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2)
    config._attn_implementation = 'eager'
    model = getattr(transformers, f'{prefix}Model')(config).eval()
    return SpeechSSL(name, model, layers, name != 'wavlm', 'none: random weights').freeze()
