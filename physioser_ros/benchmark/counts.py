"""How much arithmetic and memory traffic a model needs, counted from its graph."""

from dataclasses import dataclass
from math import prod
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from physioser_ros.benchmark.parts import assign, values_of

_CONVOLUTIONS = {'Conv': (0, 1), 'ConvInteger': (0, 1), 'QLinearConv': (0, 3)}
_PRODUCTS = {'MatMul': (0, 1), 'MatMulInteger': (0, 1), 'Gemm': (0, 1)}
_OPERANDS = {**_CONVOLUTIONS, **_PRODUCTS}


@dataclass(frozen=True)
class Work:
    """What a part does for one utterance."""

    flop: float
    """Floating point operations of convolutions and products; a multiply-add counts as two."""
    traffic_bytes: float
    """Bytes that these read and write if nothing stays in a cache between two of them."""


def convolution_flop(output: Tuple[int, ...], weight: Tuple[int, ...]) -> int:
    """
    Return the operations of a convolution.

    :param output: shape of what comes out, (batch, channels, ...)
    :param weight: shape of the kernel, (channels out, channels in a group, taps ...)
    """
    return 2 * prod(output) * prod(weight[1:])


def product_flop(output: Tuple[int, ...], inner: int) -> int:
    """
    Return the operations of a matrix product.

    :param output: shape of what comes out
    :param inner: length of the axis that is summed over
    """
    return 2 * prod(output) * inner


def count(model: Any, feed: Mapping[str, np.ndarray]) -> Dict[str, Work]:
    """
    Return the work of each part for one utterance.

    :param model: an onnx ModelProto whose nodes say which part they belong to
    :param feed: its inputs
    :raises Absent: the nodes do not say so
    """
    heavy = [(node, part) for node, part in zip(model.graph.node, assign(model.graph))
             if node.op_type in _OPERANDS]
    tensors = {tensor.name: (tuple(tensor.dims), _item_bytes(tensor))
               for tensor in model.graph.initializer}
    names = {name for node, _ in heavy for name in (*node.input, *node.output)}
    tensors.update({name: (np.shape(value), np.asarray(value).dtype.itemsize)
                    for name, value in values_of(model, names, feed).items()})
    work: Dict[str, List[float]] = {}
    for node, part in heavy:
        flop, moved = _of_node(node, tensors)
        total = work.setdefault(part, [0.0, 0.0])
        total[0] += flop
        total[1] += moved
    return {part: Work(*total) for part, total in work.items()}


def _of_node(node: Any, tensors: Mapping[str, Tuple[Tuple[int, ...], int]]) -> Tuple[int, int]:
    first, second = (node.input[index] for index in _OPERANDS[node.op_type])
    output = node.output[0]
    moved = sum(prod(shape) * size for shape, size in
                (tensors[name] for name in (first, second, output)))
    shape, other = tensors[output][0], tensors[first][0]
    if node.op_type in _CONVOLUTIONS:
        return convolution_flop(shape, tensors[second][0]), moved
    transposed = any(entry.name == 'transA' and entry.i for entry in node.attribute)
    return product_flop(shape, other[-2 if transposed else -1]), moved


def _item_bytes(tensor: Any) -> int:
    import onnx

    return onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
