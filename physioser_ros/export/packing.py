"""
Matrices of 12 bits a number, where float16 would make a file too large.

Which ones: those that disturb the answers least for the bytes that they save, by trying each.
"""

import numpy as np
import onnx
from onnx import numpy_helper, TensorProto

from physioser_ros.export.answering import answers
from physioser_ros.export.parity import masks, sounds
from physioser_ros.export.storage import replace, steps

#: Numbers of a column that share a scale.
GROUP = 32
#: Shortest and longest sound in samples on which the matrices are tried.
_LENGTHS = 11200, 32000


def pack(proto, arrays, max_bytes, clips=()):
    """
    Pack as few matrices as bring a graph below a size, in place; all of them if none will do.

    :param proto: onnx ModelProto, as `compact` leaves it
    :param arrays: what `compact` returned
    :param max_bytes: size to stay below
    :param clips: float32 arrays (n,), recordings on which to try
    :return: names of the packed matrices
    """
    if proto.ByteSize() < max_bytes:
        return []
    heard = [waveform for _, waveform in sounds(*_LENGTHS, clips)]
    halves = {tensor.name for tensor in proto.graph.initializer}
    candidates = [name for name, values in arrays.items()
                  if f'{name}.half' in halves and values.ndim == 2
                  and not values.shape[0] % (2 * GROUP)]
    before = answers(proto, heard, masks())
    costs = {}
    for name in candidates:
        trial = onnx.ModelProto()
        trial.CopyFrom(proto)
        replace(trial.graph, name, *packed_nodes(name, arrays[name]))
        error = np.abs(answers(trial, heard, masks()) - before).max()
        costs[name] = error / (proto.ByteSize() - trial.ByteSize())
    packed = []
    for name in sorted(candidates, key=costs.get):
        if proto.ByteSize() < max_bytes:
            break
        replace(proto.graph, name, *packed_nodes(name, arrays[name]))
        packed.append(name)
    return packed


def packed_nodes(name, values):
    """
    Return the nodes and constants of a matrix stored with 12 bits a number.

    Every `GROUP` numbers of a column have their own scale. Two numbers, one of the upper and one
    of the lower half of the rows, share three bytes: eight bits of each, and one byte with four
    bits of both.

    :param name: name of the float32 tensor that the nodes make
    :param values: float32, shape (rows, columns), rows a multiple of twice `GROUP`
    """
    groups = values.reshape(-1, GROUP, values.shape[1])
    scale = np.maximum(np.abs(groups).max(1, keepdims=True), 1e-30) / 2047
    unit = np.float32(scale.max())  # So that the scales themselves fit float16.
    # Rounded up: no number may leave the 12 bits.
    scale = np.nextafter((scale / unit).astype(np.float16), np.float16(2))
    whole = (np.rint(groups / (scale.astype(np.float32) * unit)) + 2048).astype(np.int64)
    upper, lower = np.split(whole.reshape(values.shape), 2)
    constants = {
        'high': (whole.reshape(values.shape) >> 4).astype(np.uint8),
        'low': ((upper & 15) * 16 + (lower & 15)).astype(np.uint8), 'scale': scale,
        'unit': unit, 'sixteen': np.float32(16), 'zero': np.float32(2048),
        'groups': np.array(groups.shape), 'shape': np.array(values.shape)}
    to_float = {'to': TensorProto.FLOAT}
    nodes = steps(name, [
        ('Cast', ['high'], 'high_float', to_float),
        ('Mul', ['high_float', 'sixteen'], 'high_part', {}),
        ('Cast', ['low'], 'low_float', to_float),
        ('Div', ['low_float', 'sixteen'], 'shifted', {}),
        ('Floor', ['shifted'], 'upper', {}), ('Mul', ['upper', 'sixteen'], 'upper_part', {}),
        ('Sub', ['low_float', 'upper_part'], 'lower', {}),
        ('Concat', ['upper', 'lower'], 'low_part', {'axis': 0}),
        ('Add', ['high_part', 'low_part'], 'sum', {}), ('Sub', ['sum', 'zero'], 'signed', {}),
        ('Reshape', ['signed', 'groups'], 'grouped', {}),
        ('Cast', ['scale'], 'scale_float', to_float),
        ('Mul', ['scale_float', 'unit'], 'step', {}), ('Mul', ['grouped', 'step'], 'scaled', {}),
        ('Reshape', ['scaled', 'shape'], '', {})])
    return nodes, [numpy_helper.from_array(np.asarray(value), f'{name}.{key}')
                   for key, value in constants.items()]
