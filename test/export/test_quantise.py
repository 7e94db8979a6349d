"""Eight bits only where they change little."""

import numpy as np
from onnx import helper, numpy_helper, TensorProto

from physioser_ros.export import quantise as room


def backbone():
    """Return a graph of two large matrix products that a backbone's notes name."""
    random = np.random.default_rng(0)
    nodes = [helper.make_node('MatMul', ['waveform', 'first.weight'], ['hidden'], name='first'),
             helper.make_node('MatMul', ['hidden', 'second.weight'], ['probabilities'],
                              name='second'),
             helper.make_node('Identity', ['component_mask'], ['branch_weights'], name='rest')]
    for node in nodes[:2]:
        node.metadata_props.add(key='pkg.torch.onnx.name_scopes', value="['model.backbone']")
    value = helper.make_tensor_value_info
    return helper.make_model(helper.make_graph(
        nodes, 'backbone', [value('waveform', TensorProto.FLOAT, [1, 256]),
                            value('component_mask', TensorProto.FLOAT, [1, 4])],
        [value('probabilities', TensorProto.FLOAT, [1, 256]),
         value('branch_weights', TensorProto.FLOAT, [1, 4])],
        [numpy_helper.from_array(random.standard_normal((256, 256)).astype(np.float32) / 16, name)
         for name in ('first.weight', 'second.weight')]),
        opset_imports=[helper.make_opsetid('', 20)], ir_version=9)


def test_what_moves_the_answers_stays_in_floating_point(monkeypatch):
    moved = iter([0.1, 0.001])
    monkeypatch.setattr(room, '_moved', lambda before, after: next(moved))
    clips = [np.random.default_rng(1).standard_normal(256).astype(np.float32)]
    said = []
    quantised = room.quantise(backbone(), clips, said.append)
    kinds = [node.op_type for node in quantised.graph.node]
    assert kinds.count('MatMul') == kinds.count('MatMulInteger') == 1
    assert next(node.name for node in quantised.graph.node if node.op_type == 'MatMul') == 'first'
    assert said == ['first in 8 bits moves the answers by 0.1000: stays as it is',
                    'second in 8 bits moves the answers by 0.0010']
