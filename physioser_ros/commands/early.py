"""Measure how early the answer is known."""

from pathlib import Path

import click

from physioser_ros.commands.options import fail, model_options, node_defaults, open_model


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.option('--data', required=True, metavar='FOLDER',
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Recordings with an index.csv.')
@click.option('--sentences', default=60, show_default=True, type=click.IntRange(1),
              help='Sentences on the time line.')
@click.option('--live', default=12, show_default=True, type=click.IntRange(0),
              help='Sentences that are played at the pace of speech; 0 for none.')
@click.option('--period', 'period_s', default=0.5, show_default=True, metavar='SECONDS',
              type=click.FloatRange(0.1), help='From one early answer to the next.')
@click.option('--seed', default=2, show_default=True, help='Of the choice of sentences.')
@click.option('--report', 'page', metavar='FILE',
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help='Page between whose marks the tables are written; printed without it.')
@model_options
def command(data, sentences, live, period_s, seed, page, model, sha256):
    """
    Measure how early the answer is known, and what computing it ahead saves.

    Sentences of real recordings on a time line, answered while they are spoken and when they are
    over. Takes a minute or two, and twice the length of the sentences played.
    """
    try:
        from physioser_ros.benchmark.early import measure, report

        text = measure.measure(
            data, open_model(model, sha256), sentences, live,
            node_defaults('emotion_recognizer')['early.window_s'], period_s,
            lambda line: click.echo(line, err=True), seed)
        if page is None:
            click.echo(text)
        else:
            report.write(text, page)
    except ImportError as error:
        fail(f'{error}: run `pip install -r requirements/bench.in`')
    except (OSError, ValueError) as error:
        fail(str(error))
