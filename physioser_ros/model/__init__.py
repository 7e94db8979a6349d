"""PhysioSER in torch, part by part as in the paper (arXiv 2602.13259)."""

from importlib import import_module

from physioser_ros.features import COMPONENTS, QuartetConfig
from physioser_ros.model.alignment import ContrastiveAlignment, ProjectionHead
from physioser_ros.model.config import (
    AlignmentConfig, BackboneConfig, EncoderConfig, FusionConfig, LatentConfig, PhysioSERConfig,
    SpeakerConfig, VARIANTS)
from physioser_ros.model.encoder import QuaternionSpectrotemporalEncoder, RealEncoder
from physioser_ros.model.ensemble import Ensemble
from physioser_ros.model.fusion import FusionTransformer
from physioser_ros.model.latent import LatentTransform
from physioser_ros.model.level import normalise_level
from physioser_ros.model.physioser import Output, PhysioSER
from physioser_ros.model.pooling import MaskedAttentionPooling
from physioser_ros.model.quartet import Quartet
from physioser_ros.model.quaternion import (
    QuaternionConv2d, QuaternionLinear, RadialQReLU, SplitReLU)
from physioser_ros.model.quaternion_norm import QuaternionBatchNorm2d
from physioser_ros.model.speaker import SpeakerStatistics

__all__ = [
    'AlignmentConfig', 'BackboneConfig', 'COMPONENTS', 'ContrastiveAlignment', 'EncoderConfig',
    'Ensemble', 'FusionConfig', 'FusionTransformer', 'LatentConfig', 'LatentTransform',
    'MaskedAttentionPooling', 'Output', 'PhysioSER', 'PhysioSERConfig', 'ProjectionHead',
    'Quartet', 'QuartetConfig', 'QuaternionBatchNorm2d', 'QuaternionConv2d', 'QuaternionLinear',
    'QuaternionSpectrotemporalEncoder', 'RadialQReLU', 'RealEncoder', 'SpeakerConfig',
    'SpeakerStatistics', 'SplitReLU', 'VARIANTS', 'backbone_names', 'create_backbone',
    'normalise_level',
]


def __getattr__(name):
    """Import the backbones only when they are asked for: they bring other libraries along."""
    if name in ('create_backbone', 'backbone_names'):
        return getattr(import_module('physioser_ros.model.backbones'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
