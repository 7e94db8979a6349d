"""
The encoder of Whisper, cut after the last layer that is asked for.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision". Its
pre-training is weakly supervised (transcripts), not self-supervised: results must say so.
"""

import torch
from torch import nn
from torch.nn import functional as F

from physioser_ros.model.backbones.base import Backbone, length_mask, SAMPLE_RATE
from physioser_ros.model.backbones.log_mel import HOP, LogMel, WINDOW
from physioser_ros.model.backbones.whisper_files import load_encoder, WHISPER

NOTE = 'weakly supervised by transcripts, not self-supervised'
POSITIONS = 1500


def _positions(width):
    """Return Whisper's fixed sinusoids, float32 (1500, width)."""
    half = width // 2
    rate = torch.exp(torch.arange(half, dtype=torch.float64)
                     * (-torch.log(torch.tensor(10000.0, dtype=torch.float64)) / (half - 1)))
    angle = torch.arange(POSITIONS, dtype=torch.float64)[:, None] * rate[None]
    return torch.cat([angle.sin(), angle.cos()], dim=1).float()


def _frames(samples):
    """Return the frames of clips of so many samples: one each 20 ms."""
    return (samples // HOP + 1) // 2


class EncoderBlock(nn.Module):
    """
    One pre-norm transformer block: attention, then a feed-forward net with GELU.

    :param width: Dimension of a frame.
    :param heads: Number of attention heads.
    """

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, 4 * width)
        self.feed_out = nn.Linear(4 * width, width)

    def forward(self, frames, bias=None, average=None):
        """
        Apply the block.

        :param frames: float32 (B, T, D).
        :param bias: float32 (B, 1, 1, T), added to the attention scores, or None.
        :param average: Of the block's output, see `Backbone.encode_averages`; or None.
        :return: float32 (B, T, D), or its averages.
        """
        batch, _, width = frames.shape
        size = width // self.heads
        joint = self.query_key_value(self.attention_norm(frames))
        joint = joint.view(batch, -1, 3, self.heads, size)
        # The scale goes to the queries: they are smaller than the scores. Keys are transposed
        # in the same step that splits the heads.
        query = joint[:, :, 0].transpose(1, 2) * size ** -0.5
        key = joint[:, :, 1].permute(0, 2, 3, 1)
        value = joint[:, :, 2].transpose(1, 2)
        scores = torch.matmul(query, key)
        if bias is not None:
            scores = scores + bias
        context = torch.matmul(scores.softmax(dim=-1), value)
        context = context.transpose(1, 2).reshape(batch, -1, width)
        frames = frames + self.attention_out(context)
        inner = F.gelu(self.feed_in(self.feed_norm(frames)))
        if average is not None:
            # What follows is linear: the last product need not see every frame.
            frames, inner = average(frames), average(inner)
        return frames + self.feed_out(inner)


