"""
Whole numbers instead of floating point: 8 bits where the time is spent.

The backbone's matrix products measure their input anew in every run; convolutions take the
ranges of theirs from recordings. The fast kernels want signed weights. Processors without the
VNNI instructions add pairs of products in 16 bits, which weights of 8 bits overflow without a
word: so weights use seven of their bits, whose products fit everywhere.
"""

import contextlib
import logging
import math
from pathlib import Path
import re
import tempfile

import numpy as np
import onnx

from physioser_ros.export.answering import answers, feed
from physioser_ros.export.errors import ExportError
from physioser_ros.export.storage import LARGE

#: Recordings that the ranges of the convolutions' inputs are measured on.
CALIBRATION_CLIPS = 32
#: What alone moves probabilities or weights by more, on the mean, stays as it is.
DISTURBANCE = 0.02
#: Longest part of a recording that is used, in samples.
_LONGEST = 80000
#: No component left out.
_WHOLE = np.ones((1, 4), np.float32)


def quantise(proto, clips, say=print):
    """
    Return a graph in 8 bits.

    :param proto: onnx ModelProto, float32, as the exporter wrote it; not changed
    :param clips: float32 arrays (n,), recordings
    :param say: callable of one line of text
    :return: onnx ModelProto
    :raises ExportError: without recordings, or if there is nothing to quantise
    """
    if not clips:
        raise ExportError('int8 needs recordings to measure ranges on: give some')
    clips = [clip[:_LONGEST] for clip in clips[:CALIBRATION_CLIPS]]
    products, convolutions = _products(proto), _convolutions(proto)
    if not products and not convolutions:
        raise ExportError('the graph has no matrix product or convolution worth 8 bits')
    before = answers(proto, clips, _WHOLE)[:, 0]

    def harmless(name, graph):
        moved = _moved(before, answers(graph, clips, _WHOLE)[:, 0])
        stays = moved > DISTURBANCE
        say(f'{name} in 8 bits moves the answers by {moved:.4f}'
            + (': stays as it is' if stays else ''))
        return not stays
    fixed = [name for name in convolutions if harmless(name, _static(proto, clips, [name]))]
    measured = [name for name in products if harmless(name, _dynamic(proto, [name]))]
    quantised = _static(proto, clips, fixed) if fixed else proto
    return _dynamic(quantised, measured) if measured else quantised


def _products(proto):
    """Return the names of the matrix products with large constant weights in the backbone."""
    weights = {tensor.name: math.prod(tensor.dims) for tensor in proto.graph.initializer}
    # What comes later sees one frame in four or a single token: little time, much influence.
    return [node.name for node in proto.graph.node
            if node.op_type == 'MatMul' and weights.get(node.input[1], 0) >= LARGE
            and _in_backbone(node)]


def _in_backbone(node):
    """Return whether a node's notes name a module `backbone`, at whatever depth."""
    names = {name for note in node.metadata_props for name in re.split(r'[^\w]+', note.value)}
    return 'backbone' in names


def _convolutions(proto):
    """Return the names of the convolutions with learned weights."""
    weights = {tensor.name: tensor.dims for tensor in proto.graph.initializer}
    # One input channel is a bank of filters on the waveform, whose exactness all else rests on.
    return [node.name for node in proto.graph.node
            if node.op_type == 'Conv' and node.input[1] in weights
            and weights[node.input[1]][1] > 1]


def _static(proto, clips, names):
    """Return the graph with some convolutions in 8 bits, ranges measured on the clips."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, quantize_static, QuantType

    def run(target):
        quantize_static(
            _copy(proto), target, _Reader(proto, clips), quant_format=QuantFormat.QDQ,
            op_types_to_quantize=['Conv'], nodes_to_quantize=names, per_channel=True,
            reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax)
    return _written(run)


def _dynamic(proto, names):
    """Return the graph with some matrix products in 8 bits, inputs measured as they come."""
    from onnxruntime.quantization import quantize_dynamic, QuantType

    def run(target):
        quantize_dynamic(_copy(proto), target, op_types_to_quantize=['MatMul'],
                         nodes_to_quantize=names, per_channel=True, reduce_range=True,
                         weight_type=QuantType.QInt8)
    return _written(run)


def _written(run):
    """Return the graph that a quantiser writes; `run` is given the file to write."""
    disabled = logging.root.manager.disable
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        logging.disable(logging.WARNING)
        stack.callback(logging.disable, disabled)
        target = Path(folder) / 'quantised.onnx'
        run(target)
        return onnx.load(target)


def _copy(proto):
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    return copy


class _Reader:
    """Gives recordings to the quantiser, one after the other."""

    def __init__(self, proto, clips):
        self._feeds = iter([feed(proto, clip, _WHOLE) for clip in clips])

    def get_next(self):
        """Return the next inputs, None at the end."""
        return next(self._feeds, None)

    def __iter__(self):
        return self._feeds

    def __next__(self):
        return next(self._feeds)


def _moved(before, after):
    """Return the mean over the clips of the largest change of a number."""
    return float(np.abs(after - before).max(1).mean())
