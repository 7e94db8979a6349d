"""
The parts of an exported model: which node belongs where, and each part as a graph of its own.

So the parts are timed as they are in the very file that is shipped, at its own precision. The
exporter notes with every node the module that it came from.
"""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Set, Tuple

import numpy as np

from physioser_ros.benchmark.contestant import Absent

#: Modules of the model by part, in the order of the data flow; the first that fits counts.
MODULES = {
    'log-mel': ('log_mel',),
    'backbone': ('backbone',),
    'quartet': ('quartet',),
    'encoder': ('encoder', 'vap_summary', 'statistics'),
    'latent': ('latent', 'ssl_summary', 'speaker'),
    'fusion': ('vap_projection', 'ssl_projection', 'fusion', 'classifier', 'gate'),
}
#: Level, mask and whatever else belongs to no part.
REST = 'rest'
PARTS = (*MODULES, REST)

_SCOPES = 'pkg.torch.onnx.name_scopes'
_PART = 'part'


@dataclass(frozen=True)
class Tensors:
    """Names of what flows into and out of a part."""

    inputs: Tuple[str, ...]
    """Tensors that the part takes from others, sorted."""
    outputs: Tuple[str, ...]
    """Tensors that others take from the part, sorted."""


def part_of(node: Any) -> str:
    """
    Return the part that a node says it belongs to, '' where it says nothing.

    :param node: an onnx NodeProto
    """
    notes = {entry.key: entry.value for entry in node.metadata_props}
    if notes.get(_PART):
        return notes[_PART].replace('_', '-')
    try:
        scopes = ast.literal_eval(notes.get(_SCOPES, '[]'))
    except (ValueError, SyntaxError):
        return ''
    # The last scope is the operation itself.
    names = {name for scope in scopes[:-1] for name in str(scope).split('.')}
    return next((part for part, modules in MODULES.items() if names & set(modules)), '')


def assign(graph: Any) -> List[str]:
    """
    Return the part of each node of a graph.

    A node that says nothing, as a cast of a weight or what a quantiser added, goes with what
    uses it, if that is one part.

    :param graph: an onnx GraphProto, in topological order
    :raises Absent: no node says where it belongs
    """
    assigned = [part_of(node) for node in graph.node]
    if not any(assigned):
        raise Absent('the nodes of the file do not say which module they came from: export it '
                     'anew with this version')
    users: Dict[str, Set[str]] = {}
    for output in graph.output:
        users.setdefault(output.name, set()).add(REST)
    for index in reversed(range(len(assigned))):
        node = graph.node[index]
        if not assigned[index]:
            using = set().union(*(users.get(name, set()) for name in node.output))
            assigned[index] = using.pop() if len(using) == 1 else REST
        for name in node.input:
            users.setdefault(name, set()).add(assigned[index])
    return assigned


def boundaries(graph: Any, assigned: Sequence[str]) -> Dict[str, Tensors]:
    """
    Return what flows into and out of each part.

    :param graph: an onnx GraphProto
    :param assigned: the part of each node
    """
    constant = {tensor.name for tensor in graph.initializer} | {''}
    maker = {name: part for node, part in zip(graph.node, assigned) for name in node.output}
    results = {output.name for output in graph.output}
    inputs: Dict[str, Set[str]] = {part: set() for part in assigned}
    outputs: Dict[str, Set[str]] = {part: set() for part in assigned}
    for name in results & set(maker):
        outputs[maker[name]].add(name)
    for node, part in zip(graph.node, assigned):
        for name in set(node.input) - constant:
            if maker.get(name) != part:
                inputs[part].add(name)
                if name in maker:
                    outputs[maker[name]].add(name)
    return {part: Tensors(tuple(sorted(inputs[part])), tuple(sorted(outputs[part])))
            for part in inputs}


def read_graph(path: Path) -> Any:
    """
    Return the onnx ModelProto of a file.

    :raises Absent: onnx is not installed
    """
    try:
        import onnx
    except ImportError as error:
        raise Absent(f'onnx is not installed ({error}): pip install onnx') from error
    return onnx.load(str(path))


def values_of(model: Any, names: Iterable[str],
              feed: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """
    Run a model without any optimisation and return tensors from inside it.

    :param model: an onnx ModelProto; not changed
    :param names: tensors wanted; inputs and constants are taken from where they are
    :param feed: its inputs
    """
    import onnx
    import onnxruntime

    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    made = {name for node in probe.graph.node for name in node.output}
    wanted = sorted(set(names) & made)
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options,
                                           providers=['CPUExecutionProvider'])
    taken = {node.name for node in session.get_inputs()}
    values = dict(zip(wanted, session.run(wanted, {
        name: value for name, value in feed.items() if name in taken})))
    values.update({name: feed[name] for name in set(names) & set(feed)})
    return values


def cut(model: Any, part: str, feed: Mapping[str, np.ndarray]) -> Tuple[bytes, Dict[str, Any]]:
    """
    Return one part as a model of its own, and what it was fed within the whole.

    :param model: the onnx ModelProto
    :param part: one of `PARTS`
    :param feed: inputs of the whole model
    :returns: the bytes of an ONNX file and its inputs by name
    :raises Absent: the model has no such part
    """
    import onnx

    graph = model.graph
    assigned = assign(graph)
    if part not in assigned:
        raise Absent(f'the model has no part {part}')
    tensors = boundaries(graph, assigned)[part]
    nodes = [node for node, name in zip(graph.node, assigned) if name == part]
    used = {name for node in nodes for name in node.input}
    values = values_of(model, (*tensors.inputs, *tensors.outputs), feed)
    piece = onnx.helper.make_graph(
        nodes, part, [_value_info(name, values[name]) for name in tensors.inputs],
        [_value_info(name, values[name]) for name in tensors.outputs],
        [tensor for tensor in graph.initializer if tensor.name in used])
    made = onnx.helper.make_model(piece, opset_imports=model.opset_import,
                                  ir_version=model.ir_version, functions=model.functions)
    return made.SerializeToString(), {name: values[name] for name in tensors.inputs}


def _value_info(name: str, value: np.ndarray) -> Any:
    """Return type and rank; sizes stay open, as they are within the whole."""
    import onnx

    kind = onnx.helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype)
    return onnx.helper.make_tensor_value_info(name, kind, [None] * np.ndim(value))
