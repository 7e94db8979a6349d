"""
Frozen networks that turn a waveform into frames, behind one interface.

:func:`create_backbone` builds one by name; :func:`backbone_names` lists them.
"""

from physioser_ros.model.backbones.base import (
    Backbone, BackboneError, feature_key, WeightsMissing)
from physioser_ros.model.backbones.registry import backbone_names, create_backbone

__all__ = ['Backbone', 'backbone_names', 'BackboneError', 'create_backbone', 'feature_key',
           'WeightsMissing']
