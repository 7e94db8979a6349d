"""Quaternion batch normalisation, and folding it into the convolution before it."""

import torch
from torch import nn

from physioser_ros.model.masks import frame_mask
from physioser_ros.model.precision import full_precision
from physioser_ros.model.quaternion import check_channels


class QuaternionBatchNorm2d(nn.Module):
    """
    Batch normalisation of quaternions, with statistics over valid frames only.

    `simple` subtracts the mean quaternion and divides by the root of E|q - mu|^2, with one gain
    per quaternion channel; its initial value 2 gives each part unit variance. `whitening`
    decorrelates the four parts with their 4 x 4 covariance (Gaudet & Maida, arXiv 1712.04604) and
    has a symmetric 4 x 4 gain, initially the identity for the same scale.

    :param channels: quaternion channels
    :param kind: `simple` or `whitening`
    :param eps: added to variances
    :param momentum: weight of the newest batch in the running statistics
    """

    def __init__(self, channels, kind='simple', eps=1e-5, momentum=0.1):
        super().__init__()
        if kind not in ('simple', 'whitening'):
            raise ValueError(f'normalisation is {kind!r}, expected simple or whitening')
        self.channels, self.kind, self.eps, self.momentum = channels, kind, eps, momentum
        identity = torch.eye(4).expand(channels, 4, 4)
        if kind == 'simple':
            self.gain = nn.Parameter(torch.full((channels,), 2.0))
        else:
            self.gain = nn.Parameter(identity.clone())
        self.bias = nn.Parameter(torch.zeros(channels, 4))
        self.register_buffer('running_mean', torch.zeros(channels, 4))
        self.register_buffer('running_covariance', identity.clone() / 4)

    def forward(self, values, lengths=None):
        """
        Return the normalised values, same shape; places behind the end are not zero.

        :param values: shape (B, 4 channels, F, T)
        :param lengths: int64, shape (B,), valid frames of each row; None means all T
        :raises ValueError: for a wrong number of channels
        """
        check_channels(values, 1, self.channels, 'QuaternionBatchNorm2d')
        parts = values.unflatten(1, (4, self.channels))
        if self.training:
            with full_precision(values.device):
                matrix, offset = self._affine(*self._learn(parts, lengths))
        else:
            matrix, offset = self._affine(self.running_mean, self.running_covariance)
        matrix, offset = matrix.to(values.dtype), offset.to(values.dtype)
        if self.kind == 'simple':
            scaled = parts * matrix[:, 0, 0, None, None]
        else:
            scaled = torch.einsum('cpq,bqcft->bpcft', matrix, parts)
        return (scaled + offset.T[:, :, None, None]).flatten(1, 2)

    def _learn(self, parts, lengths):
        """Return the statistics of the batch, after the running ones have learned from them."""
        mean, covariance = self._statistics(parts, lengths)
        with torch.no_grad():
            self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
            self.running_covariance.lerp_(covariance.to(self.running_mean), self.momentum)
        return mean, covariance

    def _statistics(self, parts, lengths):
        """Return mean (channels, 4) and covariance (channels, 4, 4) over the valid places."""
        if parts.dtype in (torch.float16, torch.bfloat16):
            parts = parts.float()  # Sums over a whole batch outgrow half precision.
        if lengths is None:
            mean = parts.mean((0, 3, 4))
            centred = parts - mean[:, :, None, None]
            count = centred[:, 0, 0].numel()
        else:
            mask = frame_mask(lengths, parts.shape[4])
            weight = mask.to(parts.dtype)[:, None, None, None, :]
            count = weight.sum() * parts.shape[3]
            mean = (parts * weight).sum((0, 3, 4)) / count
            centred = (parts - mean[:, :, None, None]) * weight
        if self.kind == 'simple':
            # The trace is all that is used, so the diagonal is all that is kept.
            covariance = torch.diag_embed((centred.square().sum((0, 3, 4)) / count).T)
        else:
            covariance = torch.einsum('bpcft,bqcft->cpq', centred, centred) / count
        return mean.T, covariance

    def _affine(self, mean, covariance):
        """Return the matrix (channels, 4, 4) and the offset (channels, 4) of the whole map."""
        if self.kind == 'simple':
            variance = covariance.diagonal(dim1=1, dim2=2).sum(1)
            scale = self.gain / (variance + self.eps).sqrt()
            matrix = torch.diag_embed(scale[:, None].expand(-1, 4))
        else:
            identity = torch.eye(4, dtype=covariance.dtype, device=covariance.device)
            root = torch.linalg.cholesky(covariance + self.eps * identity)
            whitener = torch.linalg.solve_triangular(root, identity.expand_as(root), upper=False)
            gain = (self.gain + self.gain.transpose(1, 2)) / 2
            matrix = gain @ whitener
        return matrix, self.bias - (matrix @ mean[:, :, None])[:, :, 0]

    def folded_into(self, convolution):
        """
        Return one `Conv2d` that does `convolution` and this layer in evaluation mode.

        :param convolution: `QuaternionConv2d` right before this layer
        """
        real = convolution.to_real()
        with torch.no_grad():
            matrix, offset = self._affine(self.running_mean, self.running_covariance)
            weight = real.weight.unflatten(0, (4, self.channels))
            bias = real.bias.unflatten(0, (4, self.channels))
            real.weight.copy_(torch.einsum('cpq,qcihw->pcihw', matrix, weight).flatten(0, 1))
            real.bias.copy_((torch.einsum('cpq,qc->pc', matrix, bias) + offset.T).flatten())
        return real
