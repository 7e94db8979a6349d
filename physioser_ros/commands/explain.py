"""`physioser explain`: one picture and one page of what a model made of an utterance."""

from pathlib import Path
import sys

import click

from physioser_ros.commands.options import fail, model_options, open_model
from physioser_ros.commands.recordings import RecordingError


@click.command()
@click.argument('source', type=click.Path(path_type=Path))
@model_options
@click.option('-o', '--output', type=click.Path(file_okay=False, path_type=Path), help=(
    'Folder of what is written, created if need be. Without it: beside a file; for a folder or '
    'bag, the folder of its name and ".explained" beside it.'))
@click.option('--threshold', type=click.FloatRange(0, 1), help=(
    'Confidence below which an answer counts as uncertain; that of the model without it.'))
@click.option('--segment', is_flag=True, help=(
    'Cut each file into utterances as the audio_capture node does; without it a whole file is '
    'one utterance.'))
@click.option('--namespace', metavar='NAME',
              help='Namespace of the nodes in a bag; all without it.')
def command(source, model, sha256, output, threshold, segment, namespace):
    """
    Draw what the model made of SOURCE: a recording, a folder of them, or a ROS 2 bag.

    An utterance gives its name with the endings `.explained.png` and `.explained.html`; the page
    holds the picture and needs nothing else. Both show the waveform under the frame weights of
    both branches, the four planes of the quartet as the model computes them, the weights of the
    branches, the saliency of the components and the probabilities of the labels. Several
    utterances get an `index.html` too. A bag needs the topic audio/utterance.
    """
    from physioser_ros.inference import Decision, InferenceError, Recognizer

    loaded = open_model(model, sha256)
    try:
        # Imported here: matplotlib is an extra, and slow.
        from physioser_ros.commands.explained_sounds import sounds
        from physioser_ros.commands.explanation import quartet_of
        from physioser_ros.commands.explanation_index import index_page
    except ImportError as error:
        fail(f'{error}; install the training extra: pip install "physioser_ros[train]"')
    several = source.is_dir() or segment
    folder = output or (source.parent / f'{source.name}.explained' if several else source.parent)
    recognizer, entries, bad = Recognizer(loaded, Decision()), [], []
    try:
        config = quartet_of(loaded.metadata.raw)
        for sound in sounds(source, segment, namespace, bad.append):
            entries.append(_explain(sound, recognizer, threshold, config, folder))
            _tell(folder, entries[-1].picture, entries[-1].page)
        if several and entries:
            (folder / 'index.html').write_bytes(index_page(source.name, entries))
            _tell(folder, 'index.html')
    except (RecordingError, InferenceError, ValueError) as error:
        fail(str(error))
    except OSError as error:
        fail(f'{error.filename} cannot be written: {error.strerror}')
    for sentence in bad if entries or bad else [f'{source}: no speech was found']:
        click.echo(f'physioser explain: {sentence}', err=True)
    sys.exit(0 if entries and not bad else 1)


def _tell(folder, *names):
    """Say what was written."""
    for name in names:
        click.echo(folder / name)


def _explain(sound, recognizer, threshold, config, folder):
    """Write picture and page of one utterance; return its entry in the index."""
    from physioser_ros.commands.explanation import draw, Explanation
    from physioser_ros.commands.explanation_index import Entry
    from physioser_ros.commands.explanation_page import page

    model = recognizer.model
    result = recognizer.explain(sound.samples)
    waveform, _ = recognizer.waveform(sound.samples)
    explanation = Explanation(
        title=sound.title, model=f'{model.metadata.name} {model.metadata.version}',
        waveform=model.padded(waveform), result=result, quartet=config,
        threshold=model.metadata.threshold if threshold is None else threshold)
    entry = Entry(sound.title, f'{sound.stem}.explained', result,
                  result.probabilities[0] < explanation.threshold)
    folder.mkdir(parents=True, exist_ok=True)
    picture = draw(explanation)
    (folder / entry.picture).write_bytes(picture)
    (folder / entry.page).write_bytes(page(explanation, picture))
    return entry
