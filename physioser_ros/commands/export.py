"""`physioser export`: from a run folder to one ONNX file."""

from dataclasses import asdict
from functools import partial
import json
from pathlib import Path

import click

from physioser_ros.commands.options import fail

#: Recordings that are compared with torch, beside noise and silence.
CLIPS = 24
#: Recordings on which a file in 8 bits is compared with one in floating point.
COMPARED = 400


@click.command(context_settings={'help_option_names': ['-h', '--help'], 'show_default': True})
@click.argument('run', type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option('--data', required=True,
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Folder with the recordings that the run learned from, and their index.csv: '
                   'licences and speakers are taken from it.')
@click.option('--output', required=True, type=click.Path(dir_okay=False, path_type=Path),
              help='File to write, models/NAME.onnx; models/balanced.onnx is the default model.')
@click.option('--name', default='', help='Name of the model; the name of the file without it.')
@click.option('--version', default='1.0.0', help='Version of the model.')
@click.option('--licence', default='', help=(
    'Licence of the weights, where every corpus is permissive.'))
@click.option('--precision', default='float32', type=click.Choice(['float32', 'int8']),
              help='Of the weights at run time; int8 is smaller and faster and changes a few '
                   'answers: how many is measured and written into the file.')
@click.option('--max-seconds', default=12.0, type=click.FloatRange(1.0, 60.0),
              help='Longest utterance that the file takes.')
@click.option('--max-megabytes', default=25.0, type=click.FloatRange(0.0),
              help='Size that the file must stay below, in 1,000,000 bytes, by packing the '
                   'largest weights if need be; 0 for any size.')
@click.option('--clips', default=CLIPS, type=click.IntRange(0),
              help='Recordings on which the file is compared with torch.')
@click.option('--compare', default=COMPARED, type=click.IntRange(1),
              help='Recordings on which int8 is compared with float32; speakers held out if the '
                   'run has any.')
def command(run, data, output, name, version, licence, precision, max_seconds, max_megabytes,
            clips, compare):
    r"""
    Export the model of the run folder RUN to one self-contained ONNX file.

    The file is compared with torch in a fresh process, at lengths from 0.3 to 10 s, on silence,
    on noise and on recordings; if they disagree nothing is written. A model card and the
    folder's SHA256SUMS are written beside it. What 8 bits change on speakers whom a run held
    out goes into the run folder as well, for `physioser evaluate`.

    \b
    physioser export runs/joint-all-seed0 --data DATA --output models/balanced.onnx
    """
    try:
        from physioser_ros.commands.export_facts import facts_of_run, recordings_of_run
        from physioser_ros.export import export_model
        from physioser_ros.export.agreement import SAME_LABEL, SAME_LABEL_UNMET
        from physioser_ros.training.experiment import load_model
        from physioser_ros.training.run_folder import read_metrics
    except ImportError as error:
        fail(f'{error.name} is not installed: the export needs the packages of training '
             '(requirements/train.in)')
    try:
        facts = facts_of_run(run, data, name=name or output.stem, version=version,
                             licence=licence)
        chosen = recordings_of_run(run, data, clips)
        labelled = (recordings_of_run(run, data, compare, held_out=True)
                    if precision == 'int8' else ())
        unmet = bool(read_metrics(run)['speakers']['test'])
        left = export_model(partial(load_model, run), facts, output, precision=precision,
                            max_seconds=max_seconds, clips=[clip for clip, _ in chosen],
                            labelled=labelled,
                            same_label=SAME_LABEL_UNMET if unmet else SAME_LABEL,
                            max_bytes=int(max_megabytes * 1e6),
                            say=click.echo)
        if precision == 'int8' and unmet:
            (run / 'int8.json').write_text(json.dumps(asdict(left.stored), indent=2) + '\n')
    except (ValueError, RuntimeError, OSError) as error:
        fail(str(error))
