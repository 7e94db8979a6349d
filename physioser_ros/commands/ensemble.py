"""`physioser ensemble`: several trainings of one experiment as one model."""

from pathlib import Path

import click


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.argument('runs', nargs=-1, required=True,
                type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option('--calibration', type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Run folder of an ensemble of a fold, whose temperature, threshold and figures '
                   'an ensemble of runs that held nobody out takes over.')
@click.option('--output', type=click.Path(file_okay=False, path_type=Path),
              help='Run folder.  [default: that of the first run, _ensemble behind its name]')
def command(runs, calibration, output):
    r"""
    Make one model of RUNS, trainings of one experiment and fold from different seeds.

    It answers the mean of their log probabilities; backbone and quartet are computed once. The
    run folder can be evaluated and exported like any other.

    \b
    physioser ensemble runs/joint_speaker-fold0-seed0 runs/joint_speaker-fold0-seed1
    """
    from physioser_ros.training.ensemble import combine

    output = output or runs[0].with_name(runs[0].name.replace('-', '_ensemble-', 1))
    try:
        found = combine(runs, output, calibration)
    except (ValueError, RuntimeError, OSError) as error:
        raise click.ClickException(str(error)) from error
    for corpus, own in found.get('test', {}).items():
        click.echo(f'{corpus:10} WA {own["wa"]:.3f}  UA {own["ua"]:.3f}  ECE {own["ece"]:.3f}')
    click.echo(f'{output} is complete')
