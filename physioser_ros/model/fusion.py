"""The fusion Transformer and the classifier on it."""

import math

import torch
from torch import nn
from torch.nn import functional

from physioser_ros.model.config import FusionConfig
from physioser_ros.model.masks import check_shape


class FusionLayer(nn.Module):
    """
    Pre-norm Transformer layer whose attention weights are an output.

    :param config: `FusionConfig`
    :param width: size of a token
    """

    def __init__(self, config, width):
        super().__init__()
        self.heads = config.heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, config.hidden), nn.GELU(), nn.Dropout(config.dropout),
            nn.Linear(config.hidden, width))
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens):
        """
        Return the tokens, shape (B, n, width), and the weights, shape (B, heads, n, n).

        :param tokens: float, shape (B, n, width)
        """
        parts = self.query_key_value(self.attention_norm(tokens))
        query, key, value = parts.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(query @ key.mT / math.sqrt(query.shape[3]), 3)
        attended = (weights @ value).transpose(1, 2).flatten(2)
        tokens = tokens + self.dropout(self.output(attended))
        return tokens + self.dropout(self.feed_forward(self.forward_norm(tokens))), weights


class FusionTransformer(nn.Module):
    """
    Shallow Transformer over [CLS, VAP, SSL], read at CLS (PhysioSER, fusion).

    :param config: `FusionConfig`, the default one if None
    :param width: size of a token
    """

    def __init__(self, config=None, width=256):
        super().__init__()
        self.config = config or FusionConfig()
        self.width = width
        self.cls = nn.Parameter(torch.randn(width) * 0.02)
        self.types = nn.Parameter(torch.randn(3, width) * 0.02)
        self.layers = nn.ModuleList(FusionLayer(self.config, width)
                                    for _ in range(self.config.layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, vap, ssl):
        """
        Return the utterance's embedding, shape (B, width), and the branch weights, shape (B, 2).

        The weights are the attention of CLS to the two branches in the last layer, mean over the
        heads, scaled to sum to one. Attention shows where the model looks; it is not by itself a
        faithful explanation (arXiv 1902.10186).

        :param vap: float, shape (B, width), the vocal branch
        :param ssl: as `vap`, the latent branch
        :raises ValueError: for a wrong shape
        """
        check_shape(vap, (None, self.width), 'vap')
        check_shape(ssl, (None, self.width), 'ssl')
        tokens = torch.stack([self.cls.expand_as(vap), vap, ssl], 1) + self.types
        for layer in self.layers:
            tokens, weights = layer(tokens)
        branches = weights.mean(1)[:, 0, 1:]
        branches = branches / branches.sum(1, keepdim=True).clamp_min(1e-6)
        return self.norm(tokens[:, 0]), branches


class FusionClassifier(nn.Module):
    """
    Decide from the fused embedding, alone or as a correction of what the branches say.

    :param config: `FusionConfig`
    :param width: size of the embedding
    :param classes: number of emotions
    :param dropout: before the last layer
    """

    def __init__(self, config, width, classes, dropout):
        super().__init__()
        self.residual = config.residual
        self.classifier = nn.Sequential(
            nn.Linear(width, config.classifier_hidden), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(config.classifier_hidden, classes))
        if self.residual != 'none':
            self.gate = nn.Linear(width, 1)
            nn.init.zeros_(self.gate.weight)
            nn.init.constant_(self.gate.bias, math.log(config.gate / (1 - config.gate)))
        if self.residual == 'late':
            self.vap_share = nn.Parameter(torch.tensor(math.log(0.2 / 0.8)))

    def forward(self, embedding, vap_logits, ssl_logits):
        """
        Return the logits, shape (B, classes), and the gate, shape (B,).

        :param embedding: float, shape (B, width)
        :param vap_logits: float, shape (B, classes), the vocal branch's own decision
        :param ssl_logits: as `vap_logits`, the latent branch's
        """
        logits = self.classifier(embedding)
        if self.residual == 'none':
            return logits, torch.ones_like(logits[:, 0])
        gate = torch.sigmoid(self.gate(embedding))
        base = ssl_logits
        if self.residual == 'late':
            share = torch.sigmoid(self.vap_share)
            base = (functional.log_softmax(vap_logits, 1) * share
                    + functional.log_softmax(ssl_logits, 1) * (1 - share))
        return base + gate * logits, gate[:, 0]
