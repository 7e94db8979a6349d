"""
Any network in an ONNX file, as backbone.

The folder has one `*.onnx` and a `backbone.json`. The graph takes `waveform`, float32 (1, N),
16 kHz, and gives `frames`, float32 (1, L, T, D), or (1, T, D) for one layer.
"""

import json

import numpy as np
import torch

from physioser_ros.model.backbones.base import Backbone, BackboneError
from physioser_ros.model.backbones.files import checkpoint_folder, digest_file, one_file

EXPECTED = ('one *.onnx (input "waveform" (1, samples), output "frames" (1, layers, frames, '
            'width)) and backbone.json with "name", "width", "layers", "frame_step_s", "licence", '
            '"min_samples" and "max_samples" (0: no limit)')
_TYPES = {'name': str, 'width': int, 'layers': list, 'frame_step_s': float, 'licence': str,
          'min_samples': int, 'max_samples': int}


class OnnxFile(Backbone):
    """
    A graph that onnxruntime runs, one thread, clip by clip.

    :param path: The ONNX file.
    :param about: Checked content of `backbone.json`.
    :param layers: Layers to return, among those that the file gives.
    """

    def __init__(self, path, about, layers):
        super().__init__(
            about['name'], width=about['width'], depth=max(about['layers']), layers=layers,
            frame_step_s=about['frame_step_s'], licence=about['licence'],
            min_samples=about['min_samples'], max_samples=about['max_samples'],
            export_refusal='a backbone that is an ONNX file cannot be traced: give its original '
                           'network, or join the two graphs by onnx.compose')
        missing = set(self.layers) - set(about['layers'])
        if missing:
            raise ValueError(f'layers {self.layers} of {path}: it gives {about["layers"]} only')
        self.rows = [about['layers'].index(layer) for layer in self.layers]
        self.session = _session(path)

    def encode(self, waveform, lengths):
        """Return the frames of the requested layers; see `Backbone`."""
        if torch.compiler.is_compiling():
            raise BackboneError(self.export_refusal)
        clips = [self.session.run(['frames'], {'waveform': clip[None]})[0]
                 for clip in waveform.cpu().numpy()]
        frames = np.concatenate(clips)
        if frames.ndim == 3:
            frames = frames[:, None]
        if frames.ndim != 4 or frames.shape[3] != self.width or frames.shape[1] <= max(self.rows):
            raise BackboneError(f'the ONNX backbone gave frames of shape {frames.shape}, its '
                                f'backbone.json says width {self.width}: expected (1, layers, '
                                f'frames, {self.width})')
        return torch.from_numpy(frames[:, self.rows]).to(waveform.device), None


def _session(path):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options,
                                               providers=['CPUExecutionProvider'])
    except Exception as error:  # onnxruntime's errors have no common base but this
        raise BackboneError(f'onnxruntime cannot load {path}: {error}') from error
    names = ([node.name for node in session.get_inputs()],
             [node.name for node in session.get_outputs()])
    if names[0] != ['waveform'] or 'frames' not in names[1]:
        raise BackboneError(f'{path} takes {names[0]} and gives {names[1]}: expected the input '
                            '"waveform" and the output "frames"')
    return session


def load_onnx(name, folder, layers):
    """
    Build the backbone from a folder.

    :param name: ``onnx``.
    :param folder: The folder; see :data:`EXPECTED`.
    :param layers: Layers to return.
    :return: A frozen :class:`OnnxFile`.
    :raises WeightsMissing: if a file is not there.
    :raises BackboneError: if the graph or its description is not as expected.
    """
    folder = checkpoint_folder(name, folder, EXPECTED, 'wherever the network was exported')
    path = one_file(name, folder, ('*.onnx',), EXPECTED)
    sheet = one_file(name, folder, ('backbone.json',), EXPECTED)
    try:
        about = json.loads(sheet.read_text(encoding='utf-8'))
    except ValueError as error:
        raise BackboneError(f'{sheet} is no JSON: {error}') from error
    wrong = [key for key, kind in _TYPES.items() if not isinstance(about.get(key), kind)]
    if wrong or not about['layers']:
        key = wrong[0] if wrong else 'layers'
        raise BackboneError(f'{sheet} has {key} = {about.get(key)!r}: {name} needs {EXPECTED}')
    return OnnxFile(path, about, layers).freeze(digest_file(path))
