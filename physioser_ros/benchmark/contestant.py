"""
A contestant: something that is timed, in a process of its own.

Each has its own process because torch, OpenBLAS and onnxruntime, side by side in one, fight for
the cores: torch beside onnxruntime has been seen to run 8 to 65 times slower. A contestant that
waits for its turn sleeps.
"""

from dataclasses import dataclass, field
from importlib import import_module
import multiprocessing
import os
import time
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

#: A call that is quicker than this is repeated within one round, in s.
SHORTEST_S = 0.02
#: Longest time for a contestant to get ready: a large network may have to be converted.
READY_S = 600.0
#: Longest time for one turn.
TURN_S = 120.0

_THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
_MIB = 2 ** 20


class Absent(RuntimeError):
    """A contestant cannot take part; the text says why and what would change that."""


@dataclass(frozen=True)
class Entry:
    """What to time."""

    name: str
    """Name in the tables."""
    factory: str
    """Function that returns what is called, as `package.module:function`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the factory; they travel to another process."""
    threads: int = 1
    """Threads that it may use."""


@dataclass(frozen=True)
class Readiness:
    """How a contestant got ready."""

    start_s: float
    """From the start of its process to the end of its first call, in s."""
    resident_mib: float
    """Resident memory afterwards in MiB."""
    details: Mapping[str, float]
    """What the factory tells, e.g. counts; empty for most."""


class Contestant:
    """A running contestant; close it."""

    def __init__(self, entry: Entry) -> None:
        """
        Start its process; `readiness` waits for it.

        :param entry: what it is
        """
        self.entry = entry
        self._readiness: Optional[Readiness] = None
        context = multiprocessing.get_context('spawn')
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, entry), daemon=True,
                                        name=entry.name)
        before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
        try:
            # Numerical libraries read these while they are imported.
            os.environ.update({name: str(entry.threads) for name in _THREAD_VARIABLES})
            self._process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()

    def readiness(self) -> Readiness:
        """
        Wait until it is ready.

        :raises Absent: it cannot take part
        """
        if self._readiness is None:
            kind, value = self._receive(READY_S)
            if kind == 'absent':
                self.close()
                raise Absent(value)
            self._readiness = value
        return self._readiness

    def turn(self, *arguments: Any) -> Tuple[float, float]:
        """
        Let it do its work once.

        :param arguments: of the call
        :returns: elapsed and CPU seconds of one call
        :raises Absent: it failed
        """
        self.readiness()
        self._pipe.send(arguments)
        kind, value = self._receive(TURN_S)
        if kind == 'absent':
            self.close()
            raise Absent(value)
        return value

    def close(self) -> None:
        """End its process; idempotent."""
        self._pipe.close()
        self._process.join(5.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _receive(self, timeout_s: float) -> Tuple[str, Any]:
        try:
            if self._pipe.poll(timeout_s):
                return self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(1.0)
            return 'absent', (f'its process ended with exit code {self._process.exitcode} '
                              f'({type(error).__name__}): too little memory?')
        return 'absent', f'it did not answer within {timeout_s:.0f} s'

    def __enter__(self) -> 'Contestant':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def resolve(factory: str) -> Callable[..., Any]:
    """Return the function that `package.module:function` names."""
    module, _, name = factory.partition(':')
    return getattr(import_module(module), name)


def _serve(pipe: Any, entry: Entry) -> None:
    """Get ready, then work whenever told to, until the other end is closed."""
    try:
        call, details = _prepare(entry)
        repeats, readiness = _first_calls(call, details)
    # Whatever keeps a peer from working, the others go on and the page says why.
    except Exception as error:
        pipe.send(('absent', _sentence(error)))
        return
    pipe.send(('ready', readiness))
    while True:
        try:
            arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(('turn', measure(call, repeats, *arguments)))
        except Exception as error:
            pipe.send(('absent', _sentence(error)))


def _prepare(entry: Entry) -> Tuple[Callable[..., Any], Dict[str, float]]:
    made = resolve(entry.factory)(threads=entry.threads, **entry.arguments)
    return made if isinstance(made, tuple) else (made, {})


def _first_calls(call: Callable[..., Any],
                 details: Mapping[str, float]) -> Tuple[int, Readiness]:
    import psutil

    call()
    process = psutil.Process()
    readiness = Readiness(start_s=max(0.0, time.time() - process.create_time()),
                          resident_mib=process.memory_info().rss / _MIB, details=dict(details))
    call()
    once_s, _ = measure(call, 1)
    return max(1, min(10000, round(SHORTEST_S / max(once_s, 1e-7)))), readiness


def measure(call: Callable[..., Any], repeats: int, *arguments: Any) -> Tuple[float, float]:
    """Return elapsed and CPU seconds of one call, a mean over `repeats`."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        call(*arguments)
    return ((time.perf_counter() - wall_s) / repeats, (time.process_time() - cpu_s) / repeats)


def _sentence(error: Exception) -> str:
    text = str(error).strip().splitlines()
    first = text[0][:300] if text else ''
    return first if isinstance(error, Absent) else f'{type(error).__name__}: {first}'
