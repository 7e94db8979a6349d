"""List the microphones, as `physioser devices` and as `ros2 run physioser_ros devices`."""

import sys

import click

from physioser_ros.audio.devices import choose_rate, find_device, list_devices
from physioser_ros.audio.errors import AudioError


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.option('--device', 'query', default='', help='What the parameter `device` shall be: index, '
              'name or words of it; empty for the default one.')
@click.option('--check', is_flag=True, help='Print nothing; exit 0 if the setting finds a device '
              'that can be opened, else 1.')
def command(query, check):
    """
    List the microphones and mark (->) the one that a setting would pick.

    Exit code 1 when the setting finds none, or several.
    """
    devices, chosen, problem = [], None, ''
    try:
        devices = list_devices()
        chosen = find_device(query, devices)
        rate = choose_rate(chosen, 1)
    except AudioError as error:
        problem = str(error)
    if check:
        sys.exit(1 if problem else 0)
    for device in devices:
        click.echo(f'{"->" if device == chosen else "  "} {device}')
    if problem:
        raise click.ClickException(problem)
    click.echo(f'The marked one would be opened at {rate} Hz.')


if __name__ == '__main__':
    command()
