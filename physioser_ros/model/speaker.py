"""Adaptation to a speaker by running statistics of what the branches see."""

import torch
from torch import nn

from physioser_ros.model.config import SpeakerConfig
from physioser_ros.model.masks import check_shape

#: Share of one emotion among a speaker's answers and the prior's, which are of none, at which the
#: guard sets in, and at which it is whole: after one sure answer, and after two to four of a kind.
GUARD_SHARES = (0.2, 0.4)


class SpeakerStatistics(nn.Module):
    """
    The running mean of a speaker's utterances, with a prior and a capped count.

    An utterance is the mean of its normalised, mixed backbone frames and, where the vocal branch
    adapts as well, the mean of its quartet less that of the training data. Over the training data
    both are zero on average, so that the estimate after k utterances is sum / (prior count + k),
    and nothing at all for a speaker not yet heard. The state is [k, sum of the means, sum of the
    answers], shape (1 + width + classes,).

    Who has only been angry so far would be taken for a person whose voice is like that. So the
    prior counts for more, the more one-sided the answers are; neutral ones do no harm.

    :param config: `SpeakerConfig`, the default one if None
    :param width: size of an utterance's mean
    :param classes: number of emotions
    :ivar neutral: number of the label that is no emotion, None while the labels are not known
    """

    def __init__(self, config=None, width=512, classes=6):
        super().__init__()
        self.config = config or SpeakerConfig()
        self.width, self.classes = width, classes
        self.neutral = None

    def initial(self, batch=1):
        """Return the state of `batch` speakers who have not been heard, zeros."""
        return torch.zeros(batch, 1 + self.width + self.classes)

    def heard(self, count, mean):
        """
        Return the state of speakers of whom it is known what was heard, but not the answers.

        :param count: float, shape (B, 1)
        :param mean: float, shape (B, width), over the utterances
        """
        return torch.cat([count, count * mean, mean.new_zeros(len(mean), self.classes)], 1)

    def shift(self, state):
        """
        Return what to take off what is seen of a speaker, shape (B, width).

        :param state: float, shape (B, 1 + width + classes)
        :raises ValueError: for a wrong shape
        """
        check_shape(state, (None, 1 + self.width + self.classes), 'speaker_state')
        count, total, answers = state.split([1, self.width, self.classes], 1)
        return total / (count + self.prior_count(count, answers))

    def prior_count(self, count, answers):
        """
        Return the utterances that the prior counts for, shape (B, 1).

        :param count: float, shape (B, 1)
        :param answers: float, shape (B, classes), sum of the probabilities
        """
        prior = self.config.prior_count
        moving = [index for index in range(self.classes) if index != self.neutral]
        share = answers[:, moving].amax(1, keepdim=True) / (count + prior)
        low, high = GUARD_SHARES
        return prior + self.config.guard_count * ((share - low) / (high - low)).clamp(0, 1)

    def forward(self, state, mean, answer):
        """
        Return the state after one more utterance; beyond `max_count` the oldest fade.

        :param state: float, shape (B, 1 + width + classes)
        :param mean: float, shape (B, width), of the utterance before any shift
        :param answer: float, shape (B, classes), its probabilities
        """
        count = state[:, :1] + 1
        fading = (self.config.max_count / count).clamp_max(1)
        return torch.cat([count, state[:, 1:] + torch.cat([mean, answer], 1)], 1) * fading
