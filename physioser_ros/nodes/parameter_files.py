"""
Write what is made of the tables: config/ser.yaml and the tables in docs/interface.md.

usage: python3 -m physioser_ros.nodes.parameter_files [--check] [ROOT]

Run it after every change of `parameters.py` or `topics.py`; a test compares.
"""

from pathlib import Path
import re
import sys
from textwrap import wrap

from physioser_ros.nodes import parameters, topics
from physioser_ros.nodes.qos import describe

YAML = 'config/ser.yaml'
DOCUMENT = 'docs/interface.md'
WIDTH = 99

HEAD = """\
# All parameters of both nodes, with their defaults. Copy this file, keep the lines that you
# change and give it to the launch file: params_file:=/path/to/your.yaml
# Beside these, qos_overrides.<topic>.<publisher|subscription>.<history|depth|reliability> work.
#
# Generated from physioser_ros/nodes/parameters.py: python3 -m physioser_ros.nodes.parameter_files
"""

_TABLE = re.compile(r'(<!-- table: (\w+) (\w+) -->\n).*?(\n<!-- end -->)', re.DOTALL)


def yaml_text():
    """Return the text of the parameter file."""
    lines = [HEAD + '/**:', '  ros__parameters:']
    shared = {parameter.name for parameter in parameters.AUTOSTART}
    lines += _yaml_lines(parameters.AUTOSTART)
    for node, table in parameters.TABLES.items():
        lines += ['', f'    # Node {node}']
        lines += _yaml_lines([entry for entry in table if entry.name not in shared])
    return '\n'.join(lines) + '\n'


def _yaml_lines(table):
    lines, group = [], None
    for parameter in table:
        prefix, _, name = parameter.name.rpartition('.')
        if prefix and prefix != group:
            lines.append(f'    {prefix}:')
        group = prefix
        indent = '      ' if prefix else '    '
        lines += wrap(_comment(parameter), WIDTH, initial_indent=f'{indent}# ',
                      subsequent_indent=f'{indent}# ')
        lines.append(f'{indent}{name}: {_yaml_value(parameter.default)}')
    return lines


def _comment(parameter):
    notes = [note for note in (parameter.allowed, parameter.unit) if note]
    text = parameter.description + (f' [{" ".join(notes)}]' if notes else '')
    return text + (' Not while active.' if parameter.fixed else '')


def _yaml_value(value):
    if isinstance(value, tuple):
        return f'[{", ".join(map(_yaml_value, value))}]'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # Quoted: YAML 1.1 takes a bare y, no or on for a boolean.
        return f"'{value}'"
    return repr(value)


def parameter_table(node):
    """Return the parameters of a node as a Markdown table."""
    rows = ['| parameter | type | default | allowed | meaning |', '|---|---|---|---|---|']
    for entry in parameters.TABLES[node]:
        allowed = ' '.join(text for text in (entry.allowed, entry.unit) if text)
        meaning = entry.description + (' *Not while active.*' if entry.fixed else '')
        rows.append(f'| `{entry.name}` | {entry.type_name} | `{_yaml_value(entry.default)}` | '
                    f'{allowed} | {meaning} |')
    return '\n'.join(rows)


def topic_table(node):
    """Return the topics of a node as a Markdown table."""
    rows = ['| | topic | type | QoS | content |', '|---|---|---|---|---|']
    for direction, table in (('out', topics.PUBLISHED), ('in', topics.SUBSCRIBED)):
        rows += [f'| {direction} | `{topic.name}` | {topic.type} | {describe(topic.qos)} | '
                 f'{topic.description} |' for topic in table[node]]
    return '\n'.join(rows)


def service_table(node):
    """Return the services of a node as a Markdown table."""
    rows = ['| service | type | effect |', '|---|---|---|']
    rows += [f'| `{name}` | {kind} | {effect} |' for name, kind, effect in topics.SERVICES[node]]
    return '\n'.join(rows)


def document_text(text):
    """Return the text of the documentation with its tables renewed."""
    makers = {'parameters': parameter_table, 'topics': topic_table, 'services': service_table}
    return _TABLE.sub(
        lambda match: match[1] + makers[match[2]](match[3]) + match[4], text)


def texts(root):
    """Return the current text of every generated file by path."""
    document = root / DOCUMENT
    return {root / YAML: yaml_text(),
            document: document_text(document.read_text(encoding='utf-8'))}


def main(arguments):
    """Write the files, or with --check only say which are out of date; return the exit code."""
    check = '--check' in arguments
    roots = [argument for argument in arguments if argument != '--check']
    outdated = 0
    for path, text in texts(Path(roots[0] if roots else '.')).items():
        if path.is_file() and path.read_text(encoding='utf-8') == text:
            continue
        outdated += 1
        if check:
            print(f'{path} is out of date: run python3 -m physioser_ros.nodes.parameter_files',
                  file=sys.stderr)
        else:
            path.write_text(text, encoding='utf-8')
    return int(check and outdated > 0)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
