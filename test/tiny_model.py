"""
A tiny model file that honours the contract and whose answers have a closed form.

The four "components" are statistics of the waveform that all equal the amplitude of a slow
square wave: root mean square, mean modulus, largest sample and minus the smallest sample. Their
weighted mean, the level, decides: the label whose centre is nearest to it wins. So
`samples_for(index)` gives an utterance with a known label. Other tests see a model file as the
real one: same inputs, outputs and metadata, dynamic lengths, frame weights that sum to one.
"""

import json
from pathlib import Path

import numpy as np

from physioser_ros.inference import write_manifest

LABELS = ('angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise', 'other')
#: Weight of each component in the level.
COMPONENT_WEIGHTS = np.array([0.4, 0.3, 0.2, 0.1], np.float32)
#: How sharply the nearest centre wins.
GAIN = 200.0
#: Samples of a frame.
FRAME = 1280
SPEAKER_WIDTH = 4
SPEAKER_PRIOR = 4.0
SPEAKER_MAX = 8.0


def centres(labels):
    """Return the level in (0, 1) at which each label is the most probable."""
    return ((np.arange(len(labels)) + 0.5) / len(labels)).astype(np.float32)


def samples_for(index, labels=LABELS, duration_s=1.0):
    """Return int16 samples, a square wave of 50 Hz, whose top label is `labels[index]`."""
    count = int(16000 * duration_s)
    sign = np.where((np.arange(count) // 160) % 2 == 0, 1, -1)
    return (sign * round(float(centres(labels)[index]) * 32767)).astype(np.int16)


def expected(waveform, labels=LABELS, mask=(1, 1, 1, 1), state=None):
    """Return the probabilities (classes,) that the model gives for one variant."""
    level = _level(components(waveform) - _known(state), mask)
    logits = -GAIN * (level - centres(labels).astype(np.float64)) ** 2
    odds = np.exp(logits - logits.max())
    return odds / odds.sum()


def components(waveform):
    """Return the four statistics of a float waveform."""
    wave = np.asarray(waveform, np.float64)
    return np.array([np.sqrt(np.mean(wave ** 2)), np.mean(abs(wave)), wave.max(), -wave.min()])


def next_state(waveform, state):
    """Return the speaker state (5,) after the waveform."""
    count = min(state[0] + 1, SPEAKER_MAX)
    return np.concatenate([[count],
                           state[1:] + (components(waveform) - state[1:]) / count])


def tiny_metadata(labels=LABELS, speaker=False, min_samples=6400, max_samples=160000):
    """Return the metadata of a tiny model, as a JSON object."""
    return {
        'format': 1, 'name': 'tiny', 'version': '0.0.1', 'licence': 'Apache-2.0',
        'labels': list(labels), 'sample_rate': 16000, 'min_samples': min_samples,
        'max_samples': max_samples, 'frame_step_s': {'vap': 0.08, 'ssl': 0.08},
        'components': ['M', 'rho', 'f_inst', 'tau_g'],
        'backbone': {'name': 'none', 'digest': '', 'licence': '', 'layers': [], 'note': ''},
        'corpora': [],
        'calibration': {'temperature': 1.0, 'threshold': 0.4, 'fitted_on': 'nothing'},
        'speaker': {'width': SPEAKER_WIDTH, 'prior_count': SPEAKER_PRIOR,
                    'max_count': SPEAKER_MAX} if speaker else None,
        'figures': {}, 'training': {}, 'precision': 'float32'}


def write_tiny_model(path, *, labels=LABELS, speaker=False, min_samples=6400,
                     max_samples=160000, metadata=None, nan_above=None, busy=0, manifest=True,
                     output_classes=None):
    """
    Write a tiny model and the manifest beside it.

    :param path: file to write; the manifest lists every `.onnx` file of its folder
    :param labels: class labels
    :param speaker: with speaker adaptation: what is usual for the speaker is taken off
    :param min_samples: as in the metadata
    :param max_samples: as in the metadata
    :param metadata: values to replace in the metadata; a text: the text of the metadata;
        False: no metadata
    :param nan_above: probabilities are NaN where the largest sample is above this
    :param busy: products of two 128 by 128 matrices to compute before answering to anything
        but silence, to be slow: roughly 50 µs each
    :param manifest: write `SHA256SUMS`
    :param output_classes: width of `probabilities`, where it shall differ from the labels
    :returns: `path`
    """
    import onnx

    path = Path(path)
    graph = _graph(labels[:output_classes], speaker, nan_above, busy)
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid('', 18)], ir_version=9,
        producer_name='tiny')
    if isinstance(metadata, str):
        onnx.helper.set_model_props(model, {'physioser': metadata})
    elif metadata is not False:
        values = {**tiny_metadata(labels, speaker, min_samples, max_samples),
                  **(metadata or {})}
        onnx.helper.set_model_props(model, {'physioser': json.dumps(values)})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    if manifest:
        write_manifest(path.parent, path.parent.glob('*.onnx'))
    return path


