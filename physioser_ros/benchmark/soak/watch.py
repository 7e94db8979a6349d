"""What a process holds at a moment, and how that grew."""

import csv
from pathlib import Path
from typing import Any, Collection, List, NamedTuple, Sequence

import numpy as np

_MIB = 2 ** 20


class Sample(NamedTuple):
    """A process at one moment."""

    hours: float
    """Since the beginning, in hours of sound."""
    process: str
    """Which one."""
    resident_mib: float
    """Resident memory in MiB, libraries and shared pages included."""
    private_mib: float
    """Of that, what would be free if it ended."""
    threads: int
    """Its threads."""
    descriptors: int
    """Its open files and sockets."""


def look(watched: Any, name: str, hours: float) -> Sample:
    """
    Return a Sample of a process.

    :param watched: psutil.Process
    :param name: what it is called
    :param hours: time to note
    """
    memory = watched.memory_full_info()
    return Sample(hours, name, memory.rss / _MIB, memory.uss / _MIB, watched.num_threads(),
                  watched.num_fds())


def growth(values: Sequence[float]) -> float:
    """
    Return by how much values grew over the last three quarters.

    Both ends are medians of a twentieth of the values, so that one moment decides nothing.

    :param values: one at least, in equal distances
    """
    series = np.asarray(values, float)
    few = max(1, len(series) // 20)
    quarter = len(series) // 4
    return float(np.median(series[-few:]) - np.median(series[quarter:quarter + few]))


def span(values: Collection[int]) -> str:
    """Return values of which most are equal, as 'LOW to HIGH' or the one that there is."""
    low, high = min(values), max(values)
    return str(low) if low == high else f'{low} to {high}'


class Log:
    """Rows that are on disk as soon as they are known, for a soak may be cut short."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """
        Begin a file.

        :param path: CSV to write
        :param columns: names of the columns
        """
        self._file = open(path, 'w', newline='', encoding='utf-8')
        self._writer = csv.writer(self._file)
        self.add(columns)

    def add(self, row: Sequence[Any]) -> None:
        """Write a row."""
        self._writer.writerow([f'{value:.6g}' if isinstance(value, float) else value
                               for value in row])
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_samples(path: Path) -> List[Sample]:
    """Return the Samples of a CSV."""
    with open(path, newline='', encoding='utf-8') as file:
        return [Sample(float(row['hours']), row['process'], float(row['resident_mib']),
                       float(row['private_mib']), int(row['threads']), int(row['descriptors']))
                for row in csv.DictReader(file)]
