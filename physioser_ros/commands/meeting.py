"""`physioser meeting`: what a model gains from having heard a speaker before."""

import json
from pathlib import Path

import click


@click.command(context_settings={'help_option_names': ['-h', '--help'], 'show_default': True})
@click.argument('runs', nargs=-1, required=True,
                type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option('--data', required=True,
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Folder with the recordings and their index.csv.')
@click.option('--draws', default=4, type=click.IntRange(1),
              help='How often the clips that are judged and those heard before are drawn.')
@click.option('--cache', default='.cache/features',
              type=click.Path(file_okay=False, path_type=Path),
              help='Folder where frozen features are kept from run to run.')
@click.option('--threads', default=0, type=click.IntRange(0),
              help='Threads; 0 leaves the choice to torch.')
def command(runs, data, draws, cache, threads):
    r"""
    Let the models in RUNS meet the speakers whom they held out.

    Each speaker is judged after 0, 1, 3, 5, 10 and 20 other utterances: of all emotions alike,
    mostly neutral, or of one emotion only. The labels never reach the model. The figures go into
    `meeting.json` of each run folder; `physioser evaluate` puts them into its report.

    \b
    physioser meeting runs/joint_speaker-fold0-seed0 --data DATA
    """
    import torch

    from physioser_ros.training.finished import cached_features, finished
    from physioser_ros.training.meeting import HEARD, meet

    if threads:
        torch.set_num_threads(threads)
    for folder in runs:
        try:
            run = finished(folder)
            store, rows = cached_features(run, data, cache)
            found = meet(run.model, store, rows, run.labels, run.experiment.data.judged, draws,
                         say=click.echo)
        except (ValueError, RuntimeError, FileNotFoundError) as error:
            raise click.ClickException(f'{folder}: {error}') from error
        click.echo(f'{folder}: mean UA after {", ".join(map(str, HEARD))} utterances')
        for order, own in found['orders'].items():
            click.echo(f'  {order:15s} '
                       + '  '.join(f'{own[str(heard)]["mean"]:.3f}' for heard in HEARD))
        click.echo(f'  all clips of the speaker: {found["all"]["mean"]:.3f}')
        (folder / 'meeting.json').write_text(json.dumps(found, indent=2) + '\n')
        click.echo(f'wrote {folder / "meeting.json"}')
