"""Where sound comes from: a device, a file, or somebody who pushes it."""

from physioser_ros.audio.sources.base import RawBlock, Source, SourceEnd
from physioser_ros.audio.sources.device import DeviceSource
from physioser_ros.audio.sources.file import FileSource
from physioser_ros.audio.sources.push import PushSource

__all__ = ['DeviceSource', 'FileSource', 'PushSource', 'RawBlock', 'Source', 'SourceEnd']
