"""Start installed executables as launch would, and end them by signals."""

import os
from pathlib import Path
import signal
import subprocess

import yaml

#: Longest time for a process to end after a signal; the promise is 2 s, on an idle machine.
END_S = 60


class Process:
    """A running executable of the package, its output in a file."""

    def __init__(self, command, log):
        """
        Start.

        :param command: list of arguments.
        :param log: Path of the file for stdout and stderr.
        """
        self.log = log
        with log.open('w') as file:
            self._process = subprocess.Popen(
                [str(argument) for argument in command], stdout=file, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env={**os.environ, 'PYTHONUNBUFFERED': '1'})

    @property
    def output(self):
        """Return what it has written so far."""
        return self.log.read_text()

    def has_ended(self):
        """Return whether it has ended."""
        return self._process.poll() is not None

    def wait(self):
        """Wait for its own end; return the exit code."""
        return self._process.wait(END_S)

    def end(self, number=signal.SIGINT):
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return self.wait()

    def kill(self):
        """End it in any case."""
        if not self.has_ended():
            self._process.kill()
            self._process.wait()


def launch_command(prefix, node, folder, extra=None):
    """
    Return the command line with which launch starts a recorded node.

    :param prefix: where colcon installed the package.
    :param node: RecordedNode.
    :param folder: for the file into which launch writes single parameters.
    :param extra: further parameters by name.
    """
    command = [Path(prefix) / 'lib' / node.package / node.executable, '--ros-args',
               *node.ros_arguments]
    if node.namespace:
        command += ['-r', f'__ns:={node.namespace}']
    for path in node.parameter_files():
        command += ['--params-file', path]
    overrides = folder / f'{node.executable}_parameters.yaml'
    values = {**node.overrides(), **(extra or {})}
    overrides.write_text(yaml.safe_dump({'/**': {'ros__parameters': values}}))
    return [*command, '--params-file', overrides]
