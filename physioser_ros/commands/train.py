"""`physioser train`: from an experiment file to a run folder."""

import os
from pathlib import Path

import click


@click.command(context_settings={'help_option_names': ['-h', '--help'], 'show_default': True})
@click.argument('experiment', type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option('--data', required=True,
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Folder with the recordings and their index.csv.')
@click.option('--corpus', multiple=True,
              help='Take this corpus alone, whatever the experiment takes; repeat it for more '
                   'runs, each of one corpus.')
@click.option('--fold', multiple=True, default=(0,), type=click.IntRange(0),
              help='Fold that is held out; repeat it for more runs.')
@click.option('--seed', multiple=True, default=(0,), type=click.IntRange(0),
              help='Seed of the training; repeat it for more runs.')
@click.option('--all-speakers', is_flag=True,
              help='Hold nobody out: the model that ships. Needs --calibration.')
@click.option('--calibration', type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Run folder of a fold of the same experiment, whose temperature, threshold '
                   'and figures a model trained on all speakers takes over.')
@click.option('--output', type=click.Path(file_okay=False, path_type=Path),
              help='Run folder.  [default: runs/NAME[-CORPUS]-foldK-seedS]')
@click.option('--cache', default='.cache/features',
              type=click.Path(file_okay=False, path_type=Path),
              help='Folder where frozen features are kept from run to run.')
@click.option('--threads', default=0, type=click.IntRange(0),
              help='Threads of torch; 0 leaves the choice to it.')
def command(experiment, data, corpus, fold, seed, all_speakers, calibration, output, cache,
            threads):
    r"""
    Train the model that the file EXPERIMENT describes.

    Speakers of one fold are held out and judged at the end; a share of the others sets the
    temperature and the threshold. The same command goes on with a training that was interrupted
    and leaves a finished one as it is.

    \b
    physioser train config/experiments/joint.yaml --data DATA --fold 0 --fold 1 --seed 0
    physioser train config/experiments/own_backbone_only.yaml --data DATA --corpus emodb
    physioser train config/experiments/joint.yaml --data DATA --all-speakers \
        --calibration runs/joint-fold0-seed0
    """
    # Idle threads that spin slow the busy ones down on a shared machine.
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    if threads:
        os.environ['OMP_NUM_THREADS'] = str(threads)
    import torch

    from physioser_ros.training.experiment import train
    from physioser_ros.training.options import read_experiment

    if threads:
        torch.set_num_threads(threads)
    try:
        chosen = read_experiment(experiment)
        runs = list(_runs(chosen, data, corpus, (0,) if all_speakers else fold, seed,
                          all_speakers, calibration, output, cache))
        for one, options in runs:
            metrics = train(one, options, say=click.echo)
            for name, own in metrics.get('test', {}).items():
                click.echo(f'{name:10s} WA {own["wa"]:.3f}  UA {own["ua"]:.3f}  F1 '
                           f'{own["macro_f1"]:.3f}  ECE {own["ece"]:.3f}')
            click.echo(f'{options.output} is complete')
    except (ValueError, RuntimeError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error


def _runs(experiment, data, corpora, folds, seeds, all_speakers, calibration, output, cache):
    """Yield experiment and options of each run that the command line asks for."""
    from dataclasses import replace
    from itertools import product

    from physioser_ros.training.experiment import RunOptions
    from physioser_ros.training.options import ExperimentError

    wanted = list(product(corpora or (None,), seeds, folds))
    if output and len(wanted) > 1:
        raise ExperimentError(f'--output is one folder and this asks for {len(wanted)} runs: '
                              'leave it out')
    for corpus, seed, fold in wanted:
        own, name = experiment, experiment.name
        if corpus:
            own = replace(own, data=replace(own.data, corpora=(corpus,)))
            name += f'-{corpus}'
        name += '-all' if all_speakers else f'-fold{fold}'
        yield own, RunOptions(data=data, output=output or Path('runs') / f'{name}-seed{seed}',
                              cache=cache, fold=fold, seed=seed, all_speakers=all_speakers,
                              calibration_from=calibration)
