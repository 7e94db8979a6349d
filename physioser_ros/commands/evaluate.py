"""`physioser evaluate`: tables of finished runs."""

from pathlib import Path

import click


@click.command(context_settings={'help_option_names': ['-h', '--help'], 'show_default': True})
@click.argument('runs', nargs=-1, required=True,
                type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option('--report', 'page', type=click.Path(dir_okay=False, path_type=Path),
              help='Write the tables to this file, too, and pictures into the folder of '
                   'its name beside it and into the run folders.')
@click.option('--baseline', default='backbone_only',
              help="What the name of the baseline's experiment ends with.")
@click.option('--model', 'models', multiple=True,
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help='Exported file whose own figures go into the tables; repeat it for more.')
def command(runs, page, baseline, models):
    r"""
    Judge finished RUNS on the speakers that they held out.

    Runs of the same experiment are taken together: their folds as one test set, their seeds as
    mean and deviation. Every other model is compared with the baseline by a paired bootstrap
    over speakers, which needs runs of the same folds.

    \b
    physioser evaluate runs/joint*-fold0-seed0 --report docs/results.md \
        --model models/balanced.onnx
    """
    from rich.console import Console
    from rich.markdown import Markdown

    from physioser_ros.training.report import report

    try:
        text = report(runs, baseline, page.with_suffix('') if page else None,
                      [_file(path) for path in models])
    except (ValueError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    Console().print(Markdown(text))
    if page:
        page.write_text(text)
        click.echo(f'wrote {page}')


def _file(path):
    """Return name, size and metadata of an exported file."""
    from hashlib import sha256

    from physioser_ros.inference import load_model

    content = path.read_bytes()
    return path.name, len(content), load_model(
        path, sha256=sha256(content).hexdigest()).metadata.raw
