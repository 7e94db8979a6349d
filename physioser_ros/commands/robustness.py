"""`physioser robustness`: what worse sound, and no speech at all, does to a model."""

import json
from pathlib import Path

import click


@click.command(context_settings={'help_option_names': ['-h', '--help'], 'show_default': True})
@click.argument('models', nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option('--data', required=True,
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Folder with the recordings and their index.csv.')
@click.option('--clips', default=50, type=click.IntRange(0),
              help='Clips a corpus, their emotions in equal numbers; 0 takes all.')
@click.option('--sounds', default=20, type=click.IntRange(1),
              help='Sounds of each kind of non-speech.')
@click.option('--threads', default=0, type=click.IntRange(0),
              help='Threads; 0 leaves the choice to torch.')
def command(models, data, clips, sounds, threads):
    r"""
    Play noise, rooms, telephones and a robot's motors to MODELS.

    Each is a run folder, judged on speakers whom it held out, or an exported ONNX file, judged on
    whatever it may have been trained on, so that only the changed labels and the loss against
    clean sound mean anything. The figures go into `robustness.json` of the run folder, or into
    `NAME.robustness.json` beside the file; `physioser evaluate` puts those of run folders into
    its report.

    \b
    physioser robustness runs/joint-fold0-seed0 --data DATA
    """
    from functools import partial

    import torch

    from physioser_ros.benchmark.hearing.noises import fan, hum, music, servo, tone, white
    from physioser_ros.training import robustness
    from physioser_ros.training.features import read_waveform

    if threads:
        torch.set_num_threads(threads)
    makers = {'silence': robustness.silence, 'noise': white, 'hum': hum, 'tone': tone,
              'music': music, 'fan': fan, 'servo': servo}
    for model in models:
        try:
            answer, rows, labels, seconds, output = _open(model, data)
            read = partial(_read, read_waveform, data, seconds)
            click.echo(str(model))
            found = {'clips_a_corpus': clips, 'conditions': robustness.measure(
                answer, robustness.some_clips(rows, clips), read, labels,
                robustness.conditions({'fan': fan, 'servo': servo}), click.echo),
                'non_speech': robustness.without_speech(answer, makers, sounds)}
        except (ValueError, RuntimeError, FileNotFoundError) as error:
            raise click.ClickException(str(error)) from error
        for name, own in found['non_speech'].items():
            click.echo(f'{name}: confidence above {robustness.ASSERTED} in '
                       f'{own["asserted"]:.0%} of {own["sounds"]}')
        output.write_text(json.dumps(found, indent=2) + '\n')
        click.echo(f'wrote {output}')


def _read(read_waveform, data, seconds, path):
    """Read a recording below the data folder."""
    return read_waveform(data / path, seconds)


def _open(model, data):
    """Return what answers, the clips to judge, labels, longest clip and where to write."""
    if model.is_dir():
        from physioser_ros.training.finished import finished

        run = finished(model)
        return (run.answer, run.rows, run.labels, run.experiment.features.max_seconds,
                model / 'robustness.json')
    from hashlib import sha256

    from physioser_ros.corpora.index import read_index
    from physioser_ros.inference import load_model

    loaded = load_model(model, sha256=sha256(model.read_bytes()).hexdigest())
    index = read_index(data)
    rows = index.assign(label=index['emotion_norm'])
    rows = rows[rows['label'].isin(loaded.labels)].reset_index(drop=True)
    return (lambda waveform: loaded.run(waveform).probabilities[0], rows, tuple(loaded.labels),
            loaded.metadata.max_samples / loaded.metadata.sample_rate,
            model.with_suffix('.robustness.json'))
