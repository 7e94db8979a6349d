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
def command(runs, page, baseline):
    r"""
    Judge finished RUNS on the speakers that they held out.

    Runs of the same experiment are taken together: their folds as one test set, their seeds as
    mean and deviation. Every other model is compared with the baseline by a paired bootstrap
    over speakers, which needs runs of the same folds.

    \b
    physioser evaluate runs/joint*-fold0-seed0 --report docs/results.md
    """
    from rich.console import Console
    from rich.markdown import Markdown

    from physioser_ros.training.report import report

    try:
        text = report(runs, baseline, page.with_suffix('') if page else None)
    except (ValueError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    Console().print(Markdown(text))
    if page:
        page.write_text(text)
        click.echo(f'wrote {page}')
