"""From a trained model to an ONNX graph of the whole way, waveform to probabilities."""

import contextlib
import logging
import warnings

import torch
from torch import nn

from physioser_ros.export.convolutions import widen
from physioser_ros.export.errors import ExportError

#: Operator set of the exported graph; from 20 on GELU is one operator, which onnxruntime computes
#: faster than its five parts.
OPSET = 20
#: Variants of one utterance that one call may ask for.
MAX_VARIANTS = 64
OUTPUTS = ('probabilities', 'branch_weights', 'vap_frame_weights', 'ssl_frame_weights')
#: Sound length in samples that the graph is traced with; any other one works as well.
_TRACED = 32000


class Recogniser(nn.Module):
    """
    What a model file computes: the calibrated answer to one utterance, and its read-outs.

    :param model: `PhysioSER` with its backbone, in evaluation mode
    :param temperature: divides the logits, from the calibration
    """

    def __init__(self, model, temperature=1.0):
        super().__init__()
        self.model = model
        self.temperature = float(temperature)
        self.eval()

    def forward(self, waveform, component_mask, speaker_state=None):
        """
        Return the outputs in the order of `output_names`.

        A branch that the model has not is given one frame, of weight one, so that every row of
        weights sums to one.

        :param waveform: float32, shape (1, samples), 16 kHz, [-1, 1]
        :param component_mask: float32, shape (variants, 4)
        :param speaker_state: float32, shape (1 + width,); None for a model without adaptation
        """
        model = self.model
        state = None if speaker_state is None else speaker_state[None]
        output = model(waveform, component_mask=component_mask, speaker_state=state)
        probabilities = torch.softmax(output.logits / self.temperature, 1)
        vap, ssl = output.vap_frame_weights, output.ssl_frame_weights
        outputs = (probabilities, output.branch_weights,
                   vap if model.uses_vap else torch.ones_like(ssl[:, :1]),
                   ssl if model.uses_ssl else torch.ones_like(vap[:, :1]))
        return outputs if state is None else (*outputs, output.speaker_state_next[0])


def input_names(model):
    """Return the names of the inputs that the graph of a `PhysioSER` has."""
    names = ['waveform', 'component_mask']
    return [*names, 'speaker_state'] if model.config.speaker.enabled else names


def output_names(model):
    """Return the names of the outputs that the graph of a `PhysioSER` has."""
    return [*OUTPUTS, 'speaker_state_next'] if model.config.speaker.enabled else list(OUTPUTS)


def to_onnx(model, temperature=1.0, *, max_samples):
    """
    Return the ONNX graph of a trained model, float32, every quaternion layer folded.

    :param model: `PhysioSER` with its backbone; not changed
    :param temperature: see `Recogniser`
    :param max_samples: longest waveform that the graph must take
    :return: onnx ModelProto with dynamic `samples` and `variants`
    :raises ExportError: if the model cannot be exported, with the exporter's reason
    """
    folded = model.folded()
    if folded.backbone is not None:
        if folded.backbone.export_refusal:
            raise ExportError(f'a model with the backbone {folded.backbone.name} cannot be '
                              f'exported: {folded.backbone.export_refusal}')
        folded.backbone.limit(max_samples)
    limits = {'samples': (model.min_samples, max_samples), 'variants': (1, MAX_VARIANTS)}
    dims = {name: torch.export.Dim(name, min=low, max=high)
            for name, (low, high) in limits.items()}
    count = len(input_names(model))
    width = 1 + model.speaker_width
    example = (torch.randn(1, min(_TRACED, max_samples)) * 0.1, torch.ones(2, 4),
               torch.zeros(width))[:count]
    shapes = ({1: dims['samples']}, {0: dims['variants']}, None)[:count]
    try:
        with _quiet():
            program = torch.onnx.export(
                Recogniser(folded, temperature), example, dynamo=True, opset_version=OPSET,
                dynamic_shapes=shapes, input_names=input_names(model),
                output_names=output_names(model), verbose=False)
    except torch.onnx.OnnxExporterError as error:
        name = getattr(model.backbone, 'name', 'no backbone')
        raise ExportError(f'the exporter of torch {torch.__version__} refuses this model '
                          f'({name}): {_reason(error)}') from error
    proto = program.model_proto
    _name_frames(proto)
    widen(proto)
    return proto


@contextlib.contextmanager
def _quiet():
    """Keep the exporter from telling of packages that nobody asked for."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)


def _name_frames(proto):
    """Give the outputs' open sizes names instead of formulas."""
    for output in proto.graph.output:
        for dim in output.type.tensor_type.shape.dim:
            if dim.dim_param and dim.dim_param not in ('variants', 'samples'):
                dim.dim_param = output.name.replace('_frame_weights', '_frames')


def _reason(error):
    """Return the first sentence of the error at the root of a chain of errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
