"""Quaternion Spectrotemporal Encoder, and the real-valued CNN of the same size beside it."""

import torch
from torch import nn

from physioser_ros.features import COMPONENTS
from physioser_ros.model.config import EncoderConfig
from physioser_ros.model.masks import check_lengths, check_shape, frame_mask, masked
from physioser_ros.model.quaternion import (
    QuaternionConv2d, QuaternionLinear, RadialQReLU, SplitReLU)
from physioser_ros.model.quaternion_norm import QuaternionBatchNorm2d


class QuaternionBlock(nn.Module):
    """Quaternion convolution, batch normalisation, activation."""

    def __init__(self, config, in_channels, out_channels, stride):
        super().__init__()
        self.convolution = QuaternionConv2d(in_channels, out_channels, config.kernel, stride,
                                            config.kernel // 2, bias=False, init=config.init)
        self.norm = QuaternionBatchNorm2d(out_channels, config.norm)
        self.activation = (RadialQReLU(out_channels) if config.activation == 'radial'
                           else SplitReLU())

    def forward(self, values, lengths=None):
        """Return the block's output, shape (B, 4 out, F', T'); `lengths` are those of T'."""
        return self.activation(self.norm(self.convolution(values), lengths))

    def folded(self):
        """Return the same map in evaluation mode as one plain convolution and the activation."""
        return FoldedBlock(self.norm.folded_into(self.convolution), self.activation)


class FoldedBlock(nn.Module):
    """A plain convolution with everything folded in, and the activation."""

    def __init__(self, convolution, activation):
        super().__init__()
        self.convolution = convolution
        self.activation = activation

    def forward(self, values, lengths=None):
        """Return the block's output; `lengths` do not matter in evaluation mode."""
        return self.activation(self.convolution(values))


class RealBlock(nn.Module):
    """Convolution, batch normalisation over valid frames, ReLU: the ablation of the algebra."""

    def __init__(self, config, in_channels, out_channels, stride):
        super().__init__()
        self.convolution = nn.Conv2d(in_channels, out_channels, config.kernel, stride,
                                     config.kernel // 2, bias=False)
        nn.init.kaiming_normal_(self.convolution.weight, nonlinearity='relu')
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, values, lengths=None):
        """Return the block's output, shape (B, out, F', T'); `lengths` are those of T'."""
        values = self.convolution(values)
        if lengths is None or not self.training:
            return torch.relu(self.norm(values))
        norm = self.norm
        columns = values.permute(0, 3, 1, 2)
        valid = frame_mask(lengths, values.shape[3])
        normed = nn.functional.batch_norm(
            columns[valid], norm.running_mean, norm.running_var, norm.weight, norm.bias,
            training=True, momentum=norm.momentum, eps=norm.eps)
        placed = columns.new_zeros(columns.shape).to(normed.dtype)
        placed[valid] = normed
        return torch.relu(placed.permute(0, 2, 3, 1))

    def folded(self):
        """Return the same map in evaluation mode as one plain convolution and the activation."""
        fused = nn.utils.fuse_conv_bn_eval(self.convolution.eval(), self.norm.eval())
        return FoldedBlock(fused, nn.ReLU())


class _Encoder(nn.Module):
    """Blocks, then one vector per frame; what both encoders share."""

    def __init__(self, config, rows, width, channels, block):
        super().__init__()
        self.config = config
        self.rows = rows
        self.width = width
        self.blocks = nn.ModuleList(
            block(config, before, after, stride)
            for before, after, stride in zip(channels, channels[1:], config.strides))
        selection = [float(name in config.components) for name in COMPONENTS]
        self.register_buffer('selection', torch.tensor(selection)[:, None, None],
                             persistent=False)
        self.selects = min(selection) == 0

    def _make_head(self, channels):
        rows = self.rows
        for stride, _ in self.config.strides:
            rows = (rows - 1) // stride + 1
        if self.config.frequency == 'weighted':
            self.row_weights = nn.Parameter(torch.full((channels, rows, 1), 1 / rows))
        features = channels * rows if self.config.frequency == 'flatten' else channels
        if self.config.head == 'quaternion' and self.config.kind == 'quaternion':
            self.head = QuaternionLinear(features // 4, self.width // 4, init=self.config.init)
        else:
            self.head = nn.Linear(features, self.width)

    def select(self, quartet):
        """Return `quartet`, shape (B, 4, rows, T), with zeros for the parts not looked at."""
        return quartet * self.selection if self.selects else quartet

    def forward(self, quartet, lengths=None):
        """
        Return frames of the vocal branch and their lengths.

        :param quartet: float, shape (B, 4, rows, T)
        :param lengths: int64, shape (B,), valid frames; None means all T
        :return: shape (B, T', width), T' = T over `config.time_stride`, rounded up, zero behind
            the end; and their lengths, int64, shape (B,), None where `lengths` is
        :raises ValueError: for a wrong shape
        """
        check_shape(quartet, (None, 4, self.rows, None), 'quartet')
        check_lengths(lengths, quartet.shape[0], quartet.shape[3], 1, 'frames')
        values = masked(self.select(quartet), lengths)
        for block, (_, stride) in zip(self.blocks, self.config.strides):
            lengths = None if lengths is None else (lengths - 1) // stride + 1
            values = masked(block(values, lengths), lengths)
        frames = self.head(self._reduce(values).transpose(1, 2))
        return frames if lengths is None else masked(frames.mT, lengths).mT, lengths

    def _reduce(self, values):
        """Return (B, channels, T') of (B, channels, F', T')."""
        if self.config.frequency == 'mean':
            return values.mean(2)
        if self.config.frequency == 'weighted':
            return (values * self.row_weights).sum(2)
        if self.config.head == 'quaternion' and self.config.kind == 'quaternion':
            # Keep the four parts apart: r of every channel and row first, then i, j, k.
            return values.unflatten(1, (4, -1)).flatten(2, 3).flatten(1, 2)
        return values.flatten(1, 2)

    def fold(self):
        """Replace each block by one plain convolution, in place, for export; returns self."""
        self.eval()
        self.blocks = nn.ModuleList(block.folded() for block in self.blocks)
        if isinstance(self.head, QuaternionLinear):
            self.head = self.head.to_real()
        return self


class QuaternionSpectrotemporalEncoder(_Encoder):
    """
    The QSE of PhysioSER: the quartet as one quaternion per bin, Q = M + i rho + j f + k tau.

    Blocks of Hamilton-product convolution, quaternion batch normalisation and radial qReLU, then
    the rows become one and each frame is mapped to `width`.

    :param config: `EncoderConfig`, the default one if None
    :param rows: rows of the quartet
    :param width: size of a frame of the output
    """

    def __init__(self, config=None, rows=256, width=256):
        config = config or EncoderConfig()
        super().__init__(config, rows, width, (1, *config.channels), QuaternionBlock)
        self._make_head(4 * config.channels[-1])


class RealEncoder(_Encoder):
    """
    The ablation: an ordinary CNN on the four parts as channels, of equal parameter count.

    Twice as many real channels as the quaternion encoder has quaternions give the same number of
    weights; the last block makes up for the smaller head.

    :param config: `EncoderConfig`, the default one if None
    :param rows: rows of the quartet
    :param width: size of a frame of the output
    """

    def __init__(self, config=None, rows=256, width=256):
        config = config or EncoderConfig()
        channels = real_channels(config, rows, width)
        super().__init__(config, rows, width, (4, *channels), RealBlock)
        self._make_head(channels[-1])


def _count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def real_channels(config, rows, width):
    """
    Return the channels of the real-valued encoder that give the quaternion one's size.

    :param config: `EncoderConfig`
    :param rows: rows of the quartet
    :param width: size of a frame of the output
    """
    target = _count(QuaternionSpectrotemporalEncoder(config, rows, width))
    inner = [2 * channels for channels in config.channels[:-1]]
    before = inner[-1] if inner else 4
    taps = config.kernel ** 2
    for stride, _ in config.strides:
        rows = (rows - 1) // stride + 1
    head = {'mean': width, 'weighted': width + rows, 'flatten': width * rows}[config.frequency]
    spent = width + sum(taps * a * b + 2 * b for a, b in zip([4, *inner], inner))
    last = round((target - spent) / (taps * before + 2 + head))
    return (*inner, max(1, last))


def create_encoder(config, rows, width):
    """Return the encoder that `config.kind` names."""
    kinds = {'quaternion': QuaternionSpectrotemporalEncoder, 'real': RealEncoder}
    return kinds[config.kind](config, rows, width)
