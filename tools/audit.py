#!/usr/bin/env python3
"""
Check that every pinned package has a hash, and ask whether vulnerabilities are known.

usage: tools/audit.py [FILE]...    (default: requirements/run.txt)

The question goes to the advisory service of the index, by pip-audit, which is fetched for it
alone. Exit code 1: a pin without a hash, or a known vulnerability; 3: nobody answers.
"""

from pathlib import Path
import re
import subprocess
import sys
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r'^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^]]*\])?==\S+')


def _pins(text):
    """Return the entries of a requirements file, a line each."""
    entries = [entry.split(' #')[0].strip() for entry in
               text.replace('\\\n', ' ').splitlines()]
    return [entry for entry in entries if entry and not entry.startswith(('#', '--'))]


def unhashed(text):
    """Return the pins of a requirements file that have no hash, and lines that pin nothing."""
    return [entry.split()[0] for entry in _pins(text)
            if not _PIN.match(entry) or '--hash=sha256:' not in entry]


def ask(files):
    """Run pip-audit in an environment of its own; return exit code and what it said."""
    with TemporaryDirectory() as folder:
        python = Path(folder) / 'bin' / 'python'
        steps = [[sys.executable, '-m', 'venv', folder],
                 [python, '-m', 'pip', 'install', '-q', '--disable-pip-version-check',
                  'pip-audit']]
        for step in steps:
            done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                return None, done.stdout.decode()
        command = [python, '-m', 'pip_audit', '--progress-spinner', 'off', '--disable-pip',
                   '--no-deps']
        for file in files:
            command += ['-r', file]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode()
        if 'No known vulnerabilities' not in said and 'Fix Versions' not in said:
            return None, said
        unknown = said.count('could not be audited')
        if unknown and not done.returncode:
            return None, f'{unknown} packages could not be audited, the first: ' + next(
                line for line in said.splitlines() if 'could not be audited' in line)
        return done.returncode, said


def main():
    """Return the exit code."""
    files = [Path(name) for name in sys.argv[1:]] or [ROOT / 'requirements' / 'run.txt']
    wrong = [f'{file.name}: {entry}' for file in files
             for entry in unhashed(file.read_text(encoding='utf-8'))]
    if wrong:
        print('without a pinned version or a SHA-256: ' + ', '.join(wrong)
              + '; run `make lock`', file=sys.stderr)
        return 1
    print('every package is pinned with a SHA-256')
    code, said = ask(files)
    if code is None:
        print('Nobody could be asked for known vulnerabilities: run it again where the package '
              f'index and its advisory service can be reached. {said.strip()[:300]}',
              file=sys.stderr)
        return 3
    print(said.strip())
    return code


if __name__ == '__main__':
    sys.exit(main())
