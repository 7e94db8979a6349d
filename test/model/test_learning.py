"""The vocal branch learns what only its view of time and frequency can tell."""

from model_fakes import SMALL
import pytest
import torch

from physioser_ros.model import PhysioSER, PhysioSERConfig


def glides(count, seed):
    """Return tones that rise (1) or fall (0) around a random pitch, with noise, and labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    time = torch.arange(6400) / 16000
    start = 600 + 800 * torch.rand(count, 1, generator=generator)
    slope = (2.0 * labels[:, None] - 1) * 1500
    phase = start * time + slope * (time - 0.2).square() / 2
    noise = torch.randn(count, 6400, generator=generator)
    return torch.sin(2 * torch.pi * phase) + 0.05 * noise, labels


@pytest.mark.parametrize('kind', ['quaternion', 'real'])
def test_rising_and_falling_tones_are_told_apart(kind):
    torch.manual_seed(0)
    values = SMALL.to_dict()
    values.update(classes=2, branches=['vap'], dropout=0.0)
    values['encoder'].update(kind=kind, channels=[4, 8])
    model = PhysioSER(PhysioSERConfig.from_dict(values))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    waveform, labels = glides(64, seed=1)
    quartet, _ = model.quartet(waveform)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(
            model.forward_features(quartet=quartet).logits, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    unseen, expected = glides(64, seed=2)
    with torch.no_grad():
        answers = model.eval()(unseen).logits.argmax(1)
    assert (answers == expected).float().mean() > 0.8
