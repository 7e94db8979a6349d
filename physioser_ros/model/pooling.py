"""Masked attention pooling."""

import torch
from torch import nn

from physioser_ros.model.masks import check_lengths, check_shape, frame_mask


class MaskedAttentionPooling(nn.Module):
    """
    Summarise frames by a weighted mean whose weights are learned and sum to one.

    PhysioSER pools both branches this way; the form of the score, v tanh(W x), is a choice of
    this project.

    :param width: size of a frame
    :param hidden: size of the hidden layer of the score
    """

    def __init__(self, width, hidden=128):
        super().__init__()
        self.width = width
        self.score = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(),
                                   nn.Linear(hidden, 1, bias=False))

    def forward(self, frames, lengths=None):
        """
        Return the summary, shape (B, width), and the weights, shape (B, T).

        :param frames: float, shape (B, T, width)
        :param lengths: int64, shape (B,), valid frames; None means all T. Others get weight 0.
        :raises ValueError: for a wrong shape or a row without frames
        """
        check_shape(frames, (None, None, self.width), 'frames')
        check_lengths(lengths, frames.shape[0], frames.shape[1], 1, 'frames')
        score = self.score(frames)[..., 0]
        if lengths is not None:
            mask = frame_mask(lengths, frames.shape[1])
            score = score.masked_fill(~mask, torch.finfo(score.dtype).min)
        weights = torch.softmax(score, 1)
        return (weights[:, None] @ frames)[:, 0], weights
