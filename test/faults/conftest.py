"""A world in which faults are injected, and a record of what was seen."""

import json
import os
from pathlib import Path
import sys

import numpy as np
from places import ROOT
import pytest
import soundfile

# The fake PortAudio lives beside the tests of the audio room.
sys.path.append(str(ROOT / 'test' / 'audio'))

#: File into which the rows of the table are written, as JSON.
RECORD = 'PHYSIOSER_FAULT_RECORD'
PAUSE_S = 1.2

_ROWS = pytest.StashKey()


def pytest_configure(config):
    """Register the marker."""
    config.addinivalue_line('markers', 'fault(number, injected): a fault of the table')
    config.stash[_ROWS] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember what a test of a fault saw."""
    outcome = yield
    marker = item.get_closest_marker('fault')
    report = outcome.get_result()
    if marker is None or report.skipped or (report.when != 'call' and report.passed):
        return
    number, injected = marker.args
    seen = '; '.join(value for name, value in item.user_properties if name == 'seen')
    item.config.stash[_ROWS].append({
        'number': number, 'injected': injected, 'passed': report.passed,
        'late': ('late', True) in item.user_properties,
        'seen': seen if report.passed else f'{item.name} failed'})


def pytest_sessionfinish(session):
    """Write the rows where they are asked for."""
    path = os.environ.get(RECORD)
    if path:
        Path(path).write_text(json.dumps(session.config.stash[_ROWS]), encoding='utf-8')


@pytest.fixture
def seen(record_property):
    """Return a function that notes what was seen, for the table, and whether it was too late."""
    def note(text, late=False):
        # A busy machine must not fail a test, but nor must the table call it in time.
        record_property('seen', text)
        record_property('late', late)
    return note


@pytest.fixture
def room(world, tiny_model):
    """Return a function that puts nodes into the world, see Room."""
    from room import Room

    def create(capture=None, recognizer=None):
        if recognizer is not None:
            recognizer = {'model.path': tiny_model, **recognizer}
        return Room(world, capture, recognizer)
    return create


@pytest.fixture
def execute(world, spawn):
    """Return a function that starts an executable in the world's namespace, from this source."""
    def execute(name, **parameters):
        start = (f'import sys; sys.path.insert(0, {str(ROOT)!r}); '
                 f'from physioser_ros.nodes.executables import {name}; {name}()')
        command = [sys.executable, '-c', start, '--ros-args', '-r', f'__ns:={world.namespace}',
                   '--log-level', 'warn']
        for parameter, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            command += ['-p', f'{parameter.replace("__", ".")}:={text}']
        return spawn(name, command)
    return execute


@pytest.fixture(scope='session')
def sentences(request):
    """Return two sentences that were really spoken, int16 at 16 kHz."""
    try:
        folder = request.getfixturevalue('recordings')
    except pytest.skip.Exception:
        path = ROOT / '.cache' / 'demo.wav'
        if not path.is_file():
            pytest.skip('neither recordings nor .cache/demo.wav: make setup')
        spoken = soundfile.read(path, dtype='int16')[0]
        return [spoken[:40000], spoken[-48000:]]
    return [soundfile.read(folder / f'emodb/{name}.flac', dtype='int16')[0]
            for name in ('03a01Fa', '03a02Fc')]


@pytest.fixture(scope='session')
def speech(sentences):
    """Return both sentences with silence around them, int16 at 16 kHz."""
    silence = np.zeros(round(PAUSE_S * 16000), np.int16)
    return np.concatenate([silence, sentences[0], silence, sentences[1], silence])


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a sound file and returns its path."""
    def write(name, samples, rate=16000, subtype='PCM_16'):
        soundfile.write(tmp_path / name, samples, rate, subtype=subtype)
        return str(tmp_path / name)
    return write
