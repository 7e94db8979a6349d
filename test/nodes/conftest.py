"""Executables of the package in the world of a test."""

import pytest


@pytest.fixture
def execute(prefix, world, spawn):
    """Return a function that starts an executable in the world's namespace."""
    def execute(name, *arguments, parameters=()):
        command = [prefix / 'lib' / 'physioser_ros' / name, *arguments, '--ros-args',
                   '-r', f'__ns:={world.namespace}']
        for parameter in parameters:
            command += ['-p', parameter]
        return spawn(name, command)
    return execute
