#!/usr/bin/env python3
"""
List every `except` of what runs on the robot, and why it is as wide as it is, in docs/trust.md.

usage: tools/excepts.py    (the test suite compares the page with the source)
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / 'docs' / 'trust.md'
BEGIN, END = '<!-- table: excepts -->', '<!-- end -->'
#: What is caught here is anything at all.
WIDE = ('Exception', 'BaseException')
NARROW = 'this error alone'
#: The rooms of the nodes and of what they run.
ROOMS = ('audio', 'features', 'inference', 'nodes')


def handlers():
    """Return each handler as (file, function, what is caught, why), in order."""
    found = []
    package = ROOT / 'physioser_ros'
    for path in sorted(path for room in ROOMS for path in (package / room).rglob('*.py')):
        source = path.read_text(encoding='utf-8')
        lines, tree = source.splitlines(), ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else 'anything'
                found.append((str(path.relative_to(package)), node.lineno,
                              _function(tree, node.lineno), caught,
                              _comment(lines, node.lineno)))
    return [(name, function, caught, why)
            for name, _, function, caught, why in sorted(found, key=lambda row: row[:2])]


def table():
    """Return the lines of the table."""
    lines = ['| file | in | catches | why |', '|---|---|---|---|']
    for name, function, caught, why in handlers():
        lines.append(f'| `{name}` | `{function}` | `{caught}` | {why or NARROW} |')
    return lines


def _function(tree, line):
    names = [node.name for node in ast.walk(tree)
             if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
             and node.lineno < line <= node.end_lineno]
    return names[-1] if names else 'import'


def _comment(lines, line):
    """Return the comment right above a line, or right below it."""
    above, below, index = [], [], line - 2
    while lines[index].strip().startswith('#'):
        above.insert(0, lines[index].strip().lstrip('# '))
        index -= 1
    index = line
    while lines[index].strip().startswith('#'):
        below.append(lines[index].strip().lstrip('# '))
        index += 1
    return ' '.join(above or below)


if __name__ == '__main__':
    before, rest = PAGE.read_text(encoding='utf-8').split(BEGIN, 1)
    PAGE.write_text('\n'.join([before + BEGIN, *table(), END]) + rest.split(END, 1)[1],
                    encoding='utf-8')
