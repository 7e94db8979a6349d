"""The part of the performance page on the models to choose from, and on where they are cut."""

from typing import List

from physioser_ros.benchmark.cuts import AT_ONCE, CUTS, TOGETHER
from physioser_ros.benchmark.findings import Findings, model_name
from physioser_ros.benchmark.tables import table
from physioser_ros.benchmark.timing import ratio


def presets_part(found: Findings) -> List[str]:
    """Return the table of the models: what each costs and what it gets for it."""
    rows = []
    for name, model in found.models.items():
        timing = found.timing(model_name(name))
        mean = model.figures.get('by_corpus', {}).get('mean', {})
        rows.append((f'`{name}`', model.backbone, model.precision,
                     f'{mean["ua"]:.1%}' if 'ua' in mean else '–',
                     f'{mean["wa"]:.1%}' if 'wa' in mean else '–',
                     f'{timing.cpu_ms:.1f}' if timing else '–', f'{model.megabytes:.1f}'))
    sections = ['## Presets', 'Chosen by the parameter `model.path`. Accuracy is that which the '
                'metadata of each file tell: the mean over corpora on the speakers held out in '
                'one split, or, of `permissive`, on a corpus never heard. More splits '
                'and intervals: [results](results.md).',
                table(('model', 'backbone, layers', 'precision', 'UA', 'WA',
                       f'CPU ms for {found.utterance_s:g} s', 'MB'), rows)]
    eight_bits = any(model.precision == 'int8' for model in found.models.values())
    if eight_bits and 'vnni' not in found.machine.processor:
        sections.append('Eight bits gain most on processors with instructions for them (VNNI). '
                        f'The one measured here, {found.machine.processor}, has none.')
    return sections


def cuts_part(found: Findings) -> List[str]:
    """Return the table of the backbone's cuts, nothing where they were not measured."""
    if not found.cuts:
        return []
    timings, rows, before = found.cuts.timings, [], None
    ours = timings.get(found.default)
    for name, cut in CUTS.items():
        timing, recall = timings.get(name), found.recalls.get(name)
        if not timing:
            continue
        gain = '–'
        if recall is not None and before is not None and cut.backbone == before[2].backbone:
            gain = f'{100 * (recall - before[0]) / (timing.cpu_ms - before[1]):+.2f}'
        rows.append((f'{cut.backbone}, ' + (f'layer {cut.layer}' if cut.layer else 'stem'),
                     f'{timing.cpu_ms:.1f}', str(ratio(timing, ours)) if ours else '–',
                     f'{recall:.1%}' if recall is not None else '–', gain))
        if recall is not None:
            before = recall, timing.cpu_ms, cut
    return ['## Where to cut the backbone', 'Log-mel and backbone as a model file holds them, '
            f'for {found.utterance_s:g} s. The recall is that of a small head on this layer '
            'alone, trained and judged on two corpora (`cut_..._backbone_only` in '
            '[results](results.md)), a dash where none was; points for each ms are those gained '
            'over the cut above.',
            table(('backbone', 'CPU ms', f'times {found.default}', 'UA', 'points a ms more'),
                  rows)]


def together_part(found: Findings) -> List[str]:
    """Return what several utterances at once cost, nothing where it was not measured."""
    timings = found.cuts.timings if found.cuts else {}
    if not {TOGETHER, 'layer 3'} <= set(timings):
        return []
    share = ratio(timings[TOGETHER], timings['layer 3'])
    values = [f'{value / AT_ONCE:.2f}' for value in (share.value, share.low, share.high)]
    return ['### Several utterances at once', f'{AT_ONCE} utterances of the same length that go '
            f'through the backbone at once cost {values[0]} ({values[1]} to {values[2]}) of '
            'what they cost one after the other, on one thread: the products are as large as '
            'one core can use already. Utterances of different lengths would be filled up to '
            'the longest besides, and the first would wait for the last. So the recogniser '
            'takes them one by one.']
