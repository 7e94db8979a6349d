"""What a graph in memory answers, to see what changing it does."""

import numpy as np
import onnxruntime


def feed(proto, waveform, component_mask):
    """
    Return the inputs of a graph, nothing being known of the speaker.

    :param proto: onnx ModelProto
    :param waveform: float32, shape (n,)
    :param component_mask: float32, shape (variants, 4)
    :return: dict of name to array
    """
    values = {'waveform': np.ascontiguousarray(waveform[None]), 'component_mask': component_mask}
    for entry in proto.graph.input:
        if entry.name == 'speaker_state':
            width = entry.type.tensor_type.shape.dim[0].dim_value
            values['speaker_state'] = np.zeros(width, np.float32)
    return values


def answers(proto, waveforms, component_mask):
    """
    Return probabilities and branch weights of some sounds, on one thread.

    :param proto: onnx ModelProto
    :param waveforms: float32 arrays (n,)
    :param component_mask: see `feed`
    :return: float32, shape (sounds, variants, classes + 2)
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options,
                                           providers=['CPUExecutionProvider'])
    names = ['probabilities', 'branch_weights']
    return np.array([np.concatenate(session.run(names, feed(proto, waveform, component_mask)), 1)
                     for waveform in waveforms])
