"""Executables of the package in the world of a test."""

import pytest


@pytest.fixture
def execute(prefix, world, tmp_path):
    """Return a function that starts an executable in the world's namespace."""
    from processes import Process

    started = []

    def execute(name, *arguments, parameters=()):
        command = [prefix / 'lib' / 'physioser_ros' / name, *arguments, '--ros-args',
                   '-r', f'__ns:={world.namespace}']
        for parameter in parameters:
            command += ['-p', parameter]
        started.append(Process(command, tmp_path / f'{name}_{len(started)}.log'))
        return started[-1]
    yield execute
    for process in started:
        process.kill()
