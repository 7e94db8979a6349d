"""What a model file says about itself: the JSON under the key `physioser` of its metadata."""

from dataclasses import dataclass, field
import json
from typing import Any, Mapping, Optional, Tuple

from physioser_ros.inference.errors import ModelFormatError

#: Key of the JSON text in the ONNX file's `metadata_props`.
METADATA_KEY = 'physioser'
#: Number of the metadata format that this version reads.
METADATA_FORMAT = 1
#: Sampling rate in Hz of everything that reaches a model.
SAMPLE_RATE = 16000
#: Parts of the quartet, in the order of `component_mask`.
COMPONENTS = ('M', 'rho', 'f_inst', 'tau_g')
#: Answer of the decision where no label is certain enough; so no model may use it as a label.
UNCERTAIN = 'uncertain'


@dataclass(frozen=True)
class SpeakerMetadata:
    """How a model adapts to one speaker."""

    width: int
    """Numbers in the state beside the count of utterances."""
    prior_count: float
    """Utterances after which what is known of the speaker weighs as much as the prior."""
    max_count: float
    """Utterances beyond which the count stays, so that the state goes on adapting."""


@dataclass(frozen=True)
class ModelMetadata:
    """Validated metadata of a model file."""

    name: str
    """Name of the model."""
    version: str
    """Version of the model, not of this package."""
    licence: str
    """SPDX expression or name of the licence of the weights."""
    labels: Tuple[str, ...]
    """Class labels, in the order of the output `probabilities`."""
    min_samples: int
    """Shortest waveform in samples that the graph takes; shorter ones are padded with zeros."""
    max_samples: int
    """Longest waveform in samples that the graph takes."""
    frame_step_s: Tuple[float, float]
    """Step in seconds between the frames of the vocal and of the latent branch."""
    sample_rate: int = SAMPLE_RATE
    """Sampling rate in Hz of the waveform."""
    components: Tuple[str, ...] = COMPONENTS
    """Parts of the quartet, in the order of the columns of `component_mask`."""
    speaker: Optional[SpeakerMetadata] = None
    """Speaker adaptation, None where the model has none."""
    threshold: float = 0.0
    """Confidence below which the model's makers call an answer uncertain, in [0, 1]."""
    precision: str = 'float32'
    """Precision of the weights at run time."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The whole JSON object: backbone, corpora, calibration, figures and training."""


def parse_metadata(text: str) -> ModelMetadata:
    """
    Parse and check the JSON text of a model's metadata.

    :param text: value of the metadata key `physioser`
    :returns: the metadata
    :raises ModelFormatError: the text is no JSON object of the known format, or a value in it
        is missing, of the wrong type or out of range
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f'its metadata are no JSON ({error})') from error
    if not isinstance(raw, dict):
        raise ModelFormatError(
            f'its metadata are a JSON {type(raw).__name__}, expected an object')
    version = raw.get('format')
    if version != METADATA_FORMAT or isinstance(version, bool):
        raise ModelFormatError(
            f'its metadata have the format {version!r}, this version reads {METADATA_FORMAT}; '
            f'export the model anew or install the matching version of physioser_ros')
    return ModelMetadata(
        **{key: _text(raw, key) for key in ('name', 'version', 'licence')},
        labels=_labels(raw),
        **_lengths(raw),
        frame_step_s=_frame_steps(raw),
        sample_rate=_sample_rate(raw),
        components=_components(raw),
        speaker=_speaker(raw),
        threshold=_threshold(raw),
        precision=_text({'precision': 'float32', **raw}, 'precision'),
        raw=raw)


def _wrong(key: str, value: Any, expected: str) -> ModelFormatError:
    return ModelFormatError(f'its metadata say {key} = {value!r}, expected {expected}')


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(key, value, 'a text that is not empty')
    return value


def _labels(raw: Mapping[str, Any]) -> Tuple[str, ...]:
    labels = raw.get('labels')
    if (not isinstance(labels, list) or len(labels) < 2
            or not all(isinstance(label, str) and label for label in labels)
            or len(set(labels)) != len(labels)):
        raise _wrong('labels', labels, 'a list of two or more different names')
    if UNCERTAIN in labels:
        raise _wrong('labels', labels, f'no label {UNCERTAIN!r}, which is reserved')
    return tuple(labels)


def _lengths(raw: Mapping[str, Any]) -> Mapping[str, int]:
    lengths = {key: raw.get(key) for key in ('min_samples', 'max_samples')}
    for key, value in lengths.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _wrong(key, value, 'a positive count of samples')
    if lengths['min_samples'] > lengths['max_samples']:
        raise _wrong('min_samples', lengths['min_samples'],
                     f'at most max_samples = {lengths["max_samples"]}')
    return lengths


def _frame_steps(raw: Mapping[str, Any]) -> Tuple[float, float]:
    steps = raw.get('frame_step_s')
    if (not isinstance(steps, dict)
            or not all(_number(steps.get(key)) and 0 < steps[key] <= 10
                       for key in ('vap', 'ssl'))):
        raise _wrong('frame_step_s', steps, 'the seconds in (0, 10] of "vap" and of "ssl"')
    return float(steps['vap']), float(steps['ssl'])


def _sample_rate(raw: Mapping[str, Any]) -> int:
    rate = raw.get('sample_rate')
    if rate != SAMPLE_RATE:
        raise _wrong('sample_rate', rate, f'{SAMPLE_RATE} Hz, the rate of every utterance')
    return SAMPLE_RATE


def _components(raw: Mapping[str, Any]) -> Tuple[str, ...]:
    components = raw.get('components')
    if components != list(COMPONENTS):
        raise _wrong('components', components, f'{list(COMPONENTS)}')
    return COMPONENTS


def _speaker(raw: Mapping[str, Any]) -> Optional[SpeakerMetadata]:
    speaker = raw.get('speaker')
    if speaker is None:
        return None
    if (not isinstance(speaker, dict)
            or not isinstance(speaker.get('width'), int) or isinstance(speaker['width'], bool)
            or not 1 <= speaker['width'] <= 65536
            or not all(_number(speaker.get(key)) and speaker[key] > 0
                       for key in ('prior_count', 'max_count'))):
        raise _wrong('speaker', speaker,
                     'null, or a "width" from 1 to 65536 with positive "prior_count" and '
                     '"max_count"')
    return SpeakerMetadata(speaker['width'], float(speaker['prior_count']),
                           float(speaker['max_count']))


def _threshold(raw: Mapping[str, Any]) -> float:
    calibration = raw.get('calibration')
    if calibration is None:
        return 0.0
    threshold = calibration.get('threshold', 0.0) if isinstance(calibration, dict) else None
    if not _number(threshold) or not 0 <= threshold <= 1:
        raise _wrong('calibration', calibration, 'an object with a "threshold" in [0, 1]')
    return float(threshold)
