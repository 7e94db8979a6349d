"""The four parts of the quartet of an utterance, drawn as the model computes them."""

from typing import Any, Optional

import numpy as np

from physioser_ros.features import quartet, QuartetConfig
from physioser_ros.features.filters import hz_to_mel
from physioser_ros.pictures.style import COLOUR_MAP, INK

#: Where a mel scale is labelled, in Hz.
_MEL_TICKS_HZ = (0, 250, 500, 1000, 2000, 4000, 8000)


def draw_planes(figure: Any, waveform: np.ndarray, config: Optional[QuartetConfig],
                start_s: float) -> None:
    """
    Draw the four parts over time in s and frequency in Hz, in their own units.

    :param figure: matplotlib figure that they fill
    :param waveform: float32 (samples,), mono, at the rate of the quartet
    :param config: how the model computes them; None: the default way, and the heading says so
    :param start_s: time of the first sample in s
    """
    figure.suptitle(_heading(config), fontsize=12, color=INK, x=0.01, ha='left')
    config = config or QuartetConfig()
    if len(waveform) < config.window:
        waveform = np.pad(waveform, (0, config.window - len(waveform)))
    planes = quartet(waveform, config.sample_rate, config)
    # A frame stands for the hop around its centre.
    first_s = start_s + (config.window - config.hop) / 2 / config.sample_rate
    top_hz = config.sample_rate / 2
    extent = (first_s, first_s + planes.shape[2] * config.frame_step_s, 0,
              float(hz_to_mel(top_hz)) if config.bands else top_hz)
    fields = figure.subplots(2, 2, sharex=True, sharey=True)
    for axes, plane, (title, unit, scale, offset, low, high) in zip(fields.flat, planes,
                                                                    _units(config)):
        image = axes.imshow(plane * scale + offset, origin='lower', aspect='auto', extent=extent,
                            cmap=COLOUR_MAP, vmin=low, vmax=high, interpolation='nearest')
        axes.set_title(title, fontsize=12)
        figure.colorbar(image, ax=axes, label=unit, pad=0.01)
    for axes in fields[:, 0]:
        axes.set_ylabel('frequency in Hz')
    for axes in fields[1]:
        axes.set_xlabel('time in s')
    if config.bands:
        shown = [tick for tick in _MEL_TICKS_HZ if tick <= top_hz]
        fields[0, 0].set_yticks(hz_to_mel(shown), map(str, shown))


def _heading(config):
    """Return what is drawn, in words."""
    told = config or QuartetConfig()
    rows = f'{told.bands} mel bands' if told.bands else f'{told.bins} bins'
    how = (f'{rows}, frames of {1000 * told.window / told.sample_rate:.0f} ms every '
           f'{1000 * told.frame_step_s:.0f} ms')
    if config is None:
        return f'The quartet ({how}; the file of the model does not tell how it computes its own)'
    return f'The quartet as the model computes it ({how})'


def _units(config):
    """Return title, unit, scale and offset to that unit and range of each part."""
    decibel, whole = config.range_db, config.sample_rate
    absolute = config.if_ref == 'absolute'
    frequency = whole / 2 if absolute else 2 * whole / config.window
    delay_ms = 500 * config.window / whole
    relative = "Hz from the bins' centres" if config.bands else "Hz from the bin's centre"
    lowest = 0 if config.rho == 'halfwave' else -decibel / 2
    plain = config.gd == 'plain'
    return (
        ('M: log-magnitude', 'dB re the loudest', decibel, -decibel / 2, -decibel, 0),
        ('rho: its rate', 'dB from frame to frame', decibel, 0, lowest, decibel / 2),
        ('f_inst: instantaneous frequency',
         'Hz' if absolute else relative, frequency, 0,
         0 if absolute else -frequency, frequency),
        ('tau_g: group delay', "ms from the frame's centre" if plain else 'modified, no unit',
         delay_ms if plain else 1, 0, -delay_ms if plain else -1, delay_ms if plain else 1))
