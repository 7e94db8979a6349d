"""Emotion from speech in real time for ROS 2, by a physiology-informed model."""

from importlib.resources import files
import os

__version__ = (files(__name__) / 'VERSION').read_text().strip()

# As soon as it is imported, onnxruntime (1.32 and later, on Linux) gives the machine an id, keeps
# it in ~/.cache and sends what it was asked to do to its makers. A robot among people must not.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
