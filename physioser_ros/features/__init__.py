"""The quartet in plain numpy, whole or as a stream: features without torch."""

from physioser_ros.features.config import COMPONENTS, QuartetConfig
from physioser_ros.features.quartet import quartet
from physioser_ros.features.stream import QuartetStream

__all__ = ['COMPONENTS', 'QuartetConfig', 'QuartetStream', 'quartet']
