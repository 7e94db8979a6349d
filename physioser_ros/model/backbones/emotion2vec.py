"""
Emotion2vec: data2vec 2.0 trained on emotional speech.

Sources: Ma et al. 2023 (arXiv 2312.15185), Baevski et al. 2022 (arXiv 2212.07525). Written out
from the layout of the published checkpoints: seven convolutions with layer normalisation, five
small convolutions for the position, ten learned tokens in front, post-norm blocks with ALiBi.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from physioser_ros.model.backbones.base import Backbone, BackboneError
from physioser_ros.model.backbones.files import (
    checkpoint_folder, digest_file, licence_of, load_exactly, load_tensors, one_file)
from physioser_ros.model.backbones.transformer import PostNormBlock

EXPECTED = 'the published checkpoint, one file *.pt with the state dictionary under "model"'
SOURCE = 'huggingface.co/emotion2vec/emotion2vec_base or emotion2vec_plus_base'
#: (kernel, stride) of the convolutions over the waveform.
CONVOLUTIONS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
CHANNELS = 512
POSITION_GROUPS = 16


class ConvolutionBlock(nn.Module):
    """Convolution over time, layer normalisation of the channels, GELU."""

    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.convolution = nn.Conv1d(inputs, outputs, kernel, stride, bias=False)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, values):
        """Map (B, inputs, N) to (B, outputs, T)."""
        return F.gelu(self.norm(self.convolution(values).mT).mT)


class Emotion2vec(Backbone):
    """
    Emotion2vec, cut after the last layer that is asked for.

    :param layers: Layers to return, counted through the blocks of both parts of the published
        network (4 + 8 in the base size).
    :param width: Dimension of a frame.
    :param heads: Attention heads.
    :param depth: Blocks of the published network.
    :param channels: Channels of the convolutions over the waveform.
    :param positions: Kernel and number of the convolutions for the position.
    :param tokens: Learned tokens in front of the frames.
    :param scales: Number of ALiBi scales over depth: 1, or one for each block.
    :param licence: Licence of the weights.
    """

    def __init__(self, layers, *, width=768, heads=12, depth=12, channels=CHANNELS,
                 positions=(19, 5), tokens=10, scales=1, licence=''):
        super().__init__('emotion2vec', width=width, depth=depth, layers=layers,
                         frame_step_s=0.02, licence=licence)
        kernel, count = positions
        self.convolutions = nn.Sequential(*(
            ConvolutionBlock(channels if index else 1, channels, *shape)
            for index, shape in enumerate(CONVOLUTIONS)))
        self.features_norm = nn.LayerNorm(channels)
        self.project = nn.Linear(channels, width)
        self.positions = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=POSITION_GROUPS)
            for _ in range(count))
        self.tokens = nn.Parameter(torch.randn(1, tokens, width))
        self.alibi_scale = nn.Parameter(torch.ones(scales, 1, heads, 1, 1))
        self.register_buffer('slopes', torch.tensor(alibi_slopes(heads))[:, None, None],
                             persistent=False)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            PostNormBlock(width, heads, 4 * width) for _ in range(self.layers[-1]))

    def encode(self, waveform, lengths):
        """Return the frames of the requested layers; see `Backbone`."""
        centred = waveform - waveform.mean(dim=1, keepdim=True)
        variance = centred.square().mean(dim=1, keepdim=True) + 1e-5
        waveform = centred / variance.clamp_min(1e-5).sqrt()
        hidden = self.convolutions(waveform[:, None]).mT
        hidden = self.project(self.features_norm(hidden))
        position = hidden
        for convolution in self.positions:
            mixed = convolution(position.mT).mT
            position = F.gelu(F.layer_norm(mixed, mixed.shape[2:]))
        frames = hidden.shape[1]
        hidden = self.norm(torch.cat(
            [self.tokens.expand(hidden.shape[0], -1, -1), hidden + position], dim=1))
        return self._blocks(hidden, frames), None

    def _blocks(self, hidden, frames):
        """Return the requested layers, float32 (B, L, T, D), without the tokens in front."""
        front = self.tokens.shape[1]
        place = torch.arange(frames, device=hidden.device)
        distance = (place[:, None] - place).abs().to(hidden.dtype)
        bias = F.pad(-self.slopes * distance, (front, 0, front, 0))
        scales = self.alibi_scale.clamp_min(0)
        kept = [hidden] if 0 in self.layers else []
        for number, block in enumerate(self.blocks, 1):
            scale = scales[number - 1 if len(scales) > 1 else 0]
            hidden = block(hidden, bias * scale)
            if number in self.layers:
                kept.append(hidden)
        return torch.stack(kept, dim=1)[:, :, front:]


def alibi_slopes(heads):
    """
    Return the slope of each head, as ALiBi sets them (Press et al. 2021, arXiv 2108.12409).

    :param heads: Number of heads; for one that is no power of two, every second slope of twice
        the next smaller power follows those of that power.
    """
    power = 2 ** math.floor(math.log2(heads))
    slopes = [2 ** (-8 * (index + 1) / power) for index in range(power)]
    if power == heads:
        return slopes
    return slopes + alibi_slopes(2 * power)[0::2][:heads - power]


def renamed(state):
    """
    Return the tensors of a published checkpoint under this module's names.

    :param state: State dictionary as published, with or without the prefix ``d2v_model.``.
    :raises BackboneError: if it is no such dictionary.
    """
    state = {key[10:] if key.startswith('d2v_model.') else key: value
             for key, value in state.items()}
    audio = 'modality_encoders.AUDIO.'
    if f'{audio}extra_tokens' not in state:
        raise BackboneError('not an emotion2vec checkpoint: it has no tensor '
                            f'{audio}extra_tokens')
    renames = {'tokens': 'extra_tokens', 'alibi_scale': 'alibi_scale'}
    for kind in ('weight', 'bias'):
        renames[f'features_norm.{kind}'] = f'project_features.1.{kind}'
        renames[f'project.{kind}'] = f'project_features.2.{kind}'
        renames[f'norm.{kind}'] = f'context_encoder.norm.{kind}'
        for index in range(len(CONVOLUTIONS)):
            renames[f'convolutions.{index}.norm.{kind}'] = (
                f'local_encoder.conv_layers.{index}.2.1.{kind}')
        for index in range(_count(state, f'{audio}relative_positional_encoder.')):
            renames[f'positions.{index}.{kind}'] = (
                f'relative_positional_encoder.{index + 1}.0.{kind}')
    for index in range(len(CONVOLUTIONS)):
        renames[f'convolutions.{index}.convolution.weight'] = (
            f'local_encoder.conv_layers.{index}.0.weight')
    found = {ours: state[audio + theirs] for ours, theirs in renames.items()
             if audio + theirs in state}
    # Older checkpoints keep the scale without its first axis.
    while found['alibi_scale'].ndim < 5:
        found['alibi_scale'] = found['alibi_scale'][None]
    before = _count(state, f'{audio}context_encoder.blocks.')
    for index in range(before + _count(state, 'blocks.')):
        theirs = (f'{audio}context_encoder.blocks.{index}.' if index < before
                  else f'blocks.{index - before}.')
        found.update(_block(state, theirs, f'blocks.{index}.'))
    return found


def _block(state, theirs, ours):
    """Return the tensors of one block under our names; the joint projection is cut in three."""
    parts = {'attention.out': 'attn.proj', 'attention_norm': 'norm1', 'feed_in': 'mlp.fc1',
             'feed_out': 'mlp.fc2', 'feed_norm': 'norm2'}
    found = {f'{ours}{new}.{kind}': state[f'{theirs}{old}.{kind}']
             for new, old in parts.items() for kind in ('weight', 'bias')}
    for kind in ('weight', 'bias'):
        joint = state[f'{theirs}attn.qkv.{kind}'].chunk(3)
        for name, part in zip(('query', 'key', 'value'), joint):
            found[f'{ours}attention.{name}.{kind}'] = part
    return found


def _count(state, prefix):
    """Return how many different numbers follow `prefix` in the names."""
    return len({key[len(prefix):].split('.')[0] for key in state if key.startswith(prefix)})


def load_emotion2vec(name, folder, layers):
    """
    Build the network from a published checkpoint; its sizes are read off its tensors.

    :param name: ``emotion2vec``.
    :param folder: Folder with the checkpoint; see :data:`EXPECTED`.
    :param layers: Layers to return.
    :return: A frozen :class:`Emotion2vec`.
    :raises WeightsMissing: if the file is not there.
    :raises BackboneError: if it is another kind of checkpoint.
    """
    folder = checkpoint_folder(name, folder, EXPECTED, SOURCE)
    path = one_file(name, folder, ('*.pt',), EXPECTED)
    content = load_tensors(path)
    state = renamed(content.get('model', content))
    scale = state['alibi_scale']
    kernels = [value for key, value in state.items() if key.startswith('positions.')
               and key.endswith('weight')]
    model = Emotion2vec(
        layers, width=state['project.weight'].shape[0], heads=scale.shape[2],
        depth=_count(state, 'blocks.'), channels=state['project.weight'].shape[1],
        positions=(kernels[0].shape[2], len(kernels)), tokens=state['tokens'].shape[1],
        scales=scale.shape[0], licence=licence_of(folder))
    load_exactly(model, state, path)
    return model.freeze(digest_file(path))


def random_emotion2vec(name, layers):
    """Return a small network with random weights, for tests without the published ones."""
    del name
    return Emotion2vec(layers, width=48, heads=3, depth=4, channels=16, positions=(5, 2),
                       tokens=3, licence='none: random weights').freeze()
