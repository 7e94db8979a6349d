"""
How the constants of a graph are stored: small in the file, exact or nearly so at run time.

What is stored here is turned back by ordinary nodes whose inputs are constants. onnxruntime
computes those once, when it loads the file, so that they cost nothing later.
"""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto

#: Constants below so many elements stay as they are: little to gain, and tables of small numbers
#: (filter banks, statistics) that float16 would hurt are among them.
LARGE = 32768
#: Constants below so many elements stay as they are even where float16 would be exact.
SMALL = 512
#: Notes that the exporter leaves at each node; only this one names no file of the exporter.
KEPT_NOTE = 'pkg.torch.onnx.name_scopes'


def compact(proto):
    """
    Store the large constants of a graph small, in place.

    Cosines and sines become one turn of them, folded quaternion kernels their four parts; then
    whatever is large and float32 becomes float16 with a Cast behind it.

    :param proto: onnx ModelProto
    :return: the constants as they were, a dictionary of float32 arrays, large ones first
    """
    strip(proto)
    tensors = sorted((tensor for tensor in proto.graph.initializer if _shrinks(tensor)),
                     key=lambda tensor: -math.prod(tensor.dims))
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in tensors}
    for name, values in arrays.items():
        made = (wave_nodes(name, values) or hamilton_nodes(name, values)
                or half_nodes(name, values))
        replace(proto.graph, name, *made)
    return arrays


def _shrinks(tensor):
    """Return whether a constant is to be stored otherwise than it is."""
    size = math.prod(tensor.dims)
    if tensor.data_type != TensorProto.FLOAT or size < SMALL:
        return False
    if size >= LARGE or len(tensor.dims) > 2 and size >= SMALL:
        return True
    return _is_half(numpy_helper.to_array(tensor))


def _is_half(values):
    """Return whether float16 holds an array without loss."""
    with np.errstate(over='ignore'):
        return np.array_equal(values.astype(np.float16).astype(np.float32), values)


def replace(graph, name, nodes, constants):
    """
    Make a constant by nodes from other constants, in place.

    :param graph: onnx GraphProto
    :param name: the constant, or what `replace` put in its place before
    :param nodes: nodes that make a tensor of this name
    :param constants: initializers that they use
    """
    for kind in (graph.initializer, graph.node):
        for thing in [thing for thing in kind
                      if thing.name in (name, f'{name}.half', f'stored/{name}')]:
            kind.remove(thing)
    graph.initializer.extend(constants)
    for place, node in enumerate(nodes):
        graph.node.insert(place, node)


def strip(proto):
    """Drop from a graph, in place, what only its exporter needed: traces, paths, shapes."""
    graph = proto.graph
    for thing in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        thing.doc_string = ''
        kept = [note for note in thing.metadata_props if note.key == KEPT_NOTE]
        del thing.metadata_props[:]
        thing.metadata_props.extend(kept)
    del graph.value_info[:]
    del graph.metadata_props[:]
    graph.doc_string = proto.doc_string = ''
    return proto


def half_nodes(name, values):
    """
    Return the nodes and constants of `values` stored as float16.

    :param name: name of the float32 tensor that the nodes make
    :param values: float32 array
    """
    too_large = np.abs(values).max() > np.finfo(np.float16).max
    if too_large or values.size < LARGE and not _is_half(values):
        return [], [numpy_helper.from_array(values, name)]
    stored = numpy_helper.from_array(values.astype(np.float16), f'{name}.half')
    return [_node('Cast', [stored.name], name, to=TensorProto.FLOAT)], [stored]


def wave_nodes(name, values):
    """
    Return nodes and constants of a matrix of cosines or sines, or None if it is none.

    Row k is a wave of k turns in twice as many samples as the matrix has columns.

    :param name: name of the float32 tensor that the nodes make
    :param values: float32, shape (bins, columns)
    """
    if values.ndim != 2:
        return None
    bins, places = (np.arange(size) for size in values.shape)
    size = 2 * len(places)
    turns = np.outer(bins, places) % size
    angle = 2 * np.pi * np.arange(size) / size
    for wave in (np.cos(angle), np.sin(angle), -np.sin(angle)):
        table = wave.astype(np.float32)
        if len(places) and np.abs(table[turns] - values).max() <= 1e-6:
            break
    else:
        return None
    constants = {'bin': bins[:, None], 'place': places[None], 'size': np.array(size),
                 'table': table}
    # Whole turns are taken off in integers, so that every angle is exact.
    nodes = steps(name, [
        ('Mul', ['bin', 'place'], 'turn', {}), ('Mod', ['turn', 'size'], 'rest', {}),
        ('Gather', ['table', 'rest'], '', {'axis': 0})])
    return nodes, [numpy_helper.from_array(value, f'{name}.{key}')
                   for key, value in constants.items()]


#: Part of the quaternion and its sign at each place of the real kernel, rows r, i, j, k.
_HAMILTON = (((0, 1), (1, -1), (2, -1), (3, -1)), ((1, 1), (0, 1), (3, -1), (2, 1)),
             ((2, 1), (3, 1), (0, 1), (1, -1)), ((3, 1), (2, -1), (1, 1), (0, 1)))


def hamilton_nodes(name, values):
    """
    Return nodes and constants of a folded quaternion kernel, or None if it is none.

    :param name: name of the float32 tensor that the nodes make
    :param values: float32, shape (4 out, 4 in, height, width)
    """
    if values.ndim != 4 or values.shape[0] % 4 or values.shape[1] % 4:
        return None
    outputs, inputs = values.shape[0] // 4, values.shape[1] // 4
    blocks = values.reshape(4, outputs, 4, inputs, *values.shape[2:]).swapaxes(1, 2)
    parts = blocks[:, 0]
    for row, places in zip(blocks, _HAMILTON):
        for block, (part, sign) in zip(row, places):
            if not np.array_equal(block, sign * parts[part]):
                return None
    nodes, constants = half_nodes(f'{name}.parts', np.ascontiguousarray(parts))
    nodes.append(_node('Split', [f'{name}.parts'], *(f'{name}.{key}' for key in 'rijk'),
                       axis=0, num_outputs=4))
    nodes += [_node('Neg', [f'{name}.{key}'], f'{name}.-{key}') for key in 'ijk']
    for row, places in enumerate(_HAMILTON):
        pieces = [f'{name}.{"" if sign > 0 else "-"}{"rijk"[part]}' for part, sign in places]
        nodes.append(_node('Concat', pieces, f'{name}.row{row}', axis=2))
    nodes.append(_node('Concat', [f'{name}.row{row}' for row in range(4)], f'{name}.rows',
                       axis=1))
    shape = numpy_helper.from_array(np.array(values.shape), f'{name}.shape')
    nodes.append(_node('Reshape', [f'{name}.rows', shape.name], name))
    return nodes, [*constants, shape]


def steps(name, table):
    """
    Return a chain of nodes that makes a tensor.

    :param name: the tensor
    :param table: rows of operator, names of inputs, name of the output, attributes; the names
        come behind that of the tensor, and an empty one is the tensor itself
    """
    return [_node(kind, [f'{name}.{key}' for key in inputs],
                  f'{name}.{output}' if output else name, **attributes)
            for kind, inputs, output, attributes in table]


def _node(kind, inputs, *outputs, **attributes):
    return helper.make_node(kind, inputs, list(outputs), name=f'stored/{outputs[0]}',
                            **attributes)


def save(proto, path):
    """
    Check a graph and write it as one file.

    :param proto: onnx ModelProto
    :param path: file to write
    """
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString())
