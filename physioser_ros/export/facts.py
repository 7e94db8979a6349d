"""What is told of a model, and its metadata as the inference room reads them."""

from dataclasses import asdict, dataclass, field
import json
from typing import Any, Mapping, Tuple

from onnx import helper

from physioser_ros.inference import COMPONENTS, METADATA_FORMAT, METADATA_KEY, parse_metadata
from physioser_ros.inference import SAMPLE_RATE

#: Licence of weights that learned from a corpus that no one may sell.
NON_COMMERCIAL_LICENCE = 'CC-BY-NC-SA-4.0'
#: Licence of weights that learned from permissive corpora alone.
PERMISSIVE_LICENCE = 'CC-BY-4.0'


@dataclass(frozen=True)
class CorpusFacts:
    """A corpus that a model learned from."""

    name: str
    licence: str
    """Terms in a few words."""
    licence_class: str
    """`permissive` or `nc` (non-commercial)."""
    language: str
    """ISO 639-1 code."""
    clips: int
    """Recordings in use."""
    held_out_speakers: Tuple[str, ...] = ()
    """Speakers whom the figures are of: the model that they judge never heard them in training."""


@dataclass(frozen=True)
class ModelFacts:
    """What the graph does not say by itself."""

    name: str
    version: str
    labels: Tuple[str, ...]
    """In the order of the logits."""
    corpora: Tuple[CorpusFacts, ...] = ()
    temperature: float = 1.0
    """Divides the logits; from the calibration."""
    threshold: float = 0.0
    """Confidence below which an answer is uncertain."""
    fitted_on: str = ''
    """What temperature and threshold were fitted on."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What the model reached, corpus by corpus."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Command, seed, revision and resolved configuration."""
    licence: str = ''
    """Licence of the weights; empty for the one that follows from the corpora."""

    @property
    def weights_licence(self):
        """Return the licence of the weights."""
        if any(corpus.licence_class != 'permissive' for corpus in self.corpora):
            return NON_COMMERCIAL_LICENCE
        return self.licence or PERMISSIVE_LICENCE


def metadata_of(model, facts, max_samples, precision='float32'):
    """
    Return the metadata of a model file.

    :param model: `PhysioSER` with its backbone
    :param facts: `ModelFacts`
    :param max_samples: longest waveform that the graph takes
    :param precision: `float32` or `int8`, of the weights at run time
    :return: dict that `parse_metadata` accepts
    """
    config = model.config
    steps = {}
    if model.uses_vap:
        steps['vap'] = config.quartet.frame_step_s * config.encoder.time_stride
    if model.uses_ssl:
        steps['ssl'] = model.backbone.frame_step_s * config.latent.frame_pool
    # A branch that is not there has one frame; any step will do.
    only = next(iter(steps.values()))
    speaker = config.speaker
    metadata = {
        'format': METADATA_FORMAT, 'name': facts.name, 'version': facts.version,
        'licence': facts.weights_licence, 'labels': list(facts.labels),
        'sample_rate': SAMPLE_RATE, 'min_samples': model.min_samples,
        'max_samples': max_samples,
        'frame_step_s': {branch: round(steps.get(branch, only), 6) for branch in ('vap', 'ssl')},
        'components': list(COMPONENTS), 'backbone': _backbone(model),
        'corpora': [asdict(corpus) for corpus in facts.corpora],
        'calibration': {'temperature': facts.temperature, 'threshold': facts.threshold,
                        'fitted_on': facts.fitted_on},
        'speaker': {'width': model.speaker_width, 'prior_count': speaker.prior_count,
                    'max_count': speaker.max_count} if speaker.enabled else None,
        'figures': dict(facts.figures), 'training': dict(facts.training),
        'precision': precision}
    metadata = json.loads(json.dumps(metadata))
    parse_metadata(json.dumps(metadata))
    return metadata


def write_metadata(proto, metadata):
    """
    Put metadata into a graph, in place of what it has.

    :param proto: onnx ModelProto
    :param metadata: as from `metadata_of`
    """
    helper.set_model_props(proto, {METADATA_KEY: json.dumps(metadata, separators=(',', ':'))})
    proto.producer_name = 'physioser_ros'
    proto.producer_version = ''


def _backbone(model):
    """Return what the metadata say of the backbone."""
    backbone = model.backbone
    if backbone is None:
        return {'name': 'none', 'digest': '', 'licence': '', 'layers': [],
                'note': 'the vocal branch alone decides'}
    return {'name': backbone.name, 'digest': backbone.digest, 'licence': backbone.licence,
            'layers': list(backbone.layers), 'note': backbone.note}
