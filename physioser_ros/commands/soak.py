"""`physioser soak`: what hours, cycles and crowds leave behind in memory, threads and files."""

import json
from pathlib import Path

import click

from physioser_ros.commands.options import fail

_RECORDINGS = click.option(
    '--recordings', type=click.Path(exists=True, file_okay=False, path_type=Path),
    help='Folder with recordings of sentences; without it synthetic voices.')
_OUTPUT = click.argument('output', type=click.Path(file_okay=False, path_type=Path))
_MODEL = click.option('--model', default='', metavar='NAME|FILE',
                      help='Model of the package or an ONNX file; the default model without it.')
_REPORT = click.option(
    '--report', 'page', metavar='FILE',
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Page between whose marks the table is written; printed without it.')


@click.group()
def command():
    """Watch memory, threads, files and delay over hours, over cycles and under load."""


@command.command()
@_OUTPUT
@_RECORDINGS
@_MODEL
@click.option('--hours', default=1.0, show_default=True, help='How long.')
@click.option('--device', help='Microphone before which people speak; without it a file.')
@click.option('--period', default=10.0, show_default=True, help='Time between two looks in s.')
def live(output, recordings, model, hours, device, period):
    """
    Let both nodes work in real time, in processes of their own.

    OUTPUT: folder for the tables.
    """
    _need()
    from physioser_ros.benchmark.contestant import Absent
    from physioser_ros.benchmark.soak.real_time import live as run

    output.mkdir(parents=True, exist_ok=True)
    try:
        found = run(_find(model), hours, recordings, device, output, period, _say)
    except Absent as error:
        fail(str(error))
    _write(output, found)


@command.command('full-speed')
@_OUTPUT
@_RECORDINGS
@_MODEL
@click.option('--hours', default=24.0, show_default=True, help='Hours of sound.')
@click.option('--samples', default=240, show_default=True, help='How often it is looked at.')
def full_speed(output, recordings, model, hours, samples):
    """
    Send hours of sound through segmenter and model, as fast as they go.

    OUTPUT: folder for the tables.
    """
    _need()
    from physioser_ros.benchmark.soak.full_speed import flood

    output.mkdir(parents=True, exist_ok=True)
    _write(output, flood(_find(model), hours, recordings, output / 'processes.csv', samples,
                         _say))


@command.command()
@_MODEL
@click.option('--cycles', default=100, show_default=True, help='How many of each kind.')
@click.option('--device', help='Microphone to open each time; without it a file.')
@_REPORT
def cycles(model, cycles, device, page):
    """Take both nodes through their lifecycle again and again, with an answer each time."""
    _need()
    from physioser_ros.benchmark.contestant import Absent
    from physioser_ros.benchmark.soak import cycles as room

    try:
        found = room.turn(_find(model), cycles, device, _say)
    except Absent as error:
        fail(str(error))
    _report(page, 'cycles', room.page(found))


@command.command()
@_RECORDINGS
@_MODEL
@click.option('--case', 'names', multiple=True, metavar='CASE',
              help='Only this one, may be given again: quiet, voices, bursts, deaf, starved.')
@click.option('--seconds', default=30.0, show_default=True, help='How long each case lasts.')
@_REPORT
def load(recordings, model, names, seconds, page):
    """Ask more of both nodes than usual: voices, bursts, a deaf subscriber, no time."""
    _need()
    from physioser_ros.benchmark.contestant import Absent
    from physioser_ros.benchmark.soak import load as room

    unknown = set(names) - set(room.CASES)
    if unknown:
        fail(f'there is no case {sorted(unknown)[0]!r}: {", ".join(room.CASES)}')
    found, busy = {}, room.busyness()
    try:
        for name in names or room.CASES:
            _say(room.CASES[name].name)
            found[name] = room.load(_find(model), room.CASES[name], seconds, recordings)
    except Absent as error:
        fail(str(error))
    _report(page, 'load', room.page(found, busy))
    if any(one.missing or not one.in_order for one in found.values()):
        fail('utterances are unaccounted for or were answered out of order')


@command.command()
@click.argument('folder', type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument('stem', type=click.Path(path_type=Path))
@click.option('--title', default='', help='Heading of the pictures.')
def draw(folder, stem, title):
    """
    Draw a soak and print the rows of its table.

    FOLDER: where a soak wrote its tables. STEM: pictures to write, without _memory.png.
    """
    from physioser_ros.benchmark.soak.page import draw as pictures, rows

    for path in pictures(folder, stem, title):
        click.echo(f'wrote {path}', err=True)
    for row in rows(folder):
        click.echo(row)


def _need():
    """End in one sentence where what watches processes is not installed."""
    try:
        import psutil  # noqa: F401
    except ImportError as error:
        fail(f'{error}; install requirements/bench.in')


def _find(model):
    from physioser_ros.inference import find_model, ModelError

    try:
        return find_model(model)
    except ModelError as error:
        fail(str(error))


def _say(text):
    click.echo(text, err=True)


def _write(output, found):
    path = output / 'run.json'
    path.write_text(json.dumps(found._asdict(), indent=1) + '\n', encoding='utf-8')
    click.echo(f'wrote {path}')


def _report(page, name, text):
    """Print a table, or write it between the marks of a page."""
    from physioser_ros.benchmark.marks import write_between

    click.echo(text)
    if page is not None:
        try:
            write_between(page, f'<!-- table: {name} -->', '<!-- end -->', text)
        except ValueError as error:
            fail(str(error))
