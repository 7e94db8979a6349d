"""
The picture of `physioser explain`.

Colours are of the palette of Okabe and Ito and of cividis, both made for colour-blind readers;
cividis rises evenly in lightness and the branches differ in line style too, so that nothing is
lost in grey.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure
import numpy as np

from physioser_ros.features import quartet, QuartetConfig
from physioser_ros.inference import COMPONENTS, EmotionResult, SAMPLE_RATE

MEANING = (
    'The weights tell how much of each branch and of each frame went into the answer, and the '
    'saliency of a component tells how much less probable the top label is without it.')
LIMITS = (
    'They do not tell why: attention is not by itself a faithful explanation (arXiv 1902.10186), '
    'quite other weights may lead to the same answer, and none of them says what a person feels.')

_VAP, _SSL, _INK, _PALE = '#0072B2', '#D55E00', '#333333', '#B0B0B0'
_DOTS_PER_INCH = 110


@dataclass(frozen=True)
class Explanation:
    """Everything that the picture and the page show."""

    title: str
    """Name of the recording."""
    model: str
    """Name and version of the model."""
    waveform: np.ndarray
    """float32 (samples,), mono, 16 kHz: what the model heard, padding included."""
    result: EmotionResult
    """The answer, with component saliency."""
    threshold: float
    """Confidence below which an answer counts as uncertain, [0, 1]."""


def draw(explanation: Explanation) -> bytes:
    """Return the picture as the bytes of a PNG file."""
    figure = Figure(figsize=(12, 13), layout='constrained')
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    time_row, planes_row, bars_row = figure.subfigures(3, 1, height_ratios=(1.25, 2.6, 1.2))
    result = explanation.result
    figure.suptitle(f'{explanation.title}: {result.label}, {result.confidence:.0%}   '
                    f'({explanation.model})', fontsize=14)
    _draw_frames(time_row.subplots(), explanation)
    _draw_planes(planes_row, explanation)
    branches, saliency, probabilities = bars_row.subplots(1, 3)
    _draw_branches(branches, result)
    _draw_saliency(saliency, result)
    _draw_probabilities(probabilities, explanation)
    bars_row.supxlabel(f'{MEANING}\n{LIMITS}', fontsize=8.5, color=_INK)
    content = BytesIO()
    figure.savefig(content, format='png', dpi=_DOTS_PER_INCH, metadata={'Software': None})
    return content.getvalue()


def _draw_frames(axes: Any, explanation: Explanation) -> None:
    """Draw the waveform and, over it, how much more than the average each frame weighs."""
    result, start_s = explanation.result, _start_s(explanation)
    times = start_s + np.arange(len(explanation.waveform)) / SAMPLE_RATE
    peak = max(float(abs(explanation.waveform).max()), 1e-6)
    axes.plot(times, explanation.waveform / peak, color=_PALE, linewidth=0.4, rasterized=True)
    axes.set(ylabel='waveform / its peak', ylim=(-1.05, 1.05), xlabel='time in s',
             xlim=(times[0], times[-1]))
    axes.set_title('Where in time each branch looked', loc='left')
    weights_axes = axes.twinx()
    branches = (('vocal branch (vap)', result.vap_frame_weights, _VAP, '-'),
                ('latent branch (ssl)', result.ssl_frame_weights, _SSL, '--'))
    for (name, weights, colour, style), step_s in zip(branches, result.frame_step_s):
        edges = start_s + np.arange(len(weights) + 1) * step_s
        weights_axes.stairs(weights * len(weights), edges, color=colour, linestyle=style,
                            linewidth=1.8, label=name, baseline=None)
    weights_axes.axhline(1, color=_INK, linewidth=0.6, linestyle=':')
    highest = max(float(weights.max()) * len(weights) for _, weights, _, _ in branches)
    weights_axes.set(ylabel='weight / its average', ylim=(0, 1.15 * highest))
    weights_axes.legend(loc='lower right', bbox_to_anchor=(1, 1), ncols=2, frameon=False)


def _draw_planes(figure: Any, explanation: Explanation) -> None:
    """Draw the four parts of the quartet over time and frequency, in their own units."""
    config = QuartetConfig()
    waveform = explanation.waveform
    if len(waveform) < config.window:
        waveform = np.pad(waveform, (0, config.window - len(waveform)))
    planes = quartet(waveform, config=config)
    deviation_hz = 2 * config.sample_rate / config.window
    delay_ms = 500 * config.window / config.sample_rate
    rate_db = config.range_db
    units = (
        ('M: log-magnitude', 'dB below the loudest', config.range_db, (-config.range_db, 0)),
        ('rho: its rate', 'dB from frame to frame', rate_db, (-rate_db / 2, rate_db / 2)),
        ('f_inst: instantaneous frequency', "Hz from the bin's centre", deviation_hz,
         (-deviation_hz, deviation_hz)),
        ('tau_g: group delay', "ms from the frame's centre", delay_ms, (-delay_ms, delay_ms)))
    # A frame stands for the hop around its centre.
    first_s = _start_s(explanation) + (config.window - config.hop) / 2 / config.sample_rate
    extent = (first_s, first_s + planes.shape[2] * config.frame_step_s, 0,
              config.sample_rate / 2)
    for axes, plane, (title, unit, scale, limits) in zip(figure.subplots(2, 2).flat, planes,
                                                         units):
        offset = -config.range_db / 2 if title.startswith('M') else 0.0
        image = axes.imshow(plane * scale + offset, origin='lower', aspect='auto',
                            extent=extent, cmap='cividis', vmin=limits[0], vmax=limits[1],
                            interpolation='nearest')
        axes.set(title=title, xlabel='time in s', ylabel='frequency in Hz')
        figure.colorbar(image, ax=axes, label=unit, pad=0.02)


def _draw_branches(axes: Any, result: EmotionResult) -> None:
    bars = axes.barh(['vocal\n(vap)', 'latent\n(ssl)'], result.branch_weights,
                     color=(_VAP, _SSL), edgecolor=_INK, hatch=('', '//'))
    axes.bar_label(bars, fmt='%.2f', padding=3)
    axes.invert_yaxis()
    axes.set(title='Weight of the branches', xlim=(0, 1.15), xlabel='share')


def _draw_saliency(axes: Any, result: EmotionResult) -> None:
    saliency = result.component_saliency
    bars = axes.barh(COMPONENTS, saliency, color=_VAP, edgecolor=_INK)
    axes.bar_label(bars, fmt='%+.3f', padding=3)
    axes.invert_yaxis()
    axes.axvline(0, color=_INK, linewidth=0.8)
    reach = max(float(abs(saliency).max()), 1e-3) * 1.8
    axes.set(title='Saliency of the components', xlim=(-reach, reach),
             xlabel=f'log-probability of "{result.labels[0]}"\nlost without it, in nat')


def _draw_probabilities(axes: Any, explanation: Explanation) -> None:
    result = explanation.result
    colours = [_INK] + [_PALE] * (len(result.labels) - 1)
    bars = axes.barh(result.labels, result.probabilities, color=colours, edgecolor=_INK)
    axes.bar_label(bars, fmt='%.2f', padding=3)
    axes.invert_yaxis()
    axes.set(title='Probability of the labels', xlim=(0, 1.15), xlabel='probability')
    if explanation.threshold > 0:
        axes.axvline(explanation.threshold, color=_SSL, linestyle='--', linewidth=1.5)
        axes.set_xlabel(f'probability; uncertain below {explanation.threshold:.2f} (dashed)')


def _start_s(explanation: Explanation) -> float:
    """Return when in the recording the model began to hear."""
    return explanation.result.skipped_samples / SAMPLE_RATE
