"""Entry point of the `physioser` command line."""

from importlib import import_module

import click

from physioser_ros import __version__

#: Subcommands and what they do, in the order in which help shows them. The module of the same
#: name is imported only when it is called, so that `physioser predict` never waits for torch.
SUBCOMMANDS = {
    'predict': 'Recognise the emotion of recordings, without ROS.',
    'explain': 'Draw what a model made of a recording: one picture, one page.',
    'bag-to-csv': 'Write the answers in a ROS 2 bag as a table, one row an utterance.',
    'devices': 'List the microphones and mark the one that a setting would pick.',
    'doctor': 'Check microphone, permissions, ROS environment and model; say what to do.',
    'hearing': 'Measure what the capture hears and what it takes for a voice.',
    'early': 'Measure how early the answer is known, and what computing it ahead saves.',
    'bench': 'Measure what it costs, side by side with what else could be installed.',
    'soak': 'Watch memory, threads, files and delay over hours, and draw them.',
    'corpora': 'List, check and index corpora of emotional speech.',
    'parts': 'Print the trainable parameters of a model, part by part.',
    'train': 'Train a model from an experiment file.',
    'ensemble': 'Make one model of several trainings of one experiment.',
    'evaluate': 'Evaluate run folders on the speakers they have not met.',
    'robustness': 'Play noise, rooms, telephones and motors to models; and no speech at all.',
    'meeting': 'Measure what a model gains from having heard a speaker before.',
    'export': 'Export a trained model to one ONNX file.',
    'card': 'Write what was measured of an experiment into the card of its model.',
}


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and imports one when it is called."""

    def list_commands(self, ctx):
        """Return the names of the subcommands, in the order of the table."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx, name):
        """Import and return the subcommand `name`, or None if there is no such one."""
        if name not in SUBCOMMANDS:
            return None
        return import_module(f'physioser_ros.commands.{name.replace("-", "_")}').command

    def invoke(self, ctx):
        """Call the subcommand; a package that it lacks is a sentence, not a traceback."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or 'physioser_ros').startswith('physioser_ros'):
                raise
            raise click.ClickException(
                f'this needs the package {error.name}, which is not installed: run `pip install '
                f'{error.name}`, or install everything that training, evaluation, export and '
                'pictures need with `pip install -r requirements/train.in`') from error

    def format_commands(self, ctx, formatter):
        """Write the table of subcommands without importing any of them."""
        with formatter.section('Commands'):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={'help_option_names': ['-h', '--help']})
@click.version_option(__version__)
def main():
    """Emotion from speech by PhysioSER: train, evaluate, export and use the model."""


if __name__ == '__main__':
    main()
