"""The end of a branch: one embedding an utterance."""

from torch import nn

from physioser_ros.model.pooling import MaskedAttentionPooling


class BranchSummary(nn.Module):
    """
    Pool a branch's frames into an embedding, and decide from it alone.

    :param config: `PhysioSERConfig`
    """

    def __init__(self, config):
        super().__init__()
        self.pooling = MaskedAttentionPooling(config.width, config.pooling_hidden)
        self.norm = nn.BatchNorm1d(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, frames, lengths=None, added=None):
        """
        Return embedding (B, width), frame weights (B, T) and logits (B, classes).

        :param frames: float, shape (B, T, width)
        :param lengths: int64, shape (B,), valid frames; None means all T
        :param added: float, shape (B, width), added to what is pooled
        """
        pooled, weights = self.pooling(frames, lengths)
        if added is not None:
            pooled = pooled + added
        embedding = self.norm(pooled)
        return embedding, weights, self.head(self.dropout(embedding))
