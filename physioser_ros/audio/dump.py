"""Utterances as files, for debugging."""

from pathlib import Path

from physioser_ros.audio.block import SAMPLE_RATE
from physioser_ros.audio.errors import AudioError

#: Files that are kept; the oldest give way.
KEPT_FILES = 200


class UtteranceDump:
    """
    Write every utterance as a WAV file, and keep only the newest.

    :param folder: an existing folder that can be written to
    :raises AudioError: when it is not
    """

    def __init__(self, folder):
        self._folder = Path(folder).expanduser()
        if not self._folder.is_dir():
            raise AudioError(f'dump_dir {self._folder} is no folder: create it, or leave '
                             'dump_dir empty')
        try:
            probe = self._folder / '.physioser_probe'
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise AudioError(f'dump_dir {self._folder} cannot be written to '
                             f'({error.strerror}): choose another folder') from error

    def write(self, utterance):
        """Write `utterance`, named after its capture time in ns."""
        import soundfile
        path = self._folder / f'utterance_{utterance.start_ns:020d}.wav'
        try:
            soundfile.write(path, utterance.samples, SAMPLE_RATE, subtype='PCM_16')
            for old in sorted(self._folder.glob('utterance_*.wav'))[:-KEPT_FILES]:
                old.unlink()
        # RuntimeError: what every release of soundfile raises.
        except (OSError, RuntimeError) as error:
            raise AudioError(f'{path} cannot be written ({error}): make room in dump_dir, or '
                             'leave it empty') from error
