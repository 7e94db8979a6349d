"""Every family exports alone and agrees with torch at three lengths and on silence."""

import numpy as np
import pytest
import torch

from physioser_ros.model.backbones import create_backbone

onnxruntime = pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')
pytest.importorskip('onnxscript', reason='the exporter of torch needs onnxscript')
pytest.importorskip('transformers', reason='transformers is not installed')

FAMILIES = {'whisper-base': (0, 1), 'wav2vec2': (0, 1), 'hubert': (1,), 'wavlm': (1, 2),
            'emotion2vec': (0, 1), 'beats': (0, 1), 'clap': (1,)}


@pytest.mark.parametrize('name', FAMILIES)
@pytest.mark.timeout(120)
def test_exported_backbone_agrees_with_torch(name, tmp_path):
    backbone = create_backbone(name, layers=FAMILIES[name], random_init=True)
    longest = backbone.max_samples or 160000
    samples = torch.export.Dim('samples', min=backbone.min_samples, max=longest)
    program = torch.onnx.export(
        backbone, (torch.randn(1, 8000) * 0.1,), dynamo=True, verbose=False, opset_version=18,
        dynamic_shapes={'waveform': {1: samples}}, input_names=['waveform'])
    path = tmp_path / 'backbone.onnx'
    program.save(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options,
                                           providers=['CPUExecutionProvider'])
    for length, gain in ((backbone.min_samples, 0.1), (7777, 0.1), (24000, 0.1), (7777, 0)):
        torch.manual_seed(length)
        waveform = torch.randn(1, length) * gain
        with torch.no_grad():
            frames, counts = backbone(waveform)
        answer, number = session.run(None, {'waveform': waveform.numpy()})[:2]
        assert answer.shape == tuple(frames.shape)
        assert number.tolist() == counts.tolist()
        assert np.abs(answer - frames.numpy()).max() <= 1e-4 * float(frames.abs().max())
