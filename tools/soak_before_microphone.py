#!/usr/bin/env python3
"""
Soak both nodes before a microphone, on a machine that has none: a virtual one hears the people.

usage: tools/soak_before_microphone.py live|cycles [argument of `physioser soak live|cycles`]...
"""

from pathlib import Path
import signal
import subprocess
import sys
from tempfile import TemporaryDirectory
import time

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / 'test')]

from virtual_microphone import VirtualMicrophone, why_absent  # noqa: E402,I100

from physioser_ros.benchmark.soak.real_time import played  # noqa: E402


def main():
    """Play the same ten minutes again and again until the soak is over; return its code."""
    if sys.argv[1:2] not in (['live'], ['cycles']):
        print(__doc__.strip().splitlines()[-1], file=sys.stderr)
        return 2
    if why_absent():
        print(why_absent(), file=sys.stderr)
        return 1
    import os

    import soundfile

    options = sys.argv[2:]
    given = dict(zip(options, options[1:])).get('--recordings')
    with TemporaryDirectory() as name:
        machine = VirtualMicrophone(Path(name))
        sound = soundfile.read(played(given and Path(given), Path(name) / 'room.wav'),
                               dtype='int16')[0]
        soak = player = None
        try:
            machine.start()
            soak = subprocess.Popen(
                [sys.executable, '-m', 'physioser_ros.commands.main', 'soak', sys.argv[1],
                 '--device', 'pulse', *sys.argv[2:]],
                env={**os.environ, **machine.environment, 'PYTHONPATH': os.pathsep.join(
                    [str(ROOT), os.environ.get('PYTHONPATH', '')])})
            while soak.poll() is None:
                if player is None or player.poll() is not None:
                    player = machine.play(sound)
                time.sleep(0.2)
            return soak.returncode
        except KeyboardInterrupt:
            return 130
        finally:
            for process, number in ((soak, signal.SIGINT), (player, signal.SIGKILL)):
                if process is not None and process.poll() is None:
                    process.send_signal(number)
                    process.wait()
            machine.stop()


if __name__ == '__main__':
    sys.exit(main())
