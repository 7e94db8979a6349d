"""
Charts of numbers that are handed in: no file is read and nothing is computed but for drawing.

Every chart can be read in grey and by colour-blind people: lines differ in style and marker as
well as in colour, bars in hatching, and colour maps rise evenly in lightness.
"""

from physioser_ros.pictures.answers import confusion, reliability, risk_coverage
from physioser_ros.pictures.bars import bars
from physioser_ros.pictures.curves import curves, learning_curves

__all__ = ['bars', 'confusion', 'curves', 'learning_curves', 'reliability', 'risk_coverage']
