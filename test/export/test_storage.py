"""Constants stored small come back, exact or nearly so."""

import numpy as np
from onnx import helper, numpy_helper, TensorProto
import onnxruntime
import pytest

from physioser_ros.export import packing, storage
from physioser_ros.model import QuaternionConv2d
from physioser_ros.model.backbones.log_mel import LogMel


def unpacked(nodes, constants, shape):
    """Return the tensor `x` that nodes make."""
    graph = helper.make_graph(nodes, 'graph', [], [
        helper.make_tensor_value_info('x', TensorProto.FLOAT, shape)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=['CPUExecutionProvider'])
    return session.run(None, {})[0]


def size(constants):
    return sum(len(tensor.raw_data) for tensor in constants)


@pytest.mark.parametrize('kind', ['cosines', 'sines'])
def test_waves_become_one_turn(kind):
    waves = getattr(LogMel().spectra, kind).numpy()
    nodes, constants = storage.wave_nodes('x', waves)
    assert abs(unpacked(nodes, constants, waves.shape) - waves).max() <= 1e-6
    assert size(constants) < waves.nbytes / 20


def test_other_matrices_are_left_alone():
    assert storage.wave_nodes('x', np.full((12, 64), 0.5, np.float32)) is None
    assert storage.wave_nodes('x', np.ones((12, 1, 64), np.float32)) is None


def test_a_quaternion_kernel_becomes_its_four_parts():
    kernel = QuaternionConv2d(16, 32, 3).to_real().weight.detach().numpy()
    nodes, constants = storage.hamilton_nodes('x', kernel)
    assert np.allclose(unpacked(nodes, constants, kernel.shape), kernel, rtol=1e-3, atol=1e-6)
    assert size(constants) < kernel.nbytes / 3.9
    kernel[0, 0, 0, 0] += 1
    assert storage.hamilton_nodes('x', kernel) is None


def test_float16_is_used_only_within_its_range():
    values = np.random.default_rng(0).standard_normal((256, 128)).astype(np.float32)
    nodes, constants = storage.half_nodes('x', values)
    assert np.allclose(unpacked(nodes, constants, values.shape), values, rtol=5e-4, atol=1e-7)
    assert size(constants) == values.nbytes / 2
    values[0, 0] = 1e6
    assert storage.half_nodes('x', values)[0] == []


@pytest.mark.parametrize('scale', [1e-4, 1, 300])
def test_a_packed_matrix_has_twelve_bits(scale):
    values = np.random.default_rng(0).standard_normal((128, 48)).astype(np.float32) * scale
    values[:, 3] = 0
    values[:32, 4] = np.float32(scale) * np.linspace(-1, 1, 32)
    nodes, constants = packing.packed_nodes('x', values)
    error = abs(unpacked(nodes, constants, values.shape) - values)
    groups = abs(values).reshape(4, 32, 48).max(1, keepdims=True).repeat(32, 1).reshape(128, 48)
    assert (error <= groups / 2047 * 0.6 + 1e-9).all()
    assert size(constants) < values.nbytes * 0.41


def two_matrices():
    """Return a graph whose first matrix decides all and whose second one nothing, and both."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal((64, 64)).astype(np.float32) for name in ('big', 'none')}
    constants = [numpy_helper.from_array(values, name) for name, values in arrays.items()]
    constants += [numpy_helper.from_array(np.arange(64), 'first'),
                  numpy_helper.from_array(np.float32(0), 'zero')]
    nodes = [
        helper.make_node('Gather', ['waveform', 'first'], ['head'], axis=1),
        helper.make_node('MatMul', ['head', 'big'], ['a']),
        helper.make_node('MatMul', ['head', 'none'], ['b']),
        helper.make_node('Mul', ['b', 'zero'], ['c']),
        helper.make_node('Add', ['a', 'c'], ['d']),
        helper.make_node('ReduceSum', ['component_mask'], ['mask'], keepdims=1),
        helper.make_node('Add', ['d', 'mask'], ['e']),
        helper.make_node('Softmax', ['e'], ['probabilities'], axis=1),
        helper.make_node('Softmax', ['d'], ['branch_weights'], axis=1)]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, 'graph', [info('waveform', 1, [1, 'n']), info('component_mask', 1, ['v', 4])],
        [info('probabilities', 1, [1, 64]), info('branch_weights', 1, [1, 64])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 20)], ir_version=10)


def test_the_matrix_that_disturbs_least_is_packed_first(monkeypatch):
    monkeypatch.setattr(storage, 'LARGE', 4096)
    proto = two_matrices()
    arrays = storage.compact(proto)
    assert packing.pack(proto, arrays, proto.ByteSize() + 1) == []
    assert packing.pack(proto, arrays, proto.ByteSize() - 1) == ['none']
    assert 'none.half' not in {tensor.name for tensor in proto.graph.initializer}
    assert 'big.half' in {tensor.name for tensor in proto.graph.initializer}
