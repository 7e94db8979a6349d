"""
Quaternion layers: convolution, linear map and activations.

A tensor of n quaternion channels has 4 n real channels laid out r | i | j | k. The Hamilton
product W q with W = r + ix + jy + kz is one real convolution whose kernel repeats the four parts,
so that a layer has exactly a quarter of the weights of its real twin and the same arithmetic.
"""

import math

import torch
from torch import nn
from torch.nn import functional

#: Smallest squared modulus: |q| = 1e-6 or more wherever something is divided by it.
TINY_SQUARE = 1e-12


def hamilton_matrix(weight):
    """
    Return the real matrix of the left Hamilton product with `weight`.

    :param weight: shape (4, out, in, ...), parts r, i, j, k
    :return: shape (4 out, 4 in, ...)
    """
    r, i, j, k = weight.unbind(0)
    rows = [(r, -i, -j, -k), (i, r, -k, j), (j, k, r, -i), (k, -j, i, r)]
    return torch.cat([torch.cat(row, 1) for row in rows], 0)


def quaternion_init_(weight, criterion='glorot'):
    """
    Fill a quaternion weight in place (Parcollet et al., arXiv 1806.04418).

    The modulus follows a chi distribution of four degrees of freedom, the phase is uniform and
    the imaginary axis a random unit vector.

    :param weight: shape (4, out, in, ...)
    :param criterion: `glorot` (scale 1 / sqrt(2 (n_in + n_out))) or `he` (1 / sqrt(2 n_in))
    """
    if criterion not in ('glorot', 'he'):
        raise ValueError(f'initialisation is {criterion!r}, expected glorot or he')
    taps = math.prod(weight.shape[3:])
    n_out, n_in = weight.shape[1] * taps, weight.shape[2] * taps
    scale = 1 / math.sqrt(2 * (n_in + n_out if criterion == 'glorot' else n_in))
    with torch.no_grad():
        modulus = torch.randn_like(weight).square().sum(0).sqrt() * scale
        phase = torch.empty_like(weight[0]).uniform_(-math.pi, math.pi)
        axis = functional.normalize(torch.randn_like(weight[1:]), dim=0)
        weight[0] = modulus * torch.cos(phase)
        weight[1:] = modulus * torch.sin(phase) * axis
    return weight


def check_channels(values, axis, channels, layer):
    """Raise a `ValueError` unless `values` has 4 x `channels` entries along `axis`."""
    if values.ndim <= axis or values.shape[axis] != 4 * channels:
        raise ValueError(f'{layer} got shape {tuple(values.shape)}, expected {4 * channels} '
                         f'channels (r | i | j | k of {channels} quaternions) on axis {axis}')


class QuaternionConv2d(nn.Module):
    """
    Convolution by the Hamilton product.

    :param in_channels: quaternion channels in
    :param out_channels: quaternion channels out
    :param kernel_size: (frequency, time), or one number for both
    :param stride: as `kernel_size`
    :param padding: zeros on either side, as `kernel_size`
    :param bias: whether to add a quaternion per output channel
    :param init: `glorot` or `he`, see `quaternion_init_`
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True,
                 init='glorot'):
        super().__init__()
        if in_channels < 1 or out_channels < 1:
            raise ValueError(f'quaternion channels are {in_channels} in and {out_channels} out, '
                             'expected at least 1')
        size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.stride, self.padding = stride, padding
        #: Parts r, i, j, k, shape (4, out, in, height, width).
        self.weight = nn.Parameter(torch.empty(4, out_channels, in_channels, *size))
        self.bias = nn.Parameter(torch.zeros(4 * out_channels)) if bias else None
        quaternion_init_(self.weight, init)

    def forward(self, values):
        """
        Return W q, shape (B, 4 out, F', T').

        :param values: shape (B, 4 in, F, T)
        :raises ValueError: for a wrong number of channels
        """
        check_channels(values, 1, self.in_channels, 'QuaternionConv2d')
        return functional.conv2d(values, hamilton_matrix(self.weight), self.bias, self.stride,
                                 self.padding)

    def to_real(self):
        """Return the plain `Conv2d` that computes the same, for export."""
        real = nn.Conv2d(4 * self.in_channels, 4 * self.out_channels, self.weight.shape[3:],
                         self.stride, self.padding)
        with torch.no_grad():
            real.weight.copy_(hamilton_matrix(self.weight))
            if self.bias is None:
                real.bias.zero_()
            else:
                real.bias.copy_(self.bias)
        return real.to(self.weight)


class QuaternionLinear(nn.Module):
    """
    Linear map by the Hamilton product.

    :param in_features: quaternions in
    :param out_features: quaternions out
    :param bias: whether to add a quaternion per output
    :param init: `glorot` or `he`, see `quaternion_init_`
    """

    def __init__(self, in_features, out_features, bias=True, init='glorot'):
        super().__init__()
        if in_features < 1 or out_features < 1:
            raise ValueError(f'quaternion features are {in_features} in and {out_features} out, '
                             'expected at least 1')
        self.in_features, self.out_features = in_features, out_features
        #: Parts r, i, j, k, shape (4, out, in).
        self.weight = nn.Parameter(torch.empty(4, out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(4 * out_features)) if bias else None
        quaternion_init_(self.weight, init)

    def forward(self, values):
        """
        Return W q, shape (..., 4 out).

        :param values: shape (..., 4 in)
        :raises ValueError: for a wrong number of features
        """
        check_channels(values, values.ndim - 1, self.in_features, 'QuaternionLinear')
        return functional.linear(values, hamilton_matrix(self.weight), self.bias)

    def to_real(self):
        """Return the plain `Linear` that computes the same, for export."""
        real = nn.Linear(4 * self.in_features, 4 * self.out_features, self.bias is not None)
        with torch.no_grad():
            real.weight.copy_(hamilton_matrix(self.weight))
            if self.bias is not None:
                real.bias.copy_(self.bias)
        return real.to(self.weight)


class RadialQReLU(nn.Module):
    """
    Radial quaternion ReLU: ReLU(|q| + b) q / |q|, which keeps the direction of q.

    The activation of PhysioSER; one b per quaternion channel is modReLU carried to the
    quaternions. It commutes with every rotation of the four parts.

    :param channels: quaternion channels
    :param bias: initial b
    """

    def __init__(self, channels, bias=-0.1):
        super().__init__()
        self.channels = channels
        self.bias = nn.Parameter(torch.full((channels,), float(bias)))

    def forward(self, values):
        """
        Return the activation, same shape.

        :param values: shape (B, 4 channels, F, T)
        :raises ValueError: for a wrong number of channels
        """
        check_channels(values, 1, self.channels, 'RadialQReLU')
        parts = values.unflatten(1, (4, self.channels))
        if parts.dtype == torch.float16:
            parts = parts.float()  # Squares leave its range in both directions.
        modulus = parts.square().sum(1, keepdim=True).clamp_min(TINY_SQUARE).sqrt()
        scale = functional.relu(1 + self.bias[:, None, None] / modulus)
        return (parts * scale).flatten(1, 2).to(values.dtype)


class SplitReLU(nn.Module):
    """ReLU on each of the four parts by itself: the ablation of `RadialQReLU`."""

    def forward(self, values):
        """Return the activation, same shape as `values`."""
        return functional.relu(values)
