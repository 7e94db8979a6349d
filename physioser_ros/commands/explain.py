"""`physioser explain`: one picture and one page of what a model made of a recording."""

from pathlib import Path

import click

from physioser_ros.commands.options import fail, model_options, open_model
from physioser_ros.commands.recordings import read_recording, RecordingError


@click.command()
@click.argument('file', type=click.Path(path_type=Path))
@model_options
@click.option('-o', '--output', type=click.Path(file_okay=False, path_type=Path),
              help='Folder of the two files, created if need be; that of FILE without it.')
@click.option('--threshold', type=click.FloatRange(0, 1), help=(
    'Confidence below which an answer counts as uncertain; that of the model without it.'))
def command(file, model, sha256, output, threshold):
    """
    Draw what the model made of FILE, taken as one utterance.

    Writes FILE's name with the endings `.explained.png` and `.explained.html`; the page holds
    the picture and needs nothing else. Both show the waveform under the frame weights of both
    branches, the four planes of the quartet, the weights of the branches, the saliency of the
    components and the probabilities of the labels.
    """
    from physioser_ros.inference import Decision, InferenceError, Recognizer

    loaded = open_model(model, sha256)
    try:
        # Imported here: matplotlib is an extra, and slow.
        from physioser_ros.commands.explanation import draw, Explanation
        from physioser_ros.commands.explanation_page import page
    except ImportError as error:
        fail(f'{error}; install the training extra: pip install "physioser_ros[train]"')
    try:
        samples = read_recording(file)
        recognizer = Recognizer(loaded, Decision())
        result = recognizer.explain(samples)
    except (RecordingError, InferenceError) as error:
        fail(str(error))
    waveform, _ = recognizer.waveform(samples)
    explanation = Explanation(
        title=file.name, model=f'{loaded.metadata.name} {loaded.metadata.version}',
        waveform=loaded.padded(waveform), result=result,
        threshold=loaded.metadata.threshold if threshold is None else threshold)
    folder = output or file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        picture = draw(explanation)
        for ending, content in (('png', picture), ('html', page(explanation, picture))):
            path = folder / f'{file.stem}.explained.{ending}'
            path.write_bytes(content)
            click.echo(path)
    except OSError as error:
        fail(f'{error.filename} cannot be written: {error.strerror}')
