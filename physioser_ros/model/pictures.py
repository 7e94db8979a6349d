"""
Pictures of the method, made by the method's own code.

`python -m physioser_ros.model.pictures RECORDING FOLDER` draws those of the documentation.
"""

from pathlib import Path

import click
import numpy as np
import torch

from physioser_ros.features import COMPONENTS, quartet, QuartetConfig
from physioser_ros.model.quaternion import QuaternionConv2d, RadialQReLU

#: How the parts are called in a picture.
TITLES = {'M': 'M: log-magnitude', 'rho': 'rho: its rate',
          'f_inst': 'f_inst: frequency against the bin', 'tau_g': 'tau_g: group delay'}


def quartet_picture(waveform, path, config=None, *, top_hz=4000):
    """
    Draw the four parts of an utterance's quartet, as the encoder sees them.

    :param waveform: float, shape (samples,), mono, at `config.sample_rate`, [-1, 1]
    :param path: where to write the picture; its suffix chooses the format
    :param config: `QuartetConfig` without bands, the default one if None
    :param top_hz: highest frequency shown, in Hz
    :raises ValueError: for a waveform that `quartet` refuses
    """
    from physioser_ros.pictures import style

    config = config or QuartetConfig()
    parts = quartet(waveform, config.sample_rate, config)
    rows = int(config.rows * top_hz * 2 / config.sample_rate)
    extent = (0, parts.shape[2] * config.frame_step_s, 0, top_hz / 1000)
    figure = style.figure(8, 7)
    for axes, name, part in zip(figure.subplots(4, 1, sharex=True), COMPONENTS, parts):
        limit = 0.5 if name == 'M' else 0.35
        image = axes.imshow(part[:rows], origin='lower', aspect='auto', extent=extent,
                            vmin=-limit, vmax=limit, interpolation='nearest',
                            cmap=style.COLOUR_MAP)
        axes.set_title(TITLES[name], loc='left', fontsize=10)
        axes.set_ylabel('kHz')
        figure.colorbar(image, ax=axes, pad=0.01)
    axes.set_xlabel('s')
    style.save(figure, path)


def example_field(size=25):
    """
    Return a quaternion field with one blob in M and one in f_inst.

    :return: float32, shape (1, 4, size, size)
    """
    axis = torch.arange(size) - size // 2

    def blob(row, column):
        distance = (axis[:, None] - row) ** 2 + (axis[None] - column) ** 2
        return torch.exp(-distance / 8.0)

    field = torch.zeros(1, 4, size, size)
    field[0, 0], field[0, 2] = blob(4, -5), blob(-4, 5)
    return field


def example_kernel():
    """Return one Hamilton kernel: r averages in time, k is the slope in time; i and j are zero."""
    layer = QuaternionConv2d(1, 1, 3, padding=1, bias=False)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0, 0, 1] = torch.tensor([0.25, 0.5, 0.25])
        layer.weight[3, 0, 0, 1] = torch.tensor([-1.0, 0.0, 1.0])
    return layer


@torch.no_grad()
def kernel_picture(path):
    """
    Draw what one quaternion kernel and the radial activation do to a field.

    :param path: where to write the picture; its suffix chooses the format
    """
    from physioser_ros.pictures import style

    field = example_field()
    product = example_kernel()(field)
    active = RadialQReLU(1, bias=-0.2)(product)
    rows = {'field': field, 'Hamilton product': product, 'radial qReLU': active}
    figure = style.figure(8, 6)
    for line, (title, values) in zip(figure.subplots(3, 4, sharex=True, sharey=True),
                                     rows.items()):
        for axes, letter, part in zip(line, 'rijk', values[0]):
            axes.imshow(part, origin='lower', cmap=style.COLOUR_MAP, vmin=-0.8, vmax=0.8)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(f'{title}: {letter}', fontsize=9)
    style.save(figure, path)


@click.command()
@click.argument('recording', type=click.Path(exists=True, dir_okay=False))
@click.argument('folder', type=click.Path(file_okay=False, path_type=Path))
def main(recording, folder):
    """Draw the pictures of the documentation from RECORDING, 16 kHz, into FOLDER."""
    import soundfile

    waveform, rate = soundfile.read(recording, dtype='float32', always_2d=True)
    if rate != QuartetConfig().sample_rate:
        raise click.ClickException(f'{recording} has {rate} Hz, expected 16000 Hz: resample it')
    folder.mkdir(parents=True, exist_ok=True)
    quartet_picture(np.ascontiguousarray(waveform[:, 0]), folder / 'quartet.png')
    kernel_picture(folder / 'quaternion_kernel.png')


if __name__ == '__main__':
    main()
