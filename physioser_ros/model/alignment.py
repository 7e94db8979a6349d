"""Contrastive projection and alignment (CPA)."""

import math

import torch
from torch import nn
from torch.nn import functional

from physioser_ros.model.config import AlignmentConfig
from physioser_ros.model.masks import check_shape
from physioser_ros.model.precision import full_precision


class ProjectionHead(nn.Sequential):
    """
    Map an utterance embedding into the space that both branches share.

    :param width: size of the embedding and of the projection
    :param hidden: size of the hidden layer
    """

    def __init__(self, width=256, hidden=256):
        super().__init__(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class ContrastiveAlignment(nn.Module):
    """
    Pull the two branches' projections of the same utterance together.

    `infonce` is the symmetric InfoNCE of PhysioSER with a learned temperature. `supcon` takes
    every utterance of the same label as a positive across the branches (after Khosla et al.,
    arXiv 2004.11362). `none` is always zero.

    :param config: `AlignmentConfig`, the default one if None
    """

    def __init__(self, config=None):
        super().__init__()
        self.config = config or AlignmentConfig()
        if self.config.kind != 'none':
            self.log_scale = nn.Parameter(torch.tensor(-math.log(self.config.temperature)))

    @property
    def temperature(self):
        """Return the temperature, a scalar tensor."""
        if self.config.kind == 'none':
            return torch.tensor(self.config.temperature)
        return torch.exp(-self.log_scale.clamp_max(math.log(self.config.max_scale)))

    def forward(self, vap_projection, ssl_projection, labels=None):
        """
        Return the loss, a scalar.

        :param vap_projection: float, shape (B, d), need not be normalised
        :param ssl_projection: as `vap_projection`, same order of utterances
        :param labels: int64, shape (B,), only needed by `supcon`
        :raises ValueError: for shapes that differ, or `supcon` without labels
        """
        check_shape(ssl_projection, tuple(vap_projection.shape), 'ssl_projection')
        if self.config.kind == 'none':
            return vap_projection.new_zeros(())
        with full_precision(vap_projection.device):
            return self._loss(vap_projection.float(), ssl_projection.float(), labels)

    def _loss(self, vap_projection, ssl_projection, labels):
        vap = functional.normalize(vap_projection, dim=1)
        ssl = functional.normalize(ssl_projection, dim=1)
        similarity = vap @ ssl.T / self.temperature
        if self.config.kind == 'infonce':
            target = torch.arange(len(vap), device=vap.device)
            losses = (functional.cross_entropy(similarity, target),
                      functional.cross_entropy(similarity.T, target))
        else:
            if labels is None:
                raise ValueError('supcon needs the labels of the batch, got none')
            same = (labels[:, None] == labels[None]).to(similarity.dtype)
            weights = same / same.sum(1, keepdim=True)
            losses = tuple(-(weights * functional.log_softmax(matrix, 1)).sum(1).mean()
                           for matrix in (similarity, similarity.T))
        return (losses[0] + losses[1]) / 2
