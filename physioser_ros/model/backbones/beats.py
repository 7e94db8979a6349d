"""
BEATs: audio pre-training with acoustic tokenizers.

Source: Chen et al. 2022 (arXiv 2212.09058). Written out from the layout of the published
checkpoints (`BEATs_iter*.pt`: a dictionary with ``cfg`` and ``model``): Kaldi's filter bank,
patches of 16 × 16, post-norm blocks with DeepNorm and a gated relative position bias.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from physioser_ros.model.backbones.base import Backbone, BackboneError
from physioser_ros.model.backbones.files import (
    checkpoint_folder, digest_file, licence_of, load_exactly, load_tensors, one_file)
from physioser_ros.model.backbones.mel import kaldi_mel_filters
from physioser_ros.model.backbones.transformer import (
    PostNormBlock, same_length, unwrap_weight_norm)

EXPECTED = 'one published BEATs_iter*.pt, a dictionary with "cfg" and "model"'
SOURCE = 'github.com/microsoft/unilm, folder beats'
WINDOW, HOP, BANDS = 400, 160, 128
#: Mean and deviation of the filter bank in the pre-training data.
MEAN, DEVIATION = 15.41663, 6.55582
#: Log floor of Kaldi: the spacing of float32 at 1.
FLOOR = float(np.finfo(np.float32).eps)


class KaldiFilterBank(nn.Module):
    """
    Kaldi's log-mel filter bank without dither: one convolution and one matrix product.

    25 ms every 10 ms, whole windows only; the mean of each window is removed, then pre-emphasis
    0.97, Povey's window, power spectrum of 512 points, 128 bands from 20 Hz to 8 kHz, natural
    logarithm. All up to the spectrum is linear, so it is folded into the convolution's filters.
    """

    def __init__(self):
        super().__init__()
        size = 512
        index = np.arange(WINDOW)
        centre = np.eye(WINDOW) - 1 / WINDOW
        emphasis = np.eye(WINDOW) - 0.97 * np.eye(WINDOW, k=-1)
        emphasis[0, 0] = 1 - 0.97
        window = (0.5 - 0.5 * np.cos(2 * np.pi * index / (WINDOW - 1))) ** 0.85
        angle = 2 * np.pi * (np.outer(np.arange(size // 2 + 1), index) % size) / size
        filters = np.concatenate([np.cos(angle), np.sin(angle)]) * window @ emphasis @ centre
        # The recordings of the pre-training were read as 16-bit numbers.
        self.register_buffer('filters', torch.tensor(filters[:, None] * 2 ** 15,
                                                     dtype=torch.float32), persistent=False)
        mel = kaldi_mel_filters(BANDS, size // 2 + 1)
        self.register_buffer('mel', torch.tensor(mel, dtype=torch.float32), persistent=False)

    def forward(self, waveform):
        """
        Compute the filter bank.

        :param waveform: float32 (B, N), [-1, 1].
        :return: float32 (B, T, 128), normalised as in the pre-training.
        """
        real, imaginary = F.conv1d(waveform[:, None], self.filters, stride=HOP).chunk(2, dim=1)
        mel = torch.matmul(self.mel, real * real + imaginary * imaginary)
        return (torch.log(mel.clamp_min(FLOOR)).mT - MEAN) / (2 * DEVIATION)


class BeatsBlock(PostNormBlock):
    """
    A block whose attention adds a relative position bias, gated by the query.

    :param width: Dimension of a token.
    :param heads: Number of heads.
    :param hidden: Width of the feed-forward net.
    :param skip: DeepNorm's factor.
    """

    def __init__(self, width, heads, hidden, skip):
        super().__init__(width, heads, hidden, skip)
        self.gate = nn.Linear(width // heads, 8)
        self.gate_scale = nn.Parameter(torch.ones(1, heads, 1, 1))

    def forward(self, tokens, bias=None):
        """
        Apply the block.

        :param tokens: float32 (B, T, D).
        :param bias: float32 (heads, T, T), the ungated bias.
        :return: float32 (B, T, D).
        """
        def gated(query):
            first, second = torch.sigmoid(
                self.gate(query).unflatten(3, (2, 4)).sum(4)).chunk(2, dim=3)
            return (first * (second * self.gate_scale - 1) + 2) * bias
        return super().forward(tokens, gated)


class Beats(Backbone):
    """
    BEATs, cut after the last layer that is asked for; a frame is the mean of a step's patches.

    :param config: Dictionary, ``cfg`` of the checkpoint.
    :param layers: Layers to return; see :class:`Backbone`.
    :param licence: Licence of the weights.
    """

    def __init__(self, config, layers, licence):
        patch, width = config['input_patch_size'], config['encoder_embed_dim']
        super().__init__(
            'beats', width=width, depth=config['encoder_layers'], layers=layers,
            frame_step_s=patch * HOP / 16000, licence=licence,
            min_samples=WINDOW + (patch - 1) * HOP,
            note='trained on sounds of all kinds; a frame is the mean over its frequency patches')
        heads, self.patch = config['encoder_attention_heads'], patch
        self.kernel = config['conv_pos']
        self.filter_bank = KaldiFilterBank()
        self.patches = nn.Conv2d(1, config['embed_dim'], patch, stride=patch,
                                 bias=config['conv_bias'])
        self.patches_norm = nn.LayerNorm(config['embed_dim'])
        self.project = (nn.Linear(config['embed_dim'], width)
                        if config['embed_dim'] != width else nn.Identity())
        self.position = nn.Conv1d(width, width, self.kernel, padding=self.kernel // 2,
                                  groups=config['conv_pos_groups'])
        self.norm = nn.LayerNorm(width)
        self.relative = nn.Embedding(config['num_buckets'], heads)
        self.farthest = config['max_distance']
        self.register_buffer('buckets', distance_buckets(
            config['num_buckets'], self.farthest), persistent=False)
        skip = (2 * self.depth) ** 0.25 if config['deep_norm'] else 1.0
        self.blocks = nn.ModuleList(
            BeatsBlock(width, heads, config['encoder_ffn_embed_dim'], skip)
            for _ in range(self.layers[-1]))

    def encode(self, waveform, lengths):
        """Return the frames of the requested layers; see `Backbone`."""
        patches = self.patches(self.filter_bank(waveform)[:, None])
        rows = patches.shape[3]
        hidden = self.project(self.patches_norm(patches.flatten(2).mT))
        position = same_length(self.position(hidden.mT), self.kernel)
        hidden = self.norm(hidden + F.gelu(position).mT)
        place = torch.arange(hidden.shape[1], device=hidden.device)
        distance = (place - place[:, None]).clamp(-self.farthest, self.farthest)
        bias = self.relative(self.buckets[distance + self.farthest]).permute(2, 0, 1)
        kept = [hidden] if 0 in self.layers else []
        for number, block in enumerate(self.blocks, 1):
            hidden = block(hidden, bias)
            if number in self.layers:
                kept.append(hidden)
        return torch.stack(kept, dim=1).unflatten(2, (-1, rows)).mean(3), None


def distance_buckets(count, farthest):
    """
    Return the bucket of each distance: half of them exact, the rest logarithmic, a half a side.

    :param count: Number of buckets.
    :param farthest: Distance from which on all share the last bucket.
    :return: int64 (2 farthest + 1,), for the distances from -farthest to farthest.
    """
    half = count // 2
    exact = half // 2
    size = torch.arange(-farthest, farthest + 1).abs()
    # In float32, as published: rounding decides to which side of an edge a distance goes.
    logarithmic = torch.log(size.clamp_min(1).float() / exact) / math.log(farthest / exact)
    far = (exact + (logarithmic * (half - exact)).long()).clamp_max(half - 1)
    return torch.where(size < exact, size, far) + half * (
        torch.arange(-farthest, farthest + 1) > 0)


def renamed(state):
    """
    Return the tensors of a published checkpoint under this module's names.

    :param state: What the checkpoint has under ``model``.
    :raises BackboneError: if it is no such dictionary.
    """
    parts = {'patches.weight': 'patch_embedding.weight', 'patches.bias': 'patch_embedding.bias',
             'position.bias': 'encoder.pos_conv.0.bias',
             'relative.weight': 'encoder.layers.0.self_attn.relative_attention_bias.weight'}
    for kind in ('weight', 'bias'):
        parts[f'patches_norm.{kind}'] = f'layer_norm.{kind}'
        parts[f'project.{kind}'] = f'post_extract_proj.{kind}'
        parts[f'norm.{kind}'] = f'encoder.layer_norm.{kind}'
    numbers = {key.split('.')[2] for key in state if key.startswith('encoder.layers.')}
    for number in numbers:
        ours, theirs = f'blocks.{number}.', f'encoder.layers.{number}.'
        parts[f'{ours}gate_scale'] = f'{theirs}self_attn.grep_a'
        for new, old in (('attention.query', 'self_attn.q_proj'), ('feed_in', 'fc1'),
                         ('attention.key', 'self_attn.k_proj'), ('feed_out', 'fc2'),
                         ('attention.value', 'self_attn.v_proj'),
                         ('attention.out', 'self_attn.out_proj'),
                         ('attention_norm', 'self_attn_layer_norm'),
                         ('feed_norm', 'final_layer_norm'), ('gate', 'self_attn.grep_linear')):
            for kind in ('weight', 'bias'):
                parts[f'{ours}{new}.{kind}'] = f'{theirs}{old}.{kind}'
    found = {ours: state[theirs] for ours, theirs in parts.items() if theirs in state}
    prefix = 'encoder.pos_conv.0.weight_'
    if f'{prefix}g' not in state or f'{prefix}v' not in state:
        raise BackboneError(f'not a BEATs checkpoint: it has no tensors {prefix}g and {prefix}v')
    found['position.weight'] = unwrap_weight_norm(state[f'{prefix}g'], state[f'{prefix}v'])
    return found


def load_beats(name, folder, layers):
    """
    Build the network from a published checkpoint.

    :param name: ``beats``.
    :param folder: Folder with the checkpoint; see :data:`EXPECTED`.
    :param layers: Layers to return.
    :return: A frozen :class:`Beats`.
    :raises WeightsMissing: if the file is not there.
    :raises BackboneError: if it is another kind of checkpoint.
    """
    folder = checkpoint_folder(name, folder, EXPECTED, SOURCE)
    path = one_file(name, folder, ('BEATs*.pt', '*.pt'), EXPECTED)
    content = load_tensors(path)
    if not {'cfg', 'model'} <= content.keys():
        raise BackboneError(f'{path} has no "cfg" and "model": {name} is read from {EXPECTED}')
    config = content['cfg']
    wanted = {'relative_position_embedding': True, 'gru_rel_pos': True, 'layer_norm_first': False,
              'activation_fn': 'gelu'}
    other = [key for key, value in wanted.items() if config.get(key) != value]
    if other:
        raise BackboneError(f'{path} has {other[0]} = {config.get(other[0])!r}: expected '
                            f'{wanted[other[0]]!r}, as all published checkpoints have')
    model = Beats(config, layers, licence_of(folder))
    load_exactly(model, renamed(content['model']), path)
    return model.freeze(digest_file(path))


def random_beats(name, layers):
    """Return a small network with random weights, for tests without the published ones."""
    del name
    config = {'input_patch_size': 16, 'embed_dim': 16, 'conv_bias': False, 'encoder_layers': 4,
              'encoder_embed_dim': 32, 'encoder_ffn_embed_dim': 64, 'encoder_attention_heads': 2,
              'conv_pos': 16, 'conv_pos_groups': 4, 'num_buckets': 32, 'max_distance': 64,
              'deep_norm': True}
    return Beats(config, layers, 'none: random weights').freeze()
