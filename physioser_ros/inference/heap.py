"""
How glibc keeps memory that was freed; without effect on other C libraries.

Its heaps give back what lies at their end alone, and each thread has one of its own. A process
that works for months must not hold there what the longest utterance once took.
"""

import ctypes
import sys

#: Number of the option in <malloc.h>.
_M_MMAP_THRESHOLD = -3
#: Blocks of at least so many bytes come from the system and go back to it, each by itself.
LARGE = 128 * 1024


def keep_large_blocks_apart() -> None:
    """
    Hold glibc to its first idea of a large block, for the rest of the process.

    Else it takes every large block that is freed for a sign that such blocks belong into the
    heap, up to 32 MB, where what is small and stays pins them.
    """
    mallopt = _glibc('mallopt')
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """
    Return to the system what was needed for a while.

    Weights that are stored small are unpacked by steps when a model is loaded, and glibc keeps
    the memory of every step: 100 MB for a model of 25 MB.
    """
    trim = _glibc('malloc_trim')
    if trim is not None:
        trim(0)


def _glibc(name: str):
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == 'linux' else None
