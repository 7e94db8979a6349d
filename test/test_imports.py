"""The directions in which the rooms of the package may import, read from the source."""

import ast

from places import ROOT
import pytest

PACKAGE = ROOT / 'physioser_ros'

#: Room to the rooms that it may import, anywhere in its modules.
MAY_IMPORT = {
    'audio': set(),
    'features': set(),
    'inference': {'features'},
    'nodes': {'audio', 'inference', 'features'},
    'consumers': {'nodes'},
    'pictures': set(),
    'model': {'features', 'pictures'},
    'corpora': set(),
    'training': {'features', 'model', 'corpora', 'pictures'},
    'export': {'features', 'model', 'inference'},
    'benchmark': {'audio', 'features', 'inference', 'nodes', 'model', 'corpora', 'export',
                  'pictures'},
    'commands': {'audio', 'features', 'inference', 'nodes', 'model', 'corpora', 'training',
                 'export', 'benchmark', 'pictures'},
}

#: Room to the packages that none of its modules may import, not even inside a function.
NEVER = {
    'audio': {'rclpy', 'torch', 'transformers', 'lightning'},
    'features': {'rclpy', 'torch', 'transformers', 'lightning'},
    'inference': {'rclpy', 'torch', 'transformers', 'lightning'},
    'nodes': {'torch', 'transformers', 'lightning'},
    'consumers': {'torch', 'transformers', 'lightning'},
    'pictures': {'rclpy', 'torch', 'pandas'},
    'model': {'rclpy'},
    'corpora': {'rclpy', 'torch'},
    'training': {'rclpy'},
    'export': {'rclpy'},
    'benchmark': set(),
    'commands': set(),
}

#: What no module of a command may import before it runs, so that `physioser --help` is quick.
NOT_AT_IMPORT = {'rclpy', 'torch', 'transformers', 'lightning', 'onnxruntime', 'pandas'}


def modules():
    """Return the rooms' modules as (room, path below the package)."""
    paths = sorted(PACKAGE.rglob('*.py'))
    return [(path.relative_to(PACKAGE).parts[0], path) for path in paths
            if len(path.relative_to(PACKAGE).parts) > 1]


def imported(nodes):
    """Return the dotted names that import statements among `nodes` bring in."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, 'relative import; write the whole name'
            names |= {f'{node.module}.{alias.name}' for alias in node.names}
    return names


def at_import(tree):
    """Return the nodes of a module that run when it is imported: no function's body."""
    todo, found = [tree], []
    while todo:
        node = todo.pop()
        found.append(node)
        todo += [child for child in ast.iter_child_nodes(node)
                 if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]
    return found


def faults(path, room, nodes, never):
    """Return one sentence for every import of `path` that goes in a wrong direction."""
    said = []
    for name in sorted(imported(nodes)):
        top, _, rest = name.partition('.')
        other = rest.partition('.')[0]
        if top in never:
            said.append(f'{path.relative_to(ROOT)} imports {name}')
        elif top == 'physioser_ros' and other in MAY_IMPORT and other != room and (
                other not in MAY_IMPORT[room]):
            said.append(f'{path.relative_to(ROOT)} ({room}) imports {name}')
    return said


def test_every_folder_of_the_package_is_a_room():
    assert {room for room, _ in modules()} <= set(MAY_IMPORT)


@pytest.mark.parametrize('room', MAY_IMPORT)
def test_a_room_imports_only_in_the_allowed_directions(room):
    said = []
    for name, path in modules():
        if name == room:
            tree = ast.parse(path.read_text(encoding='utf-8'), filename=str(path))
            said += faults(path, room, ast.walk(tree), NEVER[room])
    assert not said, '\n'.join(said)


def test_no_command_imports_a_heavy_package_before_it_runs():
    said = []
    for room, path in modules():
        if room == 'commands':
            tree = ast.parse(path.read_text(encoding='utf-8'), filename=str(path))
            said += faults(path, room, at_import(tree), NOT_AT_IMPORT)
    assert not said, '\n'.join(said)


def test_the_package_itself_imports_nothing_heavy():
    tree = ast.parse((PACKAGE / '__init__.py').read_text(encoding='utf-8'))
    assert not faults(PACKAGE / '__init__.py', 'audio', ast.walk(tree), NOT_AT_IMPORT)


@pytest.mark.parametrize('source, room, wrong', [
    ('import torch', 'audio', 1),
    ('def f():\n    from torch import nn', 'nodes', 1),
    ('from physioser_ros.inference.result import EmotionResult', 'audio', 1),
    ('from physioser_ros.audio.block import AudioBlock', 'nodes', 0),
    ('from physioser_ros import audio', 'inference', 1),
    ('import numpy\nfrom physioser_ros.model.quartet import Quartet', 'training', 0),
])
def test_the_check_sees_what_it_must(source, room, wrong):
    nodes = list(ast.walk(ast.parse(source)))
    assert len(faults(ROOT / 'made_up.py', room, nodes, NEVER[room])) == wrong
