"""`physioser card`: what was measured of an experiment, in the card of its model."""

from pathlib import Path

import click

#: What encloses the measured part of a card, so that it can be written anew.
START, END = '<!-- measured -->', '<!-- end of measured -->'


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.argument('model', type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument('runs', nargs=-1, required=True,
                type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(model, runs):
    r"""
    Write what was measured of RUNS into the card beside MODEL, an exported file.

    RUNS are the folds of the experiment that the model was trained by on all speakers: figures
    for women, men and languages, what refusing to answer buys, and what `physioser robustness`
    and `physioser meeting` left in their folders. Done again it replaces what it wrote before.

    \b
    physioser card models/balanced.onnx runs/joint-fold0-seed0
    """
    from physioser_ros.training.evaluation import gather
    from physioser_ros.training.report_sections import (
        by_speaker, heard_again, in_eight_bits, worse_sound)
    from physioser_ros.training.tables import compact, trust

    path = model.with_suffix('.md')
    try:
        models = gather(runs)
        if not path.is_file():
            raise ValueError(f'{path} does not exist: `physioser export` writes it')
        lines = ['## Over all folds', '', 'The table above stands in the file itself. Over all '
                 'speakers that the folds named here held out:', '', *compact(models), '',
                 *by_speaker(models)]
        lines += ['## Answering only when sure', '', 'Share of wrong answers among those given '
                  'when the least confident clips get "uncertain"; in brackets the confidence '
                  'that this takes.', '', *trust(models)]
        lines += heard_again(models) + worse_sound(models) + in_eight_bits(models)
        path.write_text(with_measured(path.read_text(encoding='utf-8'), lines), encoding='utf-8')
    except (ValueError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f'wrote {path}')


def with_measured(card, lines):
    """
    Return a card with a measured part before its limits, in place of an older one.

    :param card: text of the card
    :param lines: lines of the part
    :return: str
    :raises ValueError: if the card has no section on limits
    """
    before, start, rest = card.partition(START)
    if start:
        card = before.rstrip('\n') + '\n\n' + rest.partition(END)[2].lstrip('\n')
    before, limits, after = card.partition('## Limits')
    if not limits:
        raise ValueError('the card has no section "## Limits": is it one of `physioser export`?')
    part = '\n'.join([START, '', *lines]).rstrip('\n')
    return f'{before}{part}\n\n{END}\n\n{limits}{after}'