class Whisper(Backbone):
    """
    Whisper's encoder at the true length of each clip, positions cropped, never padded to 30 s.

    :param name: Name in the registry.
    :param width: Dimension of a frame.
    :param heads: Attention heads of a block.
    :param depth: Blocks of the published encoder; only those up to the last layer are built.
    :param layers: Layers to return; see :class:`Backbone`.
    """

    def __init__(self, name, *, width, heads, depth, layers):
        super().__init__(name, width=width, depth=depth, layers=layers, licence='MIT', note=NOTE,
                         frame_step_s=2 * HOP / SAMPLE_RATE, min_samples=WINDOW,
                         max_samples=POSITIONS * 2 * HOP, one_by_one=False)
        self.log_mel = LogMel()
        self.conv1 = nn.Conv1d(80, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer('positions', _positions(width), persistent=False)
        self.blocks = nn.ModuleList(
            EncoderBlock(width, heads) for _ in range(self.layers[-1]))
        self.last_norm = nn.LayerNorm(width) if self.layers[-1] == depth else None

    def limit(self, samples):
        """Crop the positions to those of the longest clip."""
        super().limit(samples)
        self.positions = self.positions[:_frames(self.max_samples)].clone()
        return self

    def encode_averages(self, waveform, average):
        """Return averages of the frames; see `Backbone`."""
        if self.last_norm is not None:
            # A norm is not linear.
            return super().encode_averages(waveform, average)
        return self.encode(waveform, None, average)[0]

    def encode(self, waveform, lengths, average=None):
        """Return the frames of the requested layers and their counts; see `Backbone`."""
        mel = self.log_mel(waveform, lengths)
        hidden = F.gelu(self.conv1(mel))
        bias = counts = None
        if lengths is not None:
            # The published stem pads with zeros right after the clip; so must a batch.
            hidden = hidden * length_mask(lengths // HOP, hidden.shape[2])[:, None]
        hidden = F.gelu(self.conv2(hidden)).transpose(1, 2)
        if lengths is not None:
            counts = _frames(lengths)
            valid = length_mask(counts, hidden.shape[1])
            bias = torch.zeros(valid.shape, device=valid.device)
            bias = bias.masked_fill(~valid, -1e9)[:, None, None]
        hidden = hidden + self.positions[:hidden.shape[1]]
        kept = [hidden] if 0 in self.layers else []
        for number, block in enumerate(self.blocks, 1):
            hidden = block(hidden, bias, average if number == self.layers[-1] else None)
            if number == self.depth:
                hidden = self.last_norm(hidden)
            if number in self.layers:
                kept.append(hidden)
        if average is not None:
            last = kept[-1:] if self.blocks else []
            kept = [average(frames) for frames in kept[:len(kept) - len(last)]] + last
        return torch.stack(kept, dim=1), counts


#: Our name of a part of a block → CTranslate2's.
_PARTS = {'attention_norm': 'self_attention/layer_norm',
          'query_key_value': 'self_attention/linear_0',
          'attention_out': 'self_attention/linear_1',
          'feed_norm': 'ffn/layer_norm', 'feed_in': 'ffn/linear_0', 'feed_out': 'ffn/linear_1'}


def load_whisper(name, folder, layers):
    """
    Build a published encoder.

    :param name: A key of :data:`~physioser_ros.model.backbones.whisper_files.WHISPER`.
    :param folder: Folder with a CTranslate2 `model.bin`, or None for the installed packages.
    :param layers: Layers to return.
    :return: A frozen :class:`Whisper`; its digest covers the whole published encoder, so that it
        does not depend on where it was cut.
    :raises WeightsMissing: if the weights are not there.
    """
    known = WHISPER[name]
    encoder = load_encoder(name, folder)
    model = Whisper(name, width=known.width, heads=known.heads, depth=known.depth, layers=layers)
    state = {f'{conv}.{kind}': f'{conv}/{kind}'
             for conv in ('conv1', 'conv2') for kind in ('weight', 'bias')}
    for index in range(len(model.blocks)):
        for ours, theirs in _PARTS.items():
            kinds = ('gamma', 'beta') if ours.endswith('norm') else ('weight', 'bias')
            for kind, source in zip(('weight', 'bias'), kinds):
                state[f'blocks.{index}.{ours}.{kind}'] = f'layer_{index}/{theirs}/{source}'
    if model.last_norm is not None:
        state.update({'last_norm.weight': 'layer_norm/gamma', 'last_norm.bias': 'layer_norm/beta'})
    tensors = {ours: torch.from_numpy(encoder[f'encoder/{theirs}'].astype('float32'))
               for ours, theirs in state.items()}
    model.load_state_dict(tensors)
    # The file holds the sinusoids rounded to float16; take its numbers, not the formula's.
    model.positions.copy_(torch.from_numpy(
        encoder['encoder/position_encodings/encodings'].astype('float32')))
    return model.freeze(known.encoder_digest)


def random_whisper(name, layers, width=32, heads=2, depth=4):
    """Return a small encoder with random weights, for tests without the published ones."""
    return Whisper(name, width=width, heads=heads, depth=depth, layers=layers).freeze()
