"""Convolutions over time compute the same as images of one row."""

import numpy as np
from onnx import checker, helper, numpy_helper, TensorProto
import onnxruntime
import pytest

from physioser_ros.export.convolutions import widen


def graph(channels, **attributes):
    """Return a model of one convolution over time with `channels` inputs a group."""
    weight = np.random.default_rng(0).standard_normal((8, channels, 3)).astype(np.float32)
    node = helper.make_node('Conv', ['sound', 'weight', 'bias'], ['result'], name='stem',
                            **attributes)
    node.metadata_props.add(key='part', value='backbone')
    groups = attributes.get('group', 1)
    value = helper.make_tensor_value_info
    return helper.make_model(helper.make_graph(
        [node], 'stem', [value('sound', TensorProto.FLOAT, [1, channels * groups, 'time'])],
        [value('result', TensorProto.FLOAT, [1, 8, 'frames'])],
        [numpy_helper.from_array(weight, 'weight'),
         numpy_helper.from_array(np.arange(8, dtype=np.float32), 'bias')]),
        opset_imports=[helper.make_opsetid('', 20)], ir_version=9)


def answer(model, channels):
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=['CPUExecutionProvider'])
    sound = np.random.default_rng(1).standard_normal((1, channels, 50)).astype(np.float32)
    return session.run(None, {'sound': sound})[0]


@pytest.mark.parametrize('attributes', [
    {}, {'strides': [2], 'pads': [1, 2]}, {'dilations': [3], 'kernel_shape': [3]}, {'group': 2},
    {'auto_pad': 'NOTSET', 'pads': [1, 1]}])
def test_a_widened_convolution_gives_the_same_numbers(attributes):
    channels = 4 * attributes.get('group', 1)
    model = graph(4, **attributes)
    before = answer(model, channels)
    assert widen(model) == ['stem']
    checker.check_model(model, full_check=True)
    np.testing.assert_allclose(answer(model, channels), before, atol=1e-5)
    assert {note.value for node in model.graph.node for note in node.metadata_props} == {
        'backbone'}
    assert all(node.metadata_props for node in model.graph.node)
    assert widen(model) == []


@pytest.mark.parametrize('channels,attributes', [(1, {}), (4, {'auto_pad': 'SAME_UPPER'})])
def test_filters_on_the_waveform_and_counted_pads_stay(channels, attributes):
    model = graph(channels, **attributes)
    before = model.SerializeToString()
    assert widen(model) == []
    assert model.SerializeToString() == before