def _level(values, mask):
    return float(np.asarray(mask) * values @ COMPONENT_WEIGHTS.astype(np.float64))


def _known(state):
    if state is None:
        return np.zeros(4)
    return state[0] / (state[0] + SPEAKER_PRIOR) * np.asarray(state[1:], np.float64)


def _graph(labels, speaker, nan_above, busy):
    import onnx
    from onnx import TensorProto

    builder = _Builder()
    parts = _components(builder)
    usual = _speaker(builder, parts) if speaker else None
    shown = builder.add('Sub', parts, usual) if speaker else parts
    masked = builder.add('Mul', 'component_mask', shown)
    level = builder.add('MatMul', masked, builder.constant(COMPONENT_WEIGHTS[:, None]))
    middle = centres(labels)
    logits = builder.add('Add',
                         builder.add('Mul', level, builder.constant(2 * GAIN * middle[None])),
                         builder.constant(-GAIN * (middle ** 2)[None]))
    for extra in (_nan(builder, parts, nan_above), _busy(builder, parts, busy)):
        logits = builder.add('Add', logits, extra) if extra else logits
    builder.add('Softmax', logits, axis=1, output='probabilities')
    both = builder.add('Concat', level, builder.add('Sub', builder.constant([[1.0]]), level),
                       axis=1)
    builder.add('Softmax', both, axis=1, output='branch_weights')
    _frames(builder, 'vap', level)
    _frames(builder, 'ssl', level)

    def info(name, *shape):
        return onnx.helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    inputs = [info('waveform', 1, 'samples'), info('component_mask', 'variants', 4)]
    outputs = [info('probabilities', 'variants', len(labels)),
               info('branch_weights', 'variants', 2),
               info('vap_frame_weights', 'variants', 'vap_frames'),
               info('ssl_frame_weights', 'variants', 'ssl_frames')]
    if speaker:
        inputs.append(info('speaker_state', 1 + SPEAKER_WIDTH))
        outputs.append(info('speaker_state_next', 1 + SPEAKER_WIDTH))
    return onnx.helper.make_graph(builder.nodes, 'tiny', inputs, outputs,
                                  initializer=builder.constants)


class _Builder:
    """Collects nodes and constants and names what lies between them."""

    def __init__(self):
        self.nodes = []
        self.constants = []

    def add(self, kind, *inputs, output=None, **attributes):
        import onnx

        output = output or f'{kind}_{len(self.nodes)}'
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values, dtype=np.float32):
        import onnx

        name = f'constant_{len(self.constants)}'
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name


def _components(builder):
    """Return the name of the statistics, (1, 4)."""
    axes = builder.constant([1], np.int64)
    square = builder.add('Mul', 'waveform', 'waveform')
    parts = [builder.add('Sqrt', builder.add('ReduceMean', square, axes)),
             builder.add('ReduceMean', builder.add('Abs', 'waveform'), axes),
             builder.add('ReduceMax', 'waveform', axes),
             builder.add('Neg', builder.add('ReduceMin', 'waveform', axes))]
    return builder.add('Concat', *parts, axis=1)


