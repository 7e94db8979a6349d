"""Synthesise the demonstration recording: a few sentences with pauses, spoken by espeak-ng."""

from pathlib import Path
import subprocess
import sys
import tempfile

import numpy as np
import soundfile
import soxr

SAMPLE_RATE = 16000
PAUSE_S = 1.2
#: Voice, speed in words a minute, pitch 0..99 and text of each sentence.
SENTENCES = (
    ('en', 150, 45, 'Good morning. The kettle is on the table.'),
    ('en-us+f3', 190, 75, 'What a surprise! You have come back already!'),
    ('en+m3', 110, 20, 'I am afraid that there is nothing left to do.'),
    ('de', 160, 50, 'Am Samstag fahren wir wieder ans Meer.'),
    ('en+f2', 210, 85, 'Stop it! I told you not to touch that!'),
)


def speak(voice, speed, pitch, text):
    """Return what espeak-ng says as float32 (samples,) at 16 kHz."""
    with tempfile.NamedTemporaryFile(suffix='.wav') as file:
        subprocess.run(['espeak-ng', '-v', voice, '-s', str(speed), '-p', str(pitch),
                        '-w', file.name, text], check=True)
        samples, rate = soundfile.read(file.name, dtype='float32')
    return soxr.resample(samples, rate, SAMPLE_RATE)


def main(path):
    """Write the recording to `path`."""
    pause = np.zeros(int(PAUSE_S * SAMPLE_RATE), np.float32)
    parts = [pause]
    for sentence in SENTENCES:
        parts += [speak(*sentence), pause]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.concatenate(parts) * 0.5, SAMPLE_RATE, subtype='PCM_16')


if __name__ == '__main__':
    main(Path(sys.argv[1]))
