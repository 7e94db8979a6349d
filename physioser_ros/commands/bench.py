"""`physioser bench`: what the package costs, side by side with what else could be installed."""

from pathlib import Path
import sys

import click

from physioser_ros.commands.options import fail

#: Names of the stages, as in `physioser_ros.benchmark.run.STAGES`; repeated for a quick help.
STAGES = ('model', 'parts', 'voice', 'peers', 'threads', 'cuts', 'growth', 'latency',
          'answers', 'running', 'captures', 'robots')


@click.command()
@click.argument('stages', nargs=-1, type=click.Choice(STAGES), metavar='[STAGE]...')
@click.option('--model', 'models', multiple=True, metavar='NAME|FILE', help=(
    'Model to measure, listed in the SHA256SUMS beside it; may be repeated, the first one is '
    'the default. Without it all models of the package.'))
@click.option('--speech', type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help='Recording of speech for the voice activity and the running nodes.')
@click.option('--report', 'output', type=click.Path(dir_okay=False, path_type=Path),
              help='Page to write, e.g. docs/performance.md; pictures go beside it.')
@click.option('--keep', type=click.Path(dir_okay=False, path_type=Path), metavar='FILE', help=(
    'Keep what was measured there and take it up again: only what is missing, or was noisy, is '
    'measured.'))
@click.option('--runs', type=click.Path(exists=True, file_okay=False, path_type=Path), help=(
    'Folder with run folders of the experiments cut_...: how often each cut is right.'))
@click.option('--quick', is_flag=True, help='Few rounds: to see it work.')
@click.option('--allow-noisy', is_flag=True, help=(
    'Write the page of a noisy run, marked as such.'))
def command(stages, models, speech, output, keep, runs, quick, allow_noisy):
    """
    Measure the models, their parts, the nodes and the peers that are installed.

    STAGE: model, parts, voice, peers, threads, cuts, growth, latency, answers, running,
    captures, robots; all without any, in about a quarter of an hour. A run on a busy machine,
    or whose figures vary, is refused as a result: exit code 1, and no page is written unless
    --allow-noisy.
    """
    try:
        from physioser_ros.benchmark.page import text, write_page
        from physioser_ros.benchmark.run import FULL, Given, measure, QUICK, steps
    except ImportError as error:
        fail(f'{error}; install requirements/bench.in and requirements/train.in')
    given = Given(_models(models), QUICK if quick else FULL, speech, keep, runs)
    chosen = stages or STAGES
    found = _measured(measure, given, chosen, steps(given, chosen))
    _print(text(found))
    if not found.noise.quiet:
        click.echo('physioser bench: this run is too noisy for a result: '
                   f'{found.noise.reasons[0]}', err=True)
        if not allow_noisy:
            sys.exit(1)
    if output:
        for path in write_page(found, output):
            click.echo(f'wrote {path}', err=True)


def _models(names):
    """Return the model files by name, the default one first."""
    from physioser_ros.inference import DEFAULT_MODEL, find_model, ModelError, models_folder

    try:
        if names:
            paths = [find_model(name) for name in names]
        else:
            others = sorted(models_folder().glob('*.onnx'))
            paths = [find_model(), *(path for path in others if path.stem != DEFAULT_MODEL)]
    except ModelError as error:
        fail(str(error))
    return {path.stem: path for path in paths}


def _measured(measure, given, stages, amounts):
    from rich.console import Console
    from rich.progress import Progress

    from physioser_ros.inference import ModelError

    with Progress(console=Console(stderr=True)) as progress:
        tasks = {name: progress.add_task(name, total=total) for name, total in amounts.items()}

        def advance(stage, text):
            progress.update(tasks[stage], advance=1, description=f'{stage}: {text}')
        try:
            return measure(given, stages, advance)
        # A file of --keep that holds something else is a ValueError.
        except (ModelError, ValueError) as error:
            fail(str(error))


def _print(text):
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
