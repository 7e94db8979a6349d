"""The machine: what it is, which versions it runs, and how busy others keep it."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
import os
from pathlib import Path
import platform
import time
from typing import Dict, Optional, Tuple

import psutil

#: Packages whose versions decide the figures.
PACKAGES = ('numpy', 'onnxruntime', 'scipy', 'torch', 'opensmile', 'speechbrain',
            'transformers', 'webrtcvad-wheels', 'rclpy')

_MIB = 2 ** 20


@dataclass(frozen=True)
class Machine:
    """What the figures were measured on."""

    processor: str
    """Name of the processor as the system tells it, and its vector extension."""
    cores: int
    """Logical cores that this process may use."""
    memory_mib: int
    """Main memory in MiB."""
    system: str
    """Operating system and architecture."""
    python: str
    """Version of Python."""
    packages: Dict[str, str]
    """Version of each of `PACKAGES` that is installed."""
    date: str
    """Day of the measurement, ISO 8601."""


def describe() -> Machine:
    """Return the machine that this process runs on."""
    packages = {}
    for name in PACKAGES:
        found = _version(name)
        if found:
            packages[name] = found
    return Machine(
        processor=_processor(), cores=len(_affinity()),
        memory_mib=round(psutil.virtual_memory().total / _MIB),
        system=f'{platform.system()} {platform.machine()}', python=platform.python_version(),
        packages=packages, date=time.strftime('%Y-%m-%d'))


def _version(name: str) -> Optional[str]:
    for distribution in (name, f'ros-{name}'):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None


def _affinity() -> Tuple[int, ...]:
    if hasattr(os, 'sched_getaffinity'):
        return tuple(os.sched_getaffinity(0))
    return tuple(range(os.cpu_count() or 1))


def _processor() -> str:
    path = Path('/proc/cpuinfo')
    if not path.is_file():
        return platform.processor() or platform.machine()
    fields: Dict[str, str] = {}
    for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
        name, _, value = line.partition(':')
        fields.setdefault(name.strip(), value.strip())
    flags = (fields.get('flags') or fields.get('Features') or '').split()
    widest = next((name for name in ('avx512_vnni', 'avx512f', 'avx2', 'asimddp', 'asimd')
                   if name in flags), 'no vector extension known')
    named = fields.get('model name') or fields.get('Model') or platform.machine()
    return f'{named} ({widest})'


class LoadWatch:
    """Tells how many cores other processes keep busy; this one's descendants do not count."""

    def __init__(self) -> None:
        self.load_average_before = os.getloadavg()[0]
        self._process = psutil.Process()
        self._started_s = time.monotonic()
        self._busy_s, self._own_s = _busy_s(), self._tree_s()

    def background_cores(self) -> float:
        """Return the cores that others kept busy since the start, a mean, 0 or more."""
        elapsed_s = max(time.monotonic() - self._started_s, 1e-3)
        others_s = (_busy_s() - self._busy_s) - (self._tree_s() - self._own_s)
        return max(0.0, others_s / elapsed_s)

    def _tree_s(self) -> float:
        """Return the CPU time in s of this process and all its children, ended ones included."""
        total = 0.0
        for process in [self._process, *self._process.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + getattr(times, 'children_user', 0.0)
            total += getattr(times, 'children_system', 0.0)
        return total


def _busy_s() -> float:
    """Return the time in s that all cores together were not idle since the machine started."""
    times = psutil.cpu_times()
    # What runs in a guest is in `user` already.
    return sum(getattr(times, name, 0.0)
               for name in ('user', 'nice', 'system', 'irq', 'softirq', 'steal'))
