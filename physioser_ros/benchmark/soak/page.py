"""The pictures and the table of a soak."""

import csv
import json
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np

from physioser_ros.benchmark.soak.watch import growth, read_samples, Sample, span
from physioser_ros.pictures import curves


def by_process(folder: Path) -> Dict[str, List[Sample]]:
    """Return the Samples of a soak by process."""
    found: Dict[str, List[Sample]] = {}
    for sample in read_samples(folder / 'processes.csv'):
        found.setdefault(sample.process, []).append(sample)
    return found


def draw(folder: Path, stem: Path, title: str) -> List[Path]:
    """
    Draw memory and, where there were answers, delay.

    :param folder: what a soak wrote
    :param stem: pictures to write, without `_memory.png`
    :param title: heading
    :returns: paths of the pictures
    """
    written = [curves(Path(f'{stem}_memory.png'), {
        name: [(sample.hours, sample.resident_mib) for sample in _thinned(samples)]
        for name, samples in by_process(folder).items()},
        xlabel='hours of sound', ylabel='resident memory in MiB', title=title, bottom=0)]
    delays = latencies(folder)
    if len(delays):
        written.append(curves(Path(f'{stem}_delay.png'), {'end of the utterance to the answer': [
            (hours, value) for hours, value in _medians(delays)]},
            xlabel='hours', ylabel='delay in ms, median of ten', title=title, bottom=0))
    return written


def rows(folder: Path) -> List[str]:
    """Return the rows of the table, one a process."""
    lines = []
    for name, samples in by_process(folder).items():
        resident = [sample.resident_mib for sample in samples]
        late = resident[len(resident) // 2:]
        threads, files = ({getattr(sample, what) for sample in samples[len(samples) // 4:]}
                          for what in ('threads', 'descriptors'))
        lines.append(
            f'| {name} | {samples[-1].hours:.1f} h | {resident[len(resident) // 4]:.1f} MiB | '
            f'{resident[-1]:.1f} MiB | {growth(resident):+.1f} MiB | '
            f'{late[-1] - late[0]:+.1f} MiB | {span(threads)} | {span(files)} |')
    return lines


def latencies(folder: Path) -> np.ndarray:
    """Return hours and delay in ms of each answer, (answers, 2)."""
    path = folder / 'answers.csv'
    if not path.is_file():
        return np.zeros((0, 2))
    with open(path, newline='', encoding='utf-8') as file:
        return np.array([(float(row['hours']), float(row['latency_ms']))
                         for row in csv.DictReader(file)]).reshape(-1, 2)


def told(folder: Path) -> Dict[str, object]:
    """Return what a soak said at its end, {} where it was cut short."""
    path = folder / 'run.json'
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}


def _thinned(samples: List[Sample]) -> List[Sample]:
    return samples[::max(1, len(samples) // 40)]


def _medians(delays: np.ndarray) -> List[Tuple[float, float]]:
    whole = len(delays) // 10 * 10
    groups = delays[:whole].reshape(-1, 10, 2)
    return [(float(group[-1, 0]), float(np.median(group[:, 1]))) for group in groups]
