"""Statistics of the quartet over an utterance, beside the encoder."""

import torch
from torch import nn

from physioser_ros.model.masks import check_lengths, check_shape, frame_mask


class QuartetStatistics(nn.Module):
    """
    Mean and deviation over time of each row of each part, mapped to an embedding.

    What an encoder of small receptive field has to learn to keep: the long-term spectrum, how
    much it moves, and where phase is orderly. An option of this project, not of the paper.

    :param rows: rows of the quartet
    :param width: size of the embedding
    :param dropout: before the map
    """

    def __init__(self, rows, width, dropout=0.3):
        super().__init__()
        self.rows = rows
        self.project = nn.Sequential(nn.BatchNorm1d(8 * rows), nn.Dropout(dropout),
                                     nn.Linear(8 * rows, width))

    def forward(self, quartet, lengths=None):
        """
        Return the embedding, shape (B, width).

        :param quartet: float, shape (B, 4, rows, T)
        :param lengths: int64, shape (B,), valid frames; None means all T
        :raises ValueError: for a wrong shape
        """
        check_shape(quartet, (None, 4, self.rows, None), 'quartet')
        check_lengths(lengths, quartet.shape[0], quartet.shape[3], 1, 'frames')
        if lengths is None:
            mean = quartet.mean(3)
            variance = (quartet - mean[..., None]).square().mean(3)
        else:
            mask = frame_mask(lengths, quartet.shape[3])[:, None, None].to(quartet.dtype)
            count = lengths[:, None, None].to(quartet.dtype)
            mean = (quartet * mask).sum(3) / count
            variance = ((quartet - mean[..., None]).square() * mask).sum(3) / count
        deviation = variance.clamp_min(1e-8).sqrt()
        return self.project(torch.stack([mean, deviation], 1).flatten(1))
