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


@pytest.mark.parametrize('backbone', ['wavlm', 'clap'])
@pytest.mark.timeout(900)
def test_a_model_on_another_backbone(backbone):
    pytest.importorskip('transformers', reason='transformers is not installed')
    assert_agrees(export_models.tiny_model(backbone))


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
