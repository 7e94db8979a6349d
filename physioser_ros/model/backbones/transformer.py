"""Parts that emotion2vec and BEATs are built of."""

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    """
    Multi-head attention with an additive bias.

    :param width: Dimension of a token.
    :param heads: Number of heads.
    """

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def split(self, tokens):
        """Return (B, T, D) as (B, heads, T, D / heads)."""
        return tokens.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, tokens, bias=None):
        """
        Apply attention.

        :param tokens: float32 (B, T, D).
        :param bias: None, or what is added to the scores: float32 that broadcasts to
            (B, heads, T, T), or a function of the unscaled queries that returns it.
        :return: float32 (B, T, D).
        """
        query = self.split(self.query(tokens))
        scores = (query * query.shape[3] ** -0.5) @ self.split(self.key(tokens)).mT
        if bias is not None:
            scores = scores + (bias(query) if callable(bias) else bias)
        context = scores.softmax(dim=3) @ self.split(self.value(tokens))
        return self.out(context.transpose(1, 2).flatten(2))


class PostNormBlock(nn.Module):
    """
    Attention and a feed-forward net, each followed by a layer normalisation.

    :param width: Dimension of a token.
    :param heads: Number of heads.
    :param hidden: Width of the feed-forward net.
    :param skip: Factor of what goes past each part (1; DeepNorm has more).
    """

    def __init__(self, width, heads, hidden, skip=1.0):
        super().__init__()
        self.skip = skip
        self.attention = Attention(width, heads)
        self.attention_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, hidden)
        self.feed_out = nn.Linear(hidden, width)
        self.feed_norm = nn.LayerNorm(width)

    def forward(self, tokens, bias=None):
        """
        Apply the block.

        :param tokens: float32 (B, T, D).
        :param bias: See :class:`Attention`.
        :return: float32 (B, T, D).
        """
        tokens = self.attention_norm(tokens * self.skip + self.attention(tokens, bias))
        return self.feed_norm(tokens * self.skip
                              + self.feed_out(F.gelu(self.feed_in(tokens))))


def same_length(values, kernel):
    """Drop the last place of a convolution padded by half an even kernel, (B, C, T)."""
    return values[..., :-1] if kernel % 2 == 0 else values


def unwrap_weight_norm(magnitude, direction):
    """
    Return the weight of a convolution that was kept as magnitude and direction.

    :param magnitude: float32 (1, 1, kernel).
    :param direction: float32 (out, in, kernel).
    """
    return direction * (magnitude / torch.linalg.vector_norm(direction, dim=(0, 1), keepdim=True))
