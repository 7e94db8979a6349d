"""
Mutations of a model file, for the tests and for a longer run by hand.

`python test/mutated_models.py --count 10000` writes mutants of a tiny model and loads each
twice: as a user would (the manifest knows the original) and with its own digest, as if somebody
trusted it blindly. The first must refuse every mutant. The second shows why the digest is
checked before onnxruntime sees a file: there some mutants load and run, and some might end the
process; it runs in processes of its own, whose death is counted.
"""

import argparse
from collections import Counter
from hashlib import sha256
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory

import numpy as np

#: Mutants that one process tries with their own digest.
BATCH = 100


def mutate(content, random):
    """
    Return a damaged copy of a file that differs from it.

    :param content: bytes of the file
    :param random: numpy generator
    """
    kinds = (_flip_bits, _overwrite, _truncate, _delete, _insert, _repeat)
    while True:
        mutant = bytes(kinds[random.integers(len(kinds))](bytearray(content), random))
        if mutant != content:
            return mutant


def _flip_bits(data, random):
    for _ in range(random.integers(1, 9)):
        data[random.integers(len(data))] ^= 1 << random.integers(8)
    return data


def _overwrite(data, random):
    start, count = _range(data, random)
    data[start:start + count] = random.bytes(count)
    return data


def _truncate(data, random):
    return data[:random.integers(len(data))]


def _delete(data, random):
    start, count = _range(data, random)
    del data[start:start + count]
    return data


def _insert(data, random):
    start, count = _range(data, random)
    data[start:start] = random.bytes(count)
    return data


def _repeat(data, random):
    start, count = _range(data, random)
    data[start:start] = data[start:start + count]
    return data


def _range(data, random):
    start = int(random.integers(len(data)))
    return start, int(random.integers(1, min(64, len(data) - start) + 1))


def _mutants(content, count, seed):
    random = np.random.default_rng(seed)
    return (mutate(content, random) for _ in range(count))


def _with_manifest(path, mutants):
    """Load each mutant in the place of the original; return counts by outcome."""
    from physioser_ros.inference import load_model, ModelError

    outcomes = Counter()
    for mutant in mutants:
        path.write_bytes(mutant)
        try:
            load_model(path)
        except ModelError as error:
            outcomes[f'refused by {type(error).__name__}'] += 1
        else:
            outcomes['loaded'] += 1
    return outcomes


def _trusted(folder):
    """Load each mutant in `folder` with its own digest; print one outcome a line."""
    from physioser_ros.inference import InferenceError, load_model, ModelError

    for path in sorted(folder.glob('*.mutant')):
        digest = sha256(path.read_bytes()).hexdigest()
        try:
            model = load_model(path, sha256=digest)
            model.run(np.full(16000, 0.1, np.float32))
            outcome = 'loaded and ran'
        except (ModelError, InferenceError) as error:
            outcome = f'refused by {type(error).__name__}'
        print(outcome, flush=True)


def _trusted_in_processes(folder, mutants):
    """Try mutants with their own digest in processes of their own; return the counts."""
    outcomes = Counter()
    waiting = list(mutants)
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        for number, mutant in enumerate(batch):
            (folder / f'{number:04d}.mutant').write_bytes(mutant)
        run = subprocess.run([sys.executable, __file__, '--trusted', folder], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = run.stdout.splitlines()
        outcomes.update(lines)
        if len(lines) < len(batch):
            cause = f'signal {-run.returncode}' if run.returncode < 0 else (
                run.stderr.strip().splitlines() or ['?'])[-1]
            outcomes[f'ended the process: {cause}'] += 1
            waiting = batch[len(lines) + 1:] + waiting
        for path in folder.glob('*.mutant'):
            path.unlink()
    return outcomes


def main():
    """Mutate, load, print the counts; exit 1 where a mutant passed the manifest."""
    parser = argparse.ArgumentParser(description='Load mutated model files.')
    parser.add_argument('--count', type=int, default=10000, help='number of mutants')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--model', type=Path, help='mutate this file, not a tiny model')
    parser.add_argument('--trusted', type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trusted:
        _trusted(options.trusted)
        return 0
    from tiny_model import write_tiny_model

    with TemporaryDirectory() as name:
        path = write_tiny_model(Path(name) / 'tiny.onnx')
        content = options.model.read_bytes() if options.model else path.read_bytes()
        checked = _with_manifest(path, _mutants(content, options.count, options.seed))
        blind = _trusted_in_processes(Path(name),
                                      _mutants(content, options.count, options.seed))
    for title, outcomes in (('with the manifest', checked), ('trusted blindly', blind)):
        print(f'{title}:')
        for outcome, count in outcomes.most_common():
            print(f'  {count:6d}  {outcome}')
    return 1 if set(checked) != {'refused by ManifestError'} else 0


if __name__ == '__main__':
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
