"""What glibc keeps of memory that was freed."""

import subprocess
import sys

import pytest

#: Frees 64 MiB in large blocks between small ones that stay; prints the MiB that are left.
PROGRAM = """
import sys
from physioser_ros.inference.heap import keep_large_blocks_apart

def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) / 256

if sys.argv[1] == 'apart':
    keep_large_blocks_apart()
# The first one that is freed is the sign.
bytearray(b'x' * 2 ** 21)
before, stay = resident(), []
for _ in range(32):
    large = [bytearray(b'x' * 2 ** 20) for _ in range(2)]
    stay.append((large, bytearray(b'x' * 100_000)))
for large, _ in stay:
    large.clear()
print(resident() - before)
"""


def left_behind(how):
    """Return MiB that stay resident in a process of its own."""
    run = subprocess.run([sys.executable, '-c', PROGRAM, how], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return float(run.stdout)


@pytest.mark.skipif(sys.platform != 'linux', reason='no glibc')
def test_large_blocks_go_back_to_the_system_though_small_ones_stay_between_them():
    assert left_behind('as it is') > 32 > 8 > left_behind('apart')
