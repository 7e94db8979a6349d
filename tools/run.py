"""Run both nodes on the default parameters and print every utterance as a subscriber sees it.

usage: tools/run.py [FILE] [--params YAML]

With FILE it is played through the nodes at real-time pace; without one the microphone is
listened to, or, on a machine without any, the demonstration recording is played. YAML takes the
place of config/ser.yaml.
"""

import argparse
import os
from pathlib import Path
import signal
import subprocess
import sys

ROOT = Path(__file__).resolve().parent.parent
EXECUTABLES = ROOT / 'install' / 'lib' / 'physioser_ros'
PARAMETERS = ROOT / 'install' / 'share' / 'physioser_ros' / 'config' / 'ser.yaml'
DEMONSTRATION = ROOT / '.cache' / 'demo.wav'


def start(*command):
    """Start `command` in the environment of tools/env.sh; its output goes to this terminal."""
    shell = ['bash', '-c', '. tools/env.sh && exec "$@"', 'bash', *map(str, command)]
    # Ctrl-C reaches this process alone, which passes it on: a second one, while an interpreter
    # is being finalised, would be taken for a violent end.
    return subprocess.Popen(shell, cwd=ROOT, start_new_session=True)


def has_microphone():
    """Return whether PortAudio sees any input device."""
    return start(EXECUTABLES / 'devices', '--check').wait() == 0


def stop(process, timeout_s=10.0):
    """
    End `process` by SIGINT, and by SIGKILL when it does not listen; return its exit code.

    It leaves within 2 s, but not on a machine that is busy with something else.
    """
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def existing(name, what):
    """Return the path of the file `name`, or leave with one sentence."""
    path = Path(name).resolve()
    if not path.is_file():
        print(f'There is no file {name}: give {what}.', file=sys.stderr)
        sys.exit(2)
    return path


def main(arguments):
    """Run until the end of the file or Ctrl-C; return the exit code."""
    parser = argparse.ArgumentParser(prog='tools/run.py', description=__doc__.partition('\n')[0])
    parser.add_argument('file', nargs='?')
    parser.add_argument('--params', metavar='YAML')
    chosen = parser.parse_args(arguments)
    path = existing(chosen.file, 'an audio file by INPUT=FILE.wav') if chosen.file else None
    parameters = existing(chosen.params, 'a copy of config/ser.yaml by PARAMS=FILE.yaml') \
        if chosen.params else PARAMETERS
    if path is None and not has_microphone():
        print('No microphone here: playing the demonstration recording.', flush=True)
        path = DEMONSTRATION
    source = [] if path is None else [
        '-p', 'audio_capture:source:=file', '-p', f'audio_capture:file.path:={path}',
        '-p', 'audio_capture:file.exit_at_end:=true']
    return play([EXECUTABLES / 'ser', '--ros-args', '--log-level', 'warn', '--params-file',
                 parameters, '-p', 'on_autostart_failure:=exit', *source])


def play(command):
    """Run the nodes by `command` beside a listener; return the nodes' exit code."""
    started = []
    try:
        started.append(start(EXECUTABLES / 'listen'))
        started.append(start(*command))
        return started[-1].wait()
    except KeyboardInterrupt:
        # Who is still reading tools/env.sh ends by the signal itself: as orderly as with 0.
        codes = [stop(process) for process in reversed(started)]
        return next((code for code in codes if code not in (0, -signal.SIGINT)), 0)
    finally:
        for process in reversed(started):
            stop(process)


if __name__ == '__main__':
    os.environ.setdefault('PYTHONUNBUFFERED', '1')
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(0)
