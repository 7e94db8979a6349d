"""Options that several commands share, and how they fail."""

import sys
from typing import Any, Callable, Dict, NoReturn

import click


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--model` and `--sha256` to a command."""
    for option in (
            click.option('--sha256', default='', metavar='DIGEST', help=(
                'Digest of a model that is not in the SHA256SUMS beside it.')),
            click.option('--model', default='', metavar='NAME|FILE', help=(
                'Model of the package or an ONNX file; the default model without it.'))):
        command = option(command)
    return command


def open_model(model: str, sha256: str) -> Any:
    """
    Load the model that the options name, or end the command with one sentence.

    :param model: name or path, '' = the default model
    :param sha256: its digest, '' = the one in the manifest
    :returns: the `Model`
    """
    from physioser_ros.inference import find_model, load_model, ModelError

    try:
        loaded = load_model(find_model(model), sha256=sha256)
    except ModelError as error:
        fail(str(error))
    for notice in loaded.notices:
        click.echo(f'physioser: {notice}', err=True)
    return loaded


def node_defaults(node: str) -> Dict[str, Any]:
    """Return the default of every parameter of a node by name; the tables need no ROS."""
    from physioser_ros.nodes.parameters import TABLES

    return {parameter.name: parameter.default for parameter in TABLES[node]}


def fail(sentence: str) -> NoReturn:
    """Write one sentence to stderr and end the process with exit code 1."""
    click.echo(f'physioser: {sentence}', err=True)
    sys.exit(1)
