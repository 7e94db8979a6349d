#!/usr/bin/env python3
"""
Inject every fault, print the table, and write it into docs/trust.md.

usage: tools/faults.py [--print]    (--print: leave docs/trust.md as it is)
"""

import json
import os
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / 'docs' / 'trust.md'
BEGIN, END = '<!-- table: faults -->', '<!-- end -->'
sys.path.insert(0, str(ROOT / 'test' / 'faults'))

from fault_table import missing, table  # noqa: E402,I100


def main():
    """Return 0 where every fault ended as expected."""
    with TemporaryDirectory() as name:
        record = Path(name) / 'rows.json'
        run = subprocess.run(
            [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'test/faults'],
            cwd=ROOT, env={**os.environ, 'PHYSIOSER_FAULT_RECORD': str(record)})
        rows = json.loads(record.read_text(encoding='utf-8')) if record.is_file() else []
    load = f'Load of the machine at the end of the run: {os.getloadavg()[1] / os.cpu_count():.1f}'
    lines = [f'{load} processes for each core.', '', *table(rows)]
    print('\n'.join(lines))
    if missing(rows):
        print(f'not shown to end as expected: {", ".join(map(str, missing(rows)))}')
    elif '--print' not in sys.argv:
        before, rest = PAGE.read_text(encoding='utf-8').split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        PAGE.write_text('\n'.join([before + BEGIN, *lines, END]) + after, encoding='utf-8')
    return run.returncode or bool(missing(rows))


if __name__ == '__main__':
    sys.exit(main())
