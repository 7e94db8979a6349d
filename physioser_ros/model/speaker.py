"""Adaptation to a speaker by running statistics of what the branches see."""

import torch
from torch import nn

from physioser_ros.model.config import SpeakerConfig
from physioser_ros.model.masks import check_shape


class SpeakerStatistics(nn.Module):
    """
    The running mean of a speaker's utterances, with a prior and a capped count.

    An utterance is the mean of its normalised, mixed backbone frames and, where the vocal branch
    adapts as well, the mean of its quartet less that of the training data. Over the training data
    both are zero on average, so that the estimate after k utterances is sum / (prior_count + k),
    and nothing at all for a speaker not yet heard. The state is [k, sum], shape (1 + width,).

    :param config: `SpeakerConfig`, the default one if None
    :param width: size of an utterance's mean
    """

    def __init__(self, config=None, width=512):
        super().__init__()
        self.config = config or SpeakerConfig()
        self.width = width

    def initial(self, batch=1):
        """Return the state of `batch` speakers who have not been heard, zeros."""
        return torch.zeros(batch, 1 + self.width)

    def shift(self, state):
        """
        Return what to take off what is seen of a speaker, shape (B, width).

        :param state: float, shape (B, 1 + width)
        :raises ValueError: for a wrong shape
        """
        check_shape(state, (None, 1 + self.width), 'speaker_state')
        return state[:, 1:] / (state[:, :1] + self.config.prior_count)

    def forward(self, state, utterance):
        """
        Return the state after one more utterance; beyond `max_count` the oldest fade.

        :param state: float, shape (B, 1 + width)
        :param utterance: float, shape (B, width), its mean before any shift
        """
        count = state[:, :1] + 1
        fading = (self.config.max_count / count).clamp_max(1)
        return torch.cat([count * fading, (state[:, 1:] + utterance) * fading], 1)

    def gather(self, utterances):
        """
        Return the state after several utterances of one speaker, to simulate it in training.

        :param utterances: float, shape (k, width), k may be 0
        :return: shape (1 + width,)
        """
        state = self.initial().to(utterances)
        for utterance in utterances:
            state = self(state, utterance[None])
        return state[0]
