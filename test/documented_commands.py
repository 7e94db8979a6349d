"""The code blocks of the pages, and a folder in which their commands find what they name."""

from dataclasses import dataclass
import re
import shlex

from places import ROOT

#: Made by `make setup`.
DEMONSTRATION = ROOT / '.cache' / 'demo.wav'
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]

#: A comment in front of a block says what is not plain: `not run: WHY`, `may fail: WHY` (the
#: exit code is not looked at), or `file: NAME` (later blocks of the page find it under this name).
_MARK = re.compile(r'<!-- (not run|may fail|file): (.+?) -->')
_FENCE = re.compile(r'^( *)```([^`\n]*)$')


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: str
    """Name of the page."""
    line: int
    """Line of its fence, from 1."""
    language: str
    """What stands behind the fence."""
    text: str
    """What is in it."""
    mark: str = ''
    """'not run', 'may fail', 'file' or ''."""
    reason: str = ''
    """Why, or the name of the file."""

    def __str__(self):
        return f'{self.page}:{self.line}'

    def commands(self):
        """Return the shell commands: lists of words, or a text where only a shell will do."""
        found = []
        for line in self.text.replace('\\\n', ' ').splitlines():
            words = shlex.split(line, comments=True)
            if words:
                plain = not set(words) & {'|', '>', '<', '&&', ';'} and '$' not in line
                found.append(words if plain else line)
        return found


def blocks(path):
    """Return the fenced blocks of a page in their order."""
    found, lines, number = [], path.read_text(encoding='utf-8').splitlines(), 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        if not fence:
            number += 1
            continue
        start, before = number, '\n'.join(lines[max(0, number - 2):number]).rstrip()
        mark = _MARK.search(before.splitlines()[-1]) if before else None
        number += 1
        while not lines[number].strip().startswith('```'):
            number += 1
        text = '\n'.join(line[len(fence[1]):] for line in lines[start + 1:number])
        found.append(Block(path.name, start + 1, fence[2].strip(), text,
                           *(mark.groups() if mark else ('', ''))))
        number += 1
    return found


def furnish(folder):
    """Put into `folder` everything that the commands of the pages name."""
    import numpy as np
    import soundfile

    (folder / 'models').mkdir()
    (folder / 'config').symlink_to(ROOT / 'config')
    rng = np.random.default_rng(0)
    for number, person in enumerate(('anna', 'ben', 'carla', 'dora', 'emil', 'fay')):
        (folder / 'my_recordings' / person).mkdir(parents=True)
        for emotion, (pitch, pace) in {'angry': (220, 6), 'calm': (110, 2), 'happy': (260, 4),
                                       'sad': (90, 1)}.items():
            voice = _voice(pitch + 8 * number, pace, 0.6) + 0.003 * rng.normal(size=9600)
            soundfile.write(folder / 'my_recordings' / person / f'{emotion}_01.wav', voice, 16000)
    # One sentence and the pauses around it.
    speech, rate = soundfile.read(DEMONSTRATION, dtype='int16')
    soundfile.write(folder / 'recording.wav', speech[:5 * rate], rate)
    _bag(folder / 'BAG')


def _voice(pitch_hz, pace_hz, duration_s):
    """Return a buzz that rises and falls, float (samples,)."""
    import numpy as np

    time_s = np.arange(int(16000 * duration_s)) / 16000
    pitch = pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * pace_hz * time_s))
    phase = 2 * np.pi * np.cumsum(pitch) / 16000
    return 0.1 * (0.6 + 0.4 * np.sin(2 * np.pi * pace_hz * time_s)) * sum(
        np.sin(harmonic * phase) / harmonic for harmonic in range(1, 8))


def _bag(path):
    """Write a bag with one utterance and its answer."""
    import numpy as np
    from rosbags import rosbag2

    from physioser_ros.commands.bag_types import typestore

    store = typestore()
    types = store.types
    header = types['std_msgs/msg/Header'](
        stamp=types['builtin_interfaces/msg/Time'](sec=1_700_000_000, nanosec=0),
        frame_id='microphone')
    sound = (_voice(180, 4, 1.0) * 32767).astype('<i2').tobytes()
    messages = {
        '/audio/utterance': types['audio_common_msgs/msg/AudioDataStamped'](
            header=header, audio=types['audio_common_msgs/msg/AudioData'](
                data=np.frombuffer(sound, np.uint8))),
        '/emotion/classification': types['vision_msgs/msg/Classification'](
            header=header, results=[
                types['vision_msgs/msg/ObjectHypothesis'](class_id='angry', score=0.9),
                types['vision_msgs/msg/ObjectHypothesis'](class_id='sad', score=0.1)])}
    with rosbag2.Writer(path, version=8, storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
        for topic, message in messages.items():
            kind = message.__msgtype__
            connection = writer.add_connection(topic, kind, typestore=store)
            writer.write(connection, 1_700_000_000 * 10**9, store.serialize_cdr(message, kind))
