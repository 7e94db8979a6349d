"""
From one utterance to one emotion: model file, decision, speaker memory, worker.

Knows numpy and onnxruntime; no feature, no backbone and no label by name.
"""

from physioser_ros.inference.decision import Decision, DecisionOptions, Verdict
from physioser_ros.inference.durations import DurationWindow, Percentiles
from physioser_ros.inference.engine import Answered, Engine
from physioser_ros.inference.engine_status import EngineStatus
from physioser_ros.inference.errors import (
    InferenceError, ManifestError, ModelError, ModelFormatError, ModelNotFound, ProviderError)
from physioser_ros.inference.explanation import explanation
from physioser_ros.inference.manifest import MANIFEST_NAME, read_manifest, write_manifest
from physioser_ros.inference.metadata import (
    COMPONENTS, METADATA_FORMAT, METADATA_KEY, ModelMetadata, parse_metadata, SAMPLE_RATE,
    SpeakerMetadata, UNCERTAIN)
from physioser_ros.inference.model import Model, Readout
from physioser_ros.inference.model_file import (
    DEFAULT_MODEL, find_model, load_model, models_folder)
from physioser_ros.inference.recognizer import Recognizer
from physioser_ros.inference.result import EmotionResult
from physioser_ros.inference.saliency import component_saliency, occlusion_masks
from physioser_ros.inference.speakers import SpeakerMemory

__all__ = [
    'Answered', 'COMPONENTS', 'component_saliency', 'Decision', 'DecisionOptions', 'DEFAULT_MODEL',
    'DurationWindow', 'EmotionResult', 'Engine', 'EngineStatus', 'explanation', 'find_model',
    'InferenceError',
    'load_model', 'MANIFEST_NAME', 'ManifestError', 'METADATA_FORMAT', 'METADATA_KEY', 'Model',
    'ModelError', 'ModelFormatError', 'ModelMetadata', 'ModelNotFound', 'models_folder',
    'occlusion_masks', 'parse_metadata', 'Percentiles', 'ProviderError', 'read_manifest',
    'Readout', 'Recognizer', 'SAMPLE_RATE', 'SpeakerMemory', 'SpeakerMetadata', 'UNCERTAIN',
    'Verdict', 'write_manifest',
]
