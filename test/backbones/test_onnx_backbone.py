"""Any ONNX file as backbone."""

import json

import numpy as np
import pytest
import torch

from physioser_ros.model.backbones import BackboneError, create_backbone

onnx = pytest.importorskip('onnx', reason='onnx is not installed')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')

ABOUT = {'name': 'frames-of-320', 'width': 320, 'layers': [1, 2], 'frame_step_s': 0.02,
         'licence': 'none', 'min_samples': 320, 'max_samples': 160000}


@pytest.fixture
def folder(tmp_path):
    """Write a graph that cuts the waveform into frames of 320 samples; layer 2 is twice that."""
    helper = onnx.helper
    constants = {'step': np.array([320], np.int64), 'start': np.array([0], np.int64),
                 'axis': np.array([1], np.int64), 'shape': np.array([1, 1, -1, 320], np.int64),
                 'two': np.array(2, np.float32)}
    nodes = [helper.make_node('Shape', ['waveform'], ['size'], start=1),
             helper.make_node('Div', ['size', 'step'], ['count']),
             helper.make_node('Mul', ['count', 'step'], ['end']),
             helper.make_node('Slice', ['waveform', 'start', 'end', 'axis'], ['whole']),
             helper.make_node('Reshape', ['whole', 'shape'], ['once']),
             helper.make_node('Mul', ['once', 'two'], ['twice']),
             helper.make_node('Concat', ['once', 'twice'], ['frames'], axis=1)]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, 'frames', [value('waveform', 1, [1, 'samples'])],
        [value('frames', 1, [1, 2, 'frames', 320])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=9)
    onnx.save(model, tmp_path / 'backbone.onnx')
    (tmp_path / 'backbone.json').write_text(json.dumps(ABOUT))
    return tmp_path


def test_frames_of_a_batch_come_clip_by_clip(folder):
    backbone = create_backbone('onnx', folder, layers=[2])
    clips = torch.arange(2000.0)[None].repeat(2, 1)
    frames, counts = backbone(clips, torch.tensor([2000, 700]))
    assert counts.tolist() == [6, 2]
    assert torch.equal(frames[1, 0, :2].flatten(), 2 * clips[1, :640])
    assert not frames[1, :, 2:].any()
    assert (backbone.name, backbone.width, backbone.layers) == ('frames-of-320', 320, (2,))


def test_it_says_why_it_cannot_be_exported(folder):
    assert 'cannot be traced' in create_backbone('onnx', folder, layers=[1]).export_refusal


@pytest.mark.parametrize('change, said', [
    ({'width': '320'}, "width = '320'"), ({'layers': []}, r'layers = \[\]'),
    ({'width': 80}, 'shape .*width 80')])
def test_a_wrong_description_is_refused(folder, change, said):
    (folder / 'backbone.json').write_text(json.dumps({**ABOUT, **change}))
    with pytest.raises(BackboneError, match=said):
        create_backbone('onnx', folder, layers=[1])(torch.zeros(1, 640))


def test_another_graph_is_refused(folder):
    (folder / 'backbone.onnx').write_bytes(b'not a graph')
    with pytest.raises(BackboneError, match='onnxruntime cannot load'):
        create_backbone('onnx', folder, layers=[1])
