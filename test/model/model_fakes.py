"""A tiny backbone and a tiny PhysioSER for tests."""

import torch
from torch import nn

from physioser_ros.model import PhysioSER, PhysioSERConfig

SMALL = PhysioSERConfig.from_dict({
    'width': 16, 'pooling_hidden': 8,
    'quartet': {'bands': 16, 'hop': 320},
    'backbone': {'width': 16, 'layers': [1, 2]},
    'encoder': {'channels': [2, 4], 'strides': [[2, 2], [2, 1]]},
    'alignment': {'hidden': 16},
    'fusion': {'heads': 2, 'hidden': 32, 'classifier_hidden': 8}})


class FakeBackbone(nn.Module):
    """Two layers of frames from one strided convolution."""

    name, width, layers, frame_step_s, min_samples = 'fake', 16, (1, 2), 0.02, 400

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(1, 32, 400, 320)

    def forward(self, waveform, lengths=None, average=None):
        frames = self.convolution(waveform[:, None]).unflatten(1, (2, 16)).mT
        frames = frames if average is None else average(frames)
        return frames, None if lengths is None else (lengths - 400) // 320 + 1


class ExportWrapper(nn.Module):
    """Probabilities, read-outs and the speaker's next state of one utterance."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, waveform, component_mask, speaker_state=None):
        state = None if speaker_state is None else speaker_state[None]
        output = self.model(waveform, component_mask=component_mask, speaker_state=state)
        parts = (torch.softmax(output.logits, 1), output.branch_weights,
                 output.vap_frame_weights, output.ssl_frame_weights)
        return parts if state is None else (*parts, output.speaker_state_next[0])


def small_model(variant=None, **changes):
    """Return a tiny model in evaluation mode whose statistics are not the initial ones."""
    torch.manual_seed(0)
    values = SMALL.to_dict()
    for name in ('encoder', 'quartet', 'speaker'):
        values[name].update(changes.get(name, {}))
    overrides = PhysioSERConfig.from_dict({}, variant or 'physioser')
    values['branches'] = overrides.branches
    values['encoder'].update(kind=overrides.encoder.kind,
                             components=overrides.encoder.components)
    values['alignment']['kind'] = overrides.alignment.kind
    values['fusion']['residual'] = overrides.fusion.residual
    model = PhysioSER(PhysioSERConfig.from_dict(values), FakeBackbone())
    for _ in range(2):
        model(torch.randn(3, 9000) * 0.1, torch.tensor([9000, 5000, 7000]))
    return model.eval()
