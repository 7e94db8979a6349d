#!/usr/bin/env python3
"""
Fuzz everything that comes from outside, and count.

usage: tools/fuzz.py [--runs N] [--seconds S] [TARGET]...

Coverage-guided where atheris is installed (wheels for Python 3.11 to 3.13), else by random
mutations of valid input. Each target runs in a process of its own, so that a crash is seen.
"""

import argparse
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory
import time

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / 'test'), str(ROOT / 'test' / 'fuzz')]

from fuzz_targets import create, TARGETS  # noqa: E402,I100


def by_coverage(name, folder, runs, seconds):
    """Let atheris find inputs that reach new code; ends the process."""
    import atheris

    with atheris.instrument_imports(include=['physioser_ros', 'yaml', 'json']):
        target = create(name, folder)
        for seed in target.seeds():
            target.run(seed)
    corpus = folder / 'corpus'
    corpus.mkdir()
    for number, seed in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], f'-runs={runs}', f'-max_total_time={seconds}', '-seed=1',
                   '-max_len=65536', '-print_final_stats=1', '-verbosity=0', str(corpus)],
                  target.run)
    atheris.Fuzz()


def by_chance(name, folder, runs, seconds):
    """Mutate valid input."""
    from mutated_models import mutate
    import numpy as np

    target, random = create(name, folder), np.random.default_rng(1)
    seeds, end_s = target.seeds(), time.monotonic() + seconds
    for number in range(runs):
        if time.monotonic() > end_s:
            break
        content = seeds[number % len(seeds)]
        for _ in range(random.integers(1, 4)):
            content = mutate(content, random) if content else content
        target.run(content)
    print(f'stat::number_of_executed_units: {number}', file=sys.stderr)


def one(name, options):
    """Fuzz one target in this process."""
    with TemporaryDirectory() as folder:
        try:
            import atheris  # noqa: F401
        except ImportError:
            by_chance(name, Path(folder), options.runs, options.seconds)
        else:
            by_coverage(name, Path(folder), options.runs, options.seconds)


def main():
    """Return 0 where nothing was found."""
    parser = argparse.ArgumentParser(description='Fuzz what comes from outside.')
    parser.add_argument('targets', nargs='*', metavar='TARGET', help=', '.join(TARGETS))
    parser.add_argument('--runs', type=int, default=100000, help='inputs a target, at most')
    parser.add_argument('--seconds', type=int, default=60, help='time a target, at most')
    parser.add_argument('--here', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f'there is no target {sorted(unknown)[0]}: {", ".join(TARGETS)}')
    if options.here:
        one(options.targets[0], options)
        return 0
    found = 0
    for name in options.targets or TARGETS:
        run = subprocess.run(
            [sys.executable, __file__, '--here', '--runs', str(options.runs), '--seconds',
             str(options.seconds), name], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        said = (run.stdout + run.stderr).decode(errors='replace')
        counts = [line.split(':')[-1].strip() for line in said.splitlines()
                  if 'number_of_executed_units' in line]
        print(f'{name}: {counts[0] if counts else "?"} inputs, '
              f'{"nothing found" if run.returncode == 0 else "FOUND"}', flush=True)
        if run.returncode:
            found += 1
            print(said[-3000:])
    return int(found > 0)


if __name__ == '__main__':
    sys.exit(main())
