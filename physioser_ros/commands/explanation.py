"""
The picture of `physioser explain`.

It has the shape of a screen, so that it fills a projector. The branches differ in line style and
hatching as well as in colour, and the colour map rises evenly in lightness: nothing is lost in
grey or to colour-blind readers.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Mapping, Optional

import matplotlib
import numpy as np

from physioser_ros.commands.explanation_planes import draw_planes
from physioser_ros.features import QuartetConfig
from physioser_ros.inference import COMPONENTS, EmotionResult, SAMPLE_RATE
from physioser_ros.pictures.style import BLUE, figure, INK, PALE, VERMILION

MEANING = (
    'The weights tell how much of each branch and of each frame went into the answer, and the '
    'saliency of a component tells how much less probable the top label is without it.')
LIMITS = (
    'They do not tell why: attention is not by itself a faithful explanation (arXiv 1902.10186), '
    'quite other weights may lead to the same answer, and none of them says what a person feels.')

_DOTS_PER_INCH = 120
#: 1920 by 1080 dots.
_SIZE = (16, 9)


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
    quartet: Optional[QuartetConfig] = None
    """How the model computes the quartet; None where its file does not tell."""


def quartet_of(metadata: Mapping[str, Any]) -> Optional[QuartetConfig]:
    """
    Return how a model computes the quartet.

    :param metadata: the whole JSON object of a model file
    :returns: its options, or None where the file does not tell
    :raises ValueError: for options of which this version knows nothing
    """
    model = metadata.get('training', {}).get('config', {}).get('model', {})
    if not model.get('quartet'):
        return None
    try:
        return QuartetConfig(**model['quartet'])
    except TypeError as error:
        raise ValueError(f'the options of its quartet cannot be read ({error})') from error


def draw(explanation: Explanation) -> bytes:
    """Return the picture as the bytes of a PNG file."""
    with matplotlib.rc_context({'font.size': 11}):
        picture = figure(*_SIZE)
        picture.get_layout_engine().set(h_pad=0.06, w_pad=0.06)
        result = explanation.result
        picture.suptitle(f'{explanation.title}: {result.label}, {result.confidence:.0%}   '
                         f'({explanation.model})', fontsize=17)
        left, right = picture.subfigures(1, 2, width_ratios=(3.1, 1))
        time_row, planes = left.subfigures(2, 1, height_ratios=(1, 2.15))
        _draw_frames(time_row.subplots(), explanation)
        draw_planes(planes, explanation.waveform, explanation.quartet, _start_s(explanation))
        branches, saliency, probabilities = right.subplots(3, 1, height_ratios=(1, 1.3, 2.3))
        _draw_branches(branches, result)
        _draw_saliency(saliency, result)
        _draw_probabilities(probabilities, explanation)
        picture.supxlabel(f'{MEANING}\n{LIMITS}', fontsize=11, color=INK)
        content = BytesIO()
        picture.savefig(content, format='png', dpi=_DOTS_PER_INCH, metadata={'Software': None})
    return content.getvalue()


def _draw_frames(axes: Any, explanation: Explanation) -> None:
    """Draw the waveform and, over it, how much more than the average each frame weighs."""
    result, start_s = explanation.result, _start_s(explanation)
    times = start_s + np.arange(len(explanation.waveform)) / SAMPLE_RATE
    peak = max(float(abs(explanation.waveform).max()), 1e-6)
    axes.plot(times, explanation.waveform / peak, color=PALE, linewidth=0.4, rasterized=True)
    axes.set(ylabel='waveform / its peak', ylim=(-1.05, 1.05), xlabel='time in s',
             xlim=(times[0], times[-1]))
    axes.set_title('Where in time each branch looked', loc='left')
    weights_axes = axes.twinx()
    branches = (('vocal branch (vap)', result.vap_frame_weights, BLUE, '-'),
                ('latent branch (ssl)', result.ssl_frame_weights, VERMILION, '--'))
    for (name, weights, colour, style), step_s in zip(branches, result.frame_step_s):
        edges = start_s + np.arange(len(weights) + 1) * step_s
        weights_axes.stairs(weights * len(weights), edges, color=colour, linestyle=style,
                            linewidth=1.8, label=name, baseline=None)
    weights_axes.axhline(1, color=INK, linewidth=0.6, linestyle=':')
    highest = max(float(weights.max()) * len(weights) for _, weights, _, _ in branches)
    weights_axes.set(ylabel='weight / its average', ylim=(0, 1.15 * highest))
    weights_axes.legend(loc='lower right', bbox_to_anchor=(1, 1), ncols=2, frameon=False,
                        borderaxespad=0.1)


def _draw_branches(axes: Any, result: EmotionResult) -> None:
    bars = axes.barh(['vocal\n(vap)', 'latent\n(ssl)'], result.branch_weights,
                     color=(BLUE, VERMILION), edgecolor=INK, hatch=('', '//'))
    axes.bar_label(bars, fmt='%.2f', padding=3)
    axes.invert_yaxis()
    axes.set(title='Weight of the branches', xlim=(0, 1.2), xticks=(0, 0.5, 1),
             xlabel='share')


def _draw_saliency(axes: Any, result: EmotionResult) -> None:
    saliency = result.component_saliency
    bars = axes.barh(COMPONENTS, saliency, color=BLUE, edgecolor=INK)
    axes.bar_label(bars, fmt='%+.4f', padding=3)
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=0.8)
    reach = max(float(abs(saliency).max()), 1e-3) * 2.2
    axes.set(title='Saliency of the components', xlim=(-reach, reach),
             xlabel=f'log-probability of "{result.labels[0]}"\nlost without it, in nat')
    axes.locator_params(axis='x', nbins=4)


def _draw_probabilities(axes: Any, explanation: Explanation) -> None:
    result = explanation.result
    colours = [INK] + [PALE] * (len(result.labels) - 1)
    bars = axes.barh(result.labels, result.probabilities, color=colours, edgecolor=INK)
    axes.bar_label(bars, fmt='%.2f', padding=3)
    axes.invert_yaxis()
    axes.set(title='Probability of the labels', xlim=(0, 1.2), xticks=(0, 0.5, 1),
             xlabel='probability')
    if explanation.threshold > 0:
        axes.axvline(explanation.threshold, color=VERMILION, linestyle='--', linewidth=1.5)
        axes.set_xlabel(f'probability, calibrated;\nuncertain below {explanation.threshold:.2f} '
                        '(dashed)')


def _start_s(explanation: Explanation) -> float:
    """Return when in the recording the model began to hear."""
    return explanation.result.skipped_samples / SAMPLE_RATE
