"""What the processes of an installed package are given, and a world in which they are heard."""

import numpy as np
from places import ROOT
import pytest
import soundfile

#: Three emotions of one person that no model confuses.
CLIPS = ('emodb/03a01Wa.flac', 'emodb/03a01Nc.flac', 'emodb/03a02Ta.flac')
PAUSE_S = 1.2


@pytest.fixture
def robots(prefix, tmp_path_factory):
    """Return a function that launches both nodes in a world, see Robot."""
    from robot import Robot

    launched = []

    def launch(world, parameters=None, **arguments):
        folder = tmp_path_factory.mktemp('robot')
        launched.append(Robot(world, prefix, folder, parameters, **arguments))
        return launched[-1]
    yield launch
    for robot in launched:
        robot.kill()


@pytest.fixture
def execute(prefix, spawn):
    """Return a function that starts an executable with arguments, in a namespace if any."""
    def execute(name, *arguments, namespace='/', parameters=()):
        command = [prefix / 'lib' / 'physioser_ros' / name, *arguments]
        if namespace != '/' or parameters:
            command += ['--ros-args', '-r', f'__ns:={namespace}']
        for parameter in parameters:
            command += ['-p', parameter]
        return spawn(name, command)
    return execute


@pytest.fixture(scope='session')
def recording(request, tmp_path_factory):
    """Return a file of speech with pauses, and its samples, int16 at 16 kHz."""
    try:
        folder = request.getfixturevalue('recordings')
    except pytest.skip.Exception:
        path = ROOT / '.cache' / 'demo.wav'
        if not path.is_file():
            pytest.skip('neither recordings nor .cache/demo.wav: make setup')
        return path, soundfile.read(path, dtype='int16')[0]
    pause = np.zeros(round(PAUSE_S * 16000), np.int16)
    parts = [pause]
    for clip in CLIPS:
        parts += [soundfile.read(folder / clip, dtype='int16')[0], pause]
    path = tmp_path_factory.mktemp('recording') / 'speech.wav'
    soundfile.write(path, np.concatenate(parts), 16000, subtype='PCM_16')
    return path, np.concatenate(parts)