def _speaker(builder, parts):
    """Write the next state and return the name of what is usual for the speaker, (1, 4)."""
    count = builder.add('Slice', 'speaker_state', builder.constant([0], np.int64),
                        builder.constant([1], np.int64))
    mean = builder.add('Slice', 'speaker_state', builder.constant([1], np.int64),
                       builder.constant([1 + SPEAKER_WIDTH], np.int64))
    following = builder.add('Min', builder.add('Add', count, builder.constant([1.0])),
                            builder.constant([SPEAKER_MAX]))
    flat = builder.add('Reshape', parts, builder.constant([SPEAKER_WIDTH], np.int64))
    step = builder.add('Div', builder.add('Sub', flat, mean), following)
    builder.add('Concat', following, builder.add('Add', mean, step), axis=0,
                output='speaker_state_next')
    weight = builder.add('Div', count,
                         builder.add('Add', count, builder.constant([SPEAKER_PRIOR])))
    return builder.add('Reshape', builder.add('Mul', weight, mean),
                       builder.constant([1, SPEAKER_WIDTH], np.int64))


def _frames(builder, branch, level):
    """Write frame weights: softmax of the mean modulus of each frame, the same in each row."""
    wave = builder.add('Reshape', builder.add('Abs', 'waveform'),
                       builder.constant([1, 1, -1], np.int64))
    means = builder.add('AveragePool', wave, kernel_shape=[FRAME], strides=[FRAME])
    row = builder.add('Reshape', means, builder.constant([1, -1], np.int64))
    nothing = builder.add('Mul', level, builder.constant([[0.0]]))
    builder.add('Softmax', builder.add('Add', row, nothing), axis=1,
                output=f'{branch}_frame_weights')


def _nan(builder, parts, above):
    """Return the name of 0, or NaN where the largest sample is above `above`, (1, 1)."""
    if above is None:
        return None
    largest = builder.add('Slice', parts, builder.constant([2], np.int64),
                          builder.constant([3], np.int64), builder.constant([1], np.int64))
    root = builder.add('Sqrt', builder.add('Sub', builder.constant([[above]]), largest))
    return builder.add('Mul', root, builder.constant([[0.0]]))


def _busy(builder, parts, products):
    """Return the name of 0 that takes `products` matrix products to compute, (1, 1)."""
    import onnx
    from onnx import TensorProto

    if not products:
        return None
    size = 128
    info = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        [onnx.helper.make_node('MatMul', ['matrix', 'orthogonal'], ['matrix_out']),
         onnx.helper.make_node('Identity', ['go_on'], ['go_on_out'])],
        'body',
        [info('turn', TensorProto.INT64, []), info('go_on', TensorProto.BOOL, []),
         info('matrix', TensorProto.FLOAT, [size, size])],
        [info('go_on_out', TensorProto.BOOL, []),
         info('matrix_out', TensorProto.FLOAT, [size, size])],
        initializer=[onnx.numpy_helper.from_array(
            np.roll(np.eye(size, dtype=np.float32), 1, axis=0), 'orthogonal')])
    first = builder.add('Slice', parts, builder.constant([0], np.int64),
                        builder.constant([1], np.int64), builder.constant([1], np.int64))
    start = builder.add('Mul', builder.constant(np.eye(size)), first)
    heard = builder.add('Cast', builder.add('Greater', first, builder.constant([[1e-3]])),
                        to=TensorProto.INT64)
    turns = builder.add('Mul', heard, builder.constant([[products]], np.int64))
    matrix = builder.add('Loop', builder.add('Reshape', turns, builder.constant([1], np.int64)),
                         builder.constant(True, np.bool_), start, body=body)
    total = builder.add('Reshape', builder.add('ReduceMean', matrix, keepdims=0),
                        builder.constant([1, 1], np.int64))
    return builder.add('Mul', total, builder.constant([[0.0]]))
