"""The latent transform: from the frozen backbone's frames to the latent branch's frames."""

import torch
from torch import nn
from torch.nn import functional

from physioser_ros.model.config import LatentConfig
from physioser_ros.model.masks import check_lengths, check_shape, masked


class LatentTransform(nn.Module):
    """
    Normalise, mix and average the backbone's frames, then map each to the model's width.

    The normalisation decides everything: some backbones have a few dimensions that outweigh all
    others. Its statistics are buffers, set from training data by `set_statistics`.

    :param config: `LatentConfig`, the default one if None
    :param layers: number of layers in the frames
    :param backbone_width: size of a frame of the backbone
    :param width: size of a frame of the output
    """

    def __init__(self, config=None, layers=2, backbone_width=512, width=256):
        super().__init__()
        self.config = config or LatentConfig()
        self.layers, self.backbone_width = layers, backbone_width
        if self.config.normalise:
            self.register_buffer('mean', torch.zeros(layers, backbone_width))
            self.register_buffer('deviation', torch.ones(layers, backbone_width))
        if self.config.mix == 'learned' and layers > 1:
            self.layer_logits = nn.Parameter(torch.zeros(layers))
        else:
            self.register_buffer('layer_logits', torch.zeros(layers), persistent=False)
        self.project = nn.Sequential(nn.Linear(backbone_width, width), nn.GELU())

    def set_statistics(self, mean, deviation):
        """
        Set the normalisation of each layer's dimensions.

        :param mean: float, shape (layers, backbone width), over all frames of the training data
        :param deviation: as `mean`, standard deviation
        :raises ValueError: for a wrong shape, or where the model has no normalisation
        """
        if not self.config.normalise:
            raise ValueError('latent.normalise is false, so there are no statistics to set')
        for name, values in (('mean', mean), ('deviation', deviation)):
            values = torch.as_tensor(values)
            check_shape(values, (self.layers, self.backbone_width), name)
            getattr(self, name).copy_(values)
        self.deviation.clamp_(min=1e-5)

    def mixed(self, frames):
        """
        Return the normalised frames, mixed over the layers; linear in the frames.

        :param frames: floating point of any precision, shape (B, layers, T, backbone width)
        :return: shape (B, T, backbone width)
        """
        frames = frames.to(self.layer_logits.dtype)
        if self.config.normalise:
            frames = (frames - self.mean[:, None]) / self.deviation[:, None]
        weights = torch.softmax(self.layer_logits, 0)
        return (frames * weights[:, None, None]).sum(1)

    def pool_frames(self, frames, lengths=None):
        """
        Average groups of `frame_pool` frames; the last group may be smaller.

        Commutes with `mixed`, so that caches can hold averaged frames.

        :param frames: float, shape (..., T, D)
        :param lengths: int64, shape (B,), valid frames; None means all T
        :return: shape (..., T', D) and their lengths, None where `lengths` is
        """
        size, total = self.config.frame_pool, frames.shape[-2]
        if size == 1:
            return frames, lengths
        valid = torch.full((1,), total, device=frames.device) if lengths is None else lengths
        padded = functional.pad(masked(frames.mT, lengths), (0, size - 1))
        means = functional.avg_pool1d(padded.flatten(0, -3), size).unflatten(
            0, padded.shape[:-2]).mT
        starts = torch.arange(means.shape[-2], device=frames.device) * size
        counts = (valid[:, None] - starts).clamp(1, size).to(means.dtype)
        counts = counts.reshape(counts.shape[0], *[1] * (means.ndim - 3), counts.shape[1], 1)
        return means * (size / counts), None if lengths is None else (lengths - 1) // size + 1

    def averages(self, frames):
        """
        Return all that is looked at of the frames of full rows: their averages.

        :param frames: float, shape (..., T, D)
        :return: shape (..., T' + 1, D): what `pool_frames` returns, then the mean over all
        """
        size, total = self.config.frame_pool, frames.shape[-2]
        groups = torch.arange(total, device=frames.device) // size
        places = torch.arange((total + size - 1) // size, device=frames.device)
        chosen = (groups == places[:, None]).to(frames.dtype)
        chosen = torch.cat([chosen, torch.ones_like(chosen[:1])])
        return (chosen / chosen.sum(1, keepdim=True)) @ frames

    def forward(self, frames, lengths=None, *, pooled=False, shift=None):
        """
        Return frames of the latent branch and their lengths.

        :param frames: float, shape (B, layers, T, backbone width)
        :param lengths: int64, shape (B,), valid frames; None means all T
        :param pooled: whether `frames` have been through `pool_frames` already
        :param shift: float, shape (B, backbone width), taken off the mixed frames: a speaker's
            own mean
        :return: shape (B, T', width), zero behind the end, and their lengths, int64, shape (B,)
        :raises ValueError: for a wrong shape
        """
        check_shape(frames, (None, self.layers, None, self.backbone_width), 'frames')
        check_lengths(lengths, frames.shape[0], frames.shape[2], 1, 'frames')
        mixed = self.mixed(frames)
        if not pooled:
            mixed, lengths = self.pool_frames(mixed, lengths)
        if shift is not None:
            mixed = mixed - shift[:, None]
        if self.training and self.config.channel_dropout:
            keep = functional.dropout(mixed.new_ones(len(mixed), 1, mixed.shape[2]),
                                      self.config.channel_dropout)
            mixed = mixed * keep
        values = self.project(mixed)
        return (values if lengths is None else masked(values.mT, lengths).mT), lengths
