"""Measure what the capture hears and what it takes for a voice."""

from pathlib import Path

import click

from physioser_ros.commands.options import fail


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.option('--data', required=True, metavar='FOLDER',
              type=click.Path(exists=True, file_okay=False, path_type=Path),
              help='Recordings with an index.csv.')
@click.option('--sentences', default=120, show_default=True, type=click.IntRange(12),
              help='Sentences on each line of speech.')
@click.option('--noise', 'noise_s', default=180.0, show_default=True, metavar='SECONDS',
              type=click.FloatRange(1), help='Length of a stretch of noise.')
@click.option('--hours', default=0.0, show_default=True, type=click.FloatRange(0),
              help='Hours of sound to hear for the memory.')
@click.option('--seed', default=2, show_default=True, help='Of the choice of sentences and of all '
              'noises. The defaults of the segmentation were chosen with seeds 0 and 1.')
@click.option('--report', 'page', metavar='FILE',
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help='Page between whose marks the tables are written, a picture beside it; '
                   'printed without it.')
def command(data, sentences, noise_s, hours, seed, page):
    """
    Measure what the capture hears, beside other segmenters.

    Sentences of real recordings on a time line, in silence and in noise, and long noises. Every
    seed is fixed. Takes minutes.
    """
    try:
        from physioser_ros.benchmark.hearing import hangover, measure, report

        text = measure.measure(data, sentences, hours, lambda line: click.echo(line, err=True),
                               noise_s, seed)
        if page is None:
            click.echo(text)
        else:
            report.write(text, page)
            hangover.draw(page, page.with_name('hangover.png'))
    except ImportError as error:
        fail(f'{error}: run `pip install -r requirements/bench.in`')
    except (OSError, ValueError) as error:
        fail(str(error))
