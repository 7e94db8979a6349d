"""Say why it does not work, and what to do."""

import sys
import textwrap

import click

from physioser_ros.commands import examination
from physioser_ros.commands.options import model_options

MARKS = {'ok': 'ok   ', 'warn': 'look ', 'wrong': 'WRONG'}
#: Columns before the text of a finding.
INDENT = 20


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.option('--device', 'query', default='', help='What the parameter `device` shall be: index, '
              'name or words of it; empty for the default one.')
@click.option('--listen', 'seconds', default=3.0, show_default=True, metavar='SECONDS',
              type=click.FloatRange(0, 60), help='How long to listen to the microphone, of which '
              'nothing is kept; 0 for not at all.')
@model_options
def command(query, seconds, model, sha256):
    """
    Check microphone, permissions, ROS environment and model, and say what to do.

    Exit code 1 when something is wrong. Attach the output to a bug report.
    """
    findings = []
    for look in (
            examination.sound_access,
            lambda: examination.microphone(query, seconds, lambda: click.echo(
                f'Listening for {seconds:g} s: please speak.', err=True)),
            examination.exchange, examination.voice_activity, examination.ros,
            lambda: examination.model(model, sha256)):
        for finding in look():
            findings.append(finding)
            click.echo(_line(finding))
    wrong = sum(finding.level == 'wrong' for finding in findings)
    if wrong:
        click.echo(f'{wrong} of {len(findings)} findings are wrong; mend the first one first.')
        sys.exit(1)
    click.echo('Nothing is wrong.')


def _line(finding):
    head = f'{MARKS[finding.level]}  {finding.subject}'.ljust(INDENT)
    return textwrap.fill(finding.text, 99, initial_indent=head, subsequent_indent=' ' * INDENT,
                         break_long_words=False, break_on_hyphens=False)
