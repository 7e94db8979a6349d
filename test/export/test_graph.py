"""Models of every make become a graph that agrees with torch: lengths, variants, silence."""

import export_models
import numpy as np
import onnxruntime
import pytest
import torch

from physioser_ros.export import ExportError, to_onnx
from physioser_ros.export.graph import OUTPUTS, Recogniser
from physioser_ros.export.parity import masks


def assert_agrees(model):
    """Export a model and compare it with torch."""
    session = onnxruntime.InferenceSession(
        to_onnx(model, 1.3, max_samples=48000).SerializeToString(),
        providers=['CPUExecutionProvider'])
    module = Recogniser(model, 1.3)
    rng = np.random.default_rng(0)
    for samples, gain in ((model.min_samples, 0.1), (17777, 0.1), (48000, 0.01), (17777, 0)):
        wave = (rng.standard_normal((1, samples)) * gain).astype(np.float32)
        for mask in (masks()[:1], masks()):
            with torch.no_grad():
                wanted = module(torch.from_numpy(wave), torch.from_numpy(mask))
            got = session.run(list(OUTPUTS), {'waveform': wave, 'component_mask': mask})
            for name, one, other in zip(OUTPUTS, got, wanted):
                assert one.shape == tuple(other.shape), name
                assert np.isfinite(one).all(), name
                assert abs(one - other.numpy()).max() <= 1e-4, name
                assert one.sum(1) == pytest.approx(np.ones(len(mask)), abs=1e-3), name


def train(model, steps=3):
    """Take a few steps on noise of four lengths; return the losses."""
    torch.manual_seed(0)
    model.train()
    optimiser = torch.optim.AdamW(
        [weight for weight in model.parameters() if weight.requires_grad], 3e-3)
    lengths = torch.tensor([9000, 12000, 14000, 16000])
    waveforms, labels = torch.randn(4, 16000) * 0.1, torch.tensor([0, 1, 0, 1])
    losses = []
    for _ in range(steps):
        output = model(waveforms, lengths)
        loss = torch.nn.functional.cross_entropy(output.logits, labels) + 0.1 * model.alignment(
            output.vap_projection, output.ssl_projection, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    model.eval()
    return losses


@pytest.mark.parametrize('backbone', ['whisper-base', 'wav2vec2', 'hubert', 'wavlm', 'clap',
                                      'emotion2vec', 'beats'])
@pytest.mark.timeout(900)
def test_a_model_on_any_backbone_trains_and_becomes_a_graph(backbone):
    pytest.importorskip('transformers', reason='transformers is not installed')
    model = export_models.tiny_model(backbone)
    frozen = [weight.clone() for weight in model.backbone.parameters()]
    untrained = [weight.clone() for weight in model.classifier.parameters()]
    assert np.isfinite(train(model)).all()
    assert not any(torch.equal(one, other)
                   for one, other in zip(untrained, model.classifier.parameters()))
    assert all(torch.equal(one, other)
               for one, other in zip(frozen, model.backbone.parameters()))
    assert_agrees(model)


@pytest.mark.parametrize('branch', ['vap', 'ssl'])
@pytest.mark.timeout(900)
def test_a_model_of_one_branch(branch):
    """The branch that is not there has one frame of weight one."""
    assert_agrees(export_models.tiny_model(branches=[branch]))


def test_a_backbone_that_cannot_be_traced_is_refused():
    model = export_models.tiny_model()
    model.backbone.export_refusal = 'it is a file'
    with pytest.raises(ExportError, match='whisper-base cannot be exported: it is a file'):
        to_onnx(model, max_samples=48000)
