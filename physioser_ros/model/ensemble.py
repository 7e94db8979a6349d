"""Several trainings of one model as one model."""

import torch
from torch import nn

from physioser_ros.model.physioser import Output


class Ensemble(nn.Module):
    """
    The mean of the log probabilities of several trainings of one model.

    Deep ensembles (Lakshminarayanan et al., NeurIPS 2017): members that started from other
    weights make other mistakes. Backbone and quartet, where the time is spent, are computed once.

    :param members: list of `PhysioSER` of one configuration; the first one may have the backbone
    :param temperatures: one a member, from its own calibration
    :ivar speaker_width: size of what is gathered of an utterance: the members' own, end to end
    :raises ValueError: for fewer than two members, or other configurations
    """

    def __init__(self, members, temperatures):
        super().__init__()
        if len(members) < 2 or len(temperatures) != len(members):
            raise ValueError(f'{len(members)} members and {len(temperatures)} temperatures, '
                             'expected at least two members and a temperature for each')
        if any(member.config != members[0].config for member in members):
            raise ValueError('the members differ in their configuration, expected trainings of '
                             'the same model from other seeds')
        first = members[0]
        self.config, self.min_samples = first.config, first.min_samples
        self.uses_vap, self.uses_ssl = first.uses_vap, first.uses_ssl
        self.speaker_width = sum(member.speaker_width for member in members)
        self.members = nn.ModuleList(members)
        self.register_buffer('temperatures', torch.tensor(temperatures, dtype=torch.float32))

    @property
    def backbone(self):
        """Return the frozen backbone, or None; as an attribute it would be registered twice."""
        return self.members[0].backbone

    def forward(self, waveform, lengths=None, *, component_mask=None, speaker_state=None):
        """
        Return the `Output` for a batch of waveforms; see `PhysioSER.forward`.

        :param speaker_state: float, shape (B, 1 + speaker_width): the count and the members' sums
        """
        features = self.members[0].features(waveform, lengths)
        states = self._split(speaker_state)
        outputs = [member.forward_features(**features, component_mask=component_mask,
                                           speaker_state=state)
                   for member, state in zip(self.members, states)]
        return self._mean(outputs)

    def folded(self):
        """Return a copy in evaluation mode with every quaternion layer folded, for export."""
        return Ensemble([member.folded() for member in self.members],
                        self.temperatures.tolist()).eval()

    def _split(self, state):
        """Return each member's own state: the count, and its part of the sums."""
        if state is None:
            return [None] * len(self.members)
        parts = state[:, 1:].split([member.speaker_width for member in self.members], 1)
        return [torch.cat([state[:, :1], part], 1) for part in parts]

    def _mean(self, outputs):
        """Return the mean of the members' outputs, their answers as log probabilities."""
        likely = [torch.log_softmax(output.logits / temperature, 1)
                  for output, temperature in zip(outputs, self.temperatures)]
        means = {name: torch.stack([getattr(output, name) for output in outputs]).mean(0)
                 for name in Output._fields if name not in ('logits', 'speaker_state_next')}
        state = None
        if outputs[0].speaker_state_next is not None:
            own = [output.speaker_state_next for output in outputs]
            state = torch.cat([own[0][:, :1], *(part[:, 1:] for part in own)], 1)
        return Output(logits=torch.stack(likely).mean(0), speaker_state_next=state, **means)
