"""
Convolutions over time in the form that the runtime computes fastest.

onnxruntime has blocked kernels for images and none for sequences. So a sequence becomes an image
of one row, whose sums are the same.
"""

import numpy as np
from onnx import helper, numpy_helper

_AXIS = 'image_row'


def widen(proto):
    """
    Turn convolutions over one axis into those over an image of one row, in place.

    Banks of filters on the waveform, of one channel, stay as they are: nothing is gained there.

    :param proto: onnx ModelProto, float32
    :return: names of the convolutions that were changed
    """
    graph = proto.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    chosen = [node for node in graph.node
              if node.op_type == 'Conv' and _pads_are_given(node) and node.input[1] in weights
              and len(weights[node.input[1]].dims) == 3 and weights[node.input[1]].dims[1] > 1]
    if chosen:
        graph.initializer.append(numpy_helper.from_array(np.array([2]), _AXIS))
    for node in chosen:
        weight = weights[node.input[1]]
        if len(weight.dims) == 3:
            weight.dims.insert(2, 1)
        place = list(graph.node).index(node)
        made = _image_nodes(node)
        graph.node.remove(node)
        for offset, new in enumerate(made):
            graph.node.insert(place + offset, new)
    return [node.name for node in chosen]


def _pads_are_given(node):
    """Return whether a convolution says how many zeros it wants, instead of how to count them."""
    return all(entry.s == b'NOTSET' for entry in node.attribute if entry.name == 'auto_pad')


def _image_nodes(node):
    """Return the nodes that take the place of one convolution; they bear its notes."""
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    pads = attributes.pop('pads', [0, 0])
    attributes.update(
        strides=[1, *attributes.get('strides', [1])], pads=[0, pads[0], 0, pads[1]],
        dilations=[1, *attributes.get('dilations', [1])])
    if 'kernel_shape' in attributes:
        attributes['kernel_shape'] = [1, *attributes['kernel_shape']]
    taken, given = f'{node.name}.rows', f'{node.name}.image'
    made = [
        helper.make_node('Unsqueeze', [node.input[0], _AXIS], [taken], name=taken),
        helper.make_node('Conv', [taken, *node.input[1:]], [given], name=node.name,
                         **attributes),
        helper.make_node('Squeeze', [given, _AXIS], list(node.output), name=given)]
    for new in made:
        new.metadata_props.extend(node.metadata_props)
    return made
