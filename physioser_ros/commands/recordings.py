"""Read recordings for the commands: any format, any rate, to what a model hears."""

from pathlib import Path

import numpy as np

from physioser_ros.inference import SAMPLE_RATE

#: Longest recording that is read into memory, in s.
LONGEST_S = 3600


class RecordingError(RuntimeError):
    """A recording cannot be used; the text names the file and the reason."""


def read_recording(path: Path) -> np.ndarray:
    """
    Read a recording, mix its channels, resample it.

    :param path: a file in any format that libsndfile reads
    :returns: int16 (samples,), mono, 16 kHz
    :raises RecordingError: there is no such file, it is no sound, or it holds no sample or
        one that is not finite
    """
    import soundfile
    import soxr

    if not path.is_file():
        raise RecordingError(f'{path}: no such file')
    try:
        duration_s = soundfile.info(path).duration
        if duration_s > LONGEST_S:
            raise RecordingError(f'{path}: lasts {duration_s:.0f} s, as one utterance at most '
                                 f'{LONGEST_S} s are read; cut it into utterances')
        sound, rate = soundfile.read(path, dtype='float32', always_2d=True)
    except (RuntimeError, OSError, TypeError, ValueError) as error:
        raise RecordingError(f'{path}: cannot be read as sound ({error})') from error
    if not len(sound):
        raise RecordingError(f'{path}: holds no sample')
    if not np.isfinite(sound).all():
        raise RecordingError(f'{path}: holds samples that are NaN or infinite')
    waveform = soxr.resample(sound.mean(axis=1), rate, SAMPLE_RATE, quality='HQ')
    if not len(waveform):
        raise RecordingError(f'{path}: holds less than one sample at {SAMPLE_RATE} Hz')
    return np.clip(np.rint(waveform * 32768), -32768, 32767).astype(np.int16)
