"""Where sound comes from: a device, a file, or somebody who pushes it."""

from physioser_ros.audio.sources.base import RawBlock, Source, SourceEnd
from physioser_ros.audio.sources.device import DeviceSource
from physioser_ros.audio.sources.file import FileSource
from physioser_ros.audio.sources.push import PushSource

__all__ = ['create_source', 'DeviceSource', 'FileSource', 'PushSource', 'RawBlock', 'Source',
           'SourceEnd']


def create_source(options, now_ns, on_notice):
    """
    Return the `Source` that `CaptureOptions` name, not configured yet.

    :param options: `CaptureOptions`
    :param now_ns: the clock of the stamps, in ns
    :param on_notice: takes a level and a sentence
    """
    if options.source == 'file':
        return FileSource(options.file_path, now_ns, options.file_realtime, options.file_loop)
    if options.source == 'topic':
        return PushSource()
    return DeviceSource(options.device, now_ns, max(options.channels) + 1,
                        options.device_sample_rate, options.block_ms, options.device_fallback,
                        on_notice)
