"""Emotion from speech in real time for ROS 2, by a physiology-informed model."""

from importlib.resources import files

__version__ = (files(__name__) / 'VERSION').read_text().strip()
