"""`physioser corpora`: what the registry knows, and whether a folder is what was published."""

from pathlib import Path
import sys

import click


@click.group()
def command():
    """List, check, index and measure corpora of emotional speech."""


@command.command('list')
@click.option('--markdown', is_flag=True, help='Print the table of docs/corpora.md.')
def list_corpora(markdown):
    """List the registered corpora with their licences."""
    from physioser_ros.corpora import overview

    if markdown:
        click.echo(overview.markdown(), nl=False)
        return
    rows = [[cell.replace('`', '') for cell in cells]
            for cells in (overview.header(), *overview.overview())]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for cells in rows:
        click.echo('  '.join(map(str.ljust, cells, widths)).rstrip())


@command.command()
@click.argument('name')
def show(name):
    """Show everything the registry knows of the corpus NAME; a NAME.yaml of your own is read."""
    corpus = _corpus(name)
    labels = ', '.join(f'{emotion.label} ({emotion.shared}, {emotion.clips or "?"})'
                       for emotion in corpus.emotions.values() if emotion)
    facts = {
        'name': corpus.name, 'language': corpus.language, 'speech': corpus.speech,
        'licence': f'{corpus.licence} (commercial use: {corpus.commercial})',
        'source': corpus.source, 'obtain': corpus.obtain, 'cite': corpus.citation,
        'clips': corpus.clips, 'speakers': corpus.speakers, 'labels (shared, clips)': labels,
        'example': corpus.examples[0]['path'], 'note': corpus.note,
        **{f'in doubt: {fact}': reason for fact, reason in corpus.unverified.items()},
    }
    for title, value in facts.items():
        if value:
            click.echo(f'{title}: {value}')


@command.command()
@click.argument('name')
@click.argument('folder', type=click.Path(file_okay=False, path_type=Path))
@click.option('--names', default=10, show_default=True, help='How many names to print of a kind.')
def check(name, folder, names):
    """Say what FOLDER lacks of the corpus NAME, or has too much. Exit code 1 if anything."""
    from physioser_ros.corpora import check as compare

    report = _guarded(compare, _corpus(name), folder)
    click.echo('\n'.join(report.lines(most=names)))
    sys.exit(0 if report.complete else 1)


@command.command()
@click.argument('name')
@click.argument('folder', type=click.Path(file_okay=False, path_type=Path))
@click.option('-o', '--output', type=click.Path(dir_okay=False, path_type=Path), required=True,
              help='Index to write; rows of other corpora in it stay.')
def index(name, folder, output):
    """
    Measure the recordings of the corpus NAME in FOLDER and write them to an index.

    NAME is one of the registry or your own YAML file, NAME.yaml.
    """
    from physioser_ros.corpora import parse
    from physioser_ros.corpora.measure import write_index

    parsed = _guarded(parse, _corpus(name), folder)
    written, left_out = _guarded(write_index, parsed.rows, folder, output, each=_progress)
    for path, reason in left_out.items():
        click.echo(f'left out {path}: {reason}', err=True)
    click.echo(f'{output}: {len(written)} recordings of {written["speaker_id"].nunique()} '
               f'speakers, {written["duration_s"].sum() / 3600:.2f} h.')


@command.command()
@click.argument('index', type=click.Path(exists=True, dir_okay=False, path_type=Path))
def measure(index):
    """
    Add to an INDEX that you wrote by hand what is measured of each recording.

    Rows that have duration_s and sha1_pcm stay as they are.
    """
    from physioser_ros.corpora.measure import complete_index

    count = _guarded(complete_index, index, each=_progress)
    click.echo(f'{index}: measured {count} recordings.')


def _progress(items):
    """Show a bar while going through items."""
    with click.progressbar(items, file=sys.stderr) as bar:
        yield from bar


def _corpus(name):
    """Return the registered corpus `name`, or the one that a YAML file describes."""
    from physioser_ros.corpora import corpus_names, get_corpus
    from physioser_ros.corpora.registry import read_entry

    if name.endswith('.yaml'):
        return _guarded(read_entry, name)
    if name not in corpus_names():
        raise click.BadParameter(f'no corpus {name!r}; there are {", ".join(corpus_names())}; '
                                 'for another one give its YAML file, NAME.yaml')
    return get_corpus(name)


def _guarded(function, *arguments, **options):
    """Call `function` and turn what a user can mend into one sentence and exit code 1."""
    try:
        return function(*arguments, **options)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
