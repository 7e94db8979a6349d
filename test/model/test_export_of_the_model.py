"""The trainable part exports with dynamic length and agrees with torch, on silence too."""

from model_fakes import ExportWrapper, small_model
import numpy as np
import pytest
import torch

from physioser_ros.features import QuartetConfig
from physioser_ros.model import Quartet

onnxruntime = pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')
pytest.importorskip('onnxscript', reason='the exporter of torch needs onnxscript')

SAMPLES = torch.export.Dim('samples', min=512, max=160000)
VARIANTS = torch.export.Dim('variants', min=1, max=8)


def session(module, example, shapes, names, folder):
    """Export `module` and return an onnxruntime session of it."""
    program = torch.onnx.export(module.eval(), example, dynamo=True, dynamic_shapes=shapes,
                                input_names=names, verbose=False)
    program.save(folder / 'model.onnx')
    return onnxruntime.InferenceSession(str(folder / 'model.onnx'),
                                        providers=['CPUExecutionProvider'])


def assert_agrees(exported, module, names, inputs, tolerance, share=1.0):
    """Compare all outputs; a `share` of the numbers of each must be within the tolerance."""
    given = {name: value.numpy() for name, value in zip(names, inputs)}
    with torch.no_grad():
        expected = module(*inputs)
    for want, got in zip(expected, exported.run(None, given)):
        assert got.shape == tuple(want.shape)
        assert np.quantile(np.abs(got - want.numpy()), share) < tolerance


@pytest.mark.parametrize('options', [
    {'variant': 'backbone_only'},
    {'speaker': {'enabled': True}, 'encoder': {'frequency': 'weighted', 'statistics': True}}])
def test_the_whole_model(options, tmp_path):
    model = small_model(**options)
    count = 2 + model.config.speaker.enabled
    names = ['waveform', 'component_mask', 'speaker_state'][:count]
    size = 1 + model.speaker_width
    example = (torch.randn(1, 8000) * 0.1, torch.ones(2, 4), torch.zeros(size))[:count]
    shapes = ({1: SAMPLES}, {0: VARIANTS}, None)[:count]
    exported = session(ExportWrapper(model.folded()), example, shapes, names, tmp_path)
    for samples, variants, gain in ((512, 1, 0.1), (5000, 5, 0.1), (16001, 1, 0), (30000, 5, 0.1)):
        inputs = (torch.randn(1, samples) * gain, torch.ones(variants, 4), torch.rand(size))
        assert_agrees(exported, ExportWrapper(model), names, inputs[:count], 1e-5)


def test_the_other_forms_of_the_quartet(tmp_path):
    config = QuartetConfig(if_mode='phase_diff', if_ref='absolute', rho='analytic',
                           gd='modified', bands=16, hop=320)
    module = Quartet(config)
    exported = session(module, (torch.randn(1, 8000),), ({1: SAMPLES},), ['waveform'], tmp_path)
    for samples, gain in ((512, 0.1), (5001, 0.1), (16000, 0)):
        torch.manual_seed(samples)
        inputs = (torch.randn(1, samples) * gain,)
        # Half a turn between two frames may round to either sign, hence not all.
        assert_agrees(exported, module, ['waveform'], inputs, 1e-4, 0.999)
