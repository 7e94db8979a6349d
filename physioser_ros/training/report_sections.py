"""Sections of the report on what was measured beside accuracy on clean clips."""

import json
from pathlib import Path

import numpy as np

from physioser_ros.training.evaluation import compare, judged_by_corpus, MEASURES
from physioser_ros.training.meeting import HEARD
from physioser_ros.training.protocol import sexes
from physioser_ros.training.robustness import ASSERTED, NOISE_DB
from physioser_ros.training.run_folder import read_config, read_metrics
from physioser_ros.training.tables import by_name, difference, listed, table, value

#: The complete model that those without one of its parts are compared with.
COMPLETE = 'cut_layer3_paper_fusion'


def by_speaker(models):
    """Return the section on sex and language, of models over all corpora."""
    rows = []
    for model in models:
        own = model.tables[0]
        groups = {**{f'language {name}': own['language'] == name
                     for name in sorted(set(own['language']))},
                  **{title: np.array(sexes(own)) == code
                     for code, title in (('f', 'women'), ('m', 'men'))}}
        for title, chosen in groups.items():
            part = own[chosen]
            if len(part):
                found = judged_by_corpus(part, model.labels)['mean']
                rows.append((model.name, title, *(f'{found[key]:.3f}' for key in MEASURES),
                             f'{found["ece"]:.3f}', len(part), part['speaker_id'].nunique(),
                             listed(model.folds)))
    if not rows:
        return []
    return ['## Women, men and languages', '',
            'Mean over the corpora that have such speakers, first seed. The sex of the speakers '
            'is what the corpora publish.', '',
            *table(('model', 'speakers', 'WA', 'UA', 'macro-F1', 'ECE', 'clips', 'speakers',
                    'folds'), rows)]


def worse_sound(models, pictures=None):
    """
    Return the sections on robustness and on non-speech.

    :param models: list of `Judged`
    :param pictures: folder for the picture, beside the page; None: tables alone
    """
    found = _measured(models, 'robustness.json')
    if not found:
        return []
    names = list(found)
    conditions = list(next(iter(found.values()))[0][1]['conditions'])
    lines = ['## Worse sound', '',
             'UA as a share of that on the same clips as recorded, and in brackets the share of '
             'labels that change; mean of the corpora. Clean: UA itself. Gain starts from a peak '
             'of -20 dB of full scale, so that +20 dB does not clip. Noise is pink; fan and '
             'servo motors are synthesised; clipped: cut at a quarter of the peak.', '']
    rows = [('clips', *(sum(own['conditions']['clean']['mean']['clips']
                            for _, own in found[name]) for name in names)),
            *_stand_on(found)]
    for condition in conditions:
        rows.append((condition, *(_worse(found[name], condition) for name in names)))
    lines += table(('condition', *names), rows)
    if pictures is not None:
        lines += _in_noise(found, pictures)
    kinds = list(next(iter(found.values()))[0][1]['non_speech'])
    rows = [*_stand_on(found), *(
        (kind, *(f'{_sound(found[name], kind, "asserted"):.1%} '
                 f'({_sound(found[name], kind, "confidence"):.2f})' for name in names))
        for kind in kinds)]
    return [*lines, '## No speech at all', '',
            f'Share of sounds that get a confidence above {ASSERTED}, in brackets the mean '
            'confidence. The voice activity detector in front of the model is not asked.', '',
            *table(('sound', *names), rows)]


def _stand_on(found):
    """Return the rows that say what the columns stand on."""
    return [('folds', *(listed(_folds(runs)) for runs in found.values())),
            ('seeds', *(listed(_seeds(runs)) for runs in found.values()))]


def _folds(runs):
    """Return the folds of measured runs, ascending."""
    return sorted({metrics['fold'] for metrics, _ in runs})


def _seeds(runs):
    """Return the seeds of measured runs, ascending."""
    return sorted({metrics['seed'] for metrics, _ in runs})


def _worse(runs, condition):
    """Return the cell of one condition."""
    def mean(name, key):
        return np.mean([own['conditions'][name]['mean'][key] for _, own in runs])

    clean = mean('clean', 'ua')
    if condition == 'clean':
        return f'{clean:.3f}'
    return f'{mean(condition, "ua") / clean:.1%} ({mean(condition, "changed"):.1%})'


def _in_noise(found, folder):
    """Draw UA against the level of the noise; return the lines that show it."""
    # Imported here: drawing needs matplotlib, the tables do not.
    from physioser_ros.pictures import curves

    def mean(runs, condition):
        return np.mean([own['conditions'][condition]['mean']['ua'] for _, own in runs])

    lines = {name: [(ratio, mean(runs, f'noise, {ratio} dB SNR')) for ratio in NOISE_DB]
             for name, runs in found.items()}
    curves(Path(folder) / 'noise.png', lines, bottom=0, ylabel='UA, mean of the corpora',
           xlabel='speech over pink noise in dB')
    return ['', f'![UA against the level of the noise]({Path(folder).name}/noise.png)', '']


def _sound(runs, kind, key):
    """Return the mean over runs of a figure of a kind of non-speech."""
    return np.mean([own['non_speech'][kind][key] for _, own in runs])


def heard_again(models):
    """Return the section on people whom the model has met before."""
    found = _measured(models, 'meeting.json')
    if not found:
        return []
    lines = ['## Meeting people', '',
             'UA, mean of the corpora, after so many other utterances of the same speaker; half '
             "of each speaker's clips are judged, the others may have been heard. What was "
             'heard is of all emotions alike, seven of ten neutral, or one emotion only that is '
             'not neutral; the model never sees a label. All: statistics of every clip of the '
             'speaker, those judged among them.', '']
    rows = []
    for name, runs in found.items():
        for order in runs[0][1]['orders']:
            rows.append((name, order, *(f'{_mean(runs, order, heard):.3f}' for heard in HEARD),
                         f'{np.mean([own["all"]["mean"] for _, own in runs]):.3f}',
                         listed(_folds(runs)), listed(_seeds(runs)), runs[0][1]['draws']))
    lines += table(('model', 'heard', *HEARD, 'all', 'folds', 'seeds', 'draws'), rows)
    rows = []
    for name, runs in found.items():
        corpora = sorted({corpus for _, own in runs for corpus in own['all']} - {'mean'})
        for corpus in corpora:
            own = [run for run in runs if corpus in run[1]['all']]
            rows.append((name, corpus, *(f'{_mean(own, "mostly neutral", heard, corpus):.3f}'
                                         for heard in HEARD),
                         f'{np.mean([one["all"][corpus] for _, one in own]):.3f}',
                         listed(_folds(own)), listed(_seeds(own))))
    return [*lines, 'The same by corpus, mostly neutral:', '',
            *table(('model', 'corpus', *HEARD, 'all', 'folds', 'seeds'), rows)]


def _mean(runs, order, heard, corpus='mean'):
    """Return the mean UA of some runs."""
    return np.mean([own['orders'][order][str(heard)][corpus] for _, own in runs])


def cuts(models):
    """Return the section on where the backbone is cut: experiments called `cut_...`."""
    rows = []
    places = [(model, read_config(model.folders[0])['model'])
              for model in map(_one, by_name(models).values())]
    corpora = sorted({corpus for model in models for corpus in model.tables[0]['corpus']})
    for model, config in places:
        backbone, fuses = config['backbone'], len(config['branches']) == 2
        alone = [other for other, own in places
                 if own['backbone'] == backbone and len(own['branches']) == 1]
        gains = compare(model, alone[0]) if fuses and alone else {}
        noisy = _measured([model], 'robustness.json').get(model.name)
        rows.append((backbone['name'], listed(backbone['layers']),
                     'PhysioSER' if fuses else 'Backbone-only', _ua(model),
                     difference(gains['mean']) if gains else '',
                     *(f'{gains[corpus].value:+.3f}' if corpus in gains else ''
                       for corpus in corpora),
                     '' if noisy is None else _worse(noisy, 'noise, 10 dB SNR').split(' ')[0],
                     *_stands_on(model)))
    if not rows:
        return []
    rows.sort(key=lambda row: (row[0], row[1], row[2]))
    return ['## Where the backbone is cut', '',
            'Layer 0 is the stem before the first block. UA, mean of the corpora; gain over '
            'Backbone-only on the clips that both were judged on, of the mean and of each corpus; '
            'in noise: the share of UA that is left at 10 dB SNR (see "Worse sound" for what that '
            'stands on).', '',
            *table(('backbone', 'layers', 'model', 'UA', 'gain',
                    *(f'gain, {corpus}' for corpus in corpora), 'in noise', 'corpora', 'folds',
                    'seeds'), rows)]


def ablations(models, cut):
    """
    Return the section on what the parts of the method are worth: experiments `ablation_...`.

    :param models: list of `Judged`, those experiments
    :param cut: list of `Judged`, the complete model of the same recipe among them
    """
    whole = next((model for model in cut if model.name == COMPLETE), None)
    if not models or whole is None:
        return []
    rows = [(COMPLETE, 'the complete model', _ua(whole), '', '', *_stands_on(whole))]
    for model in map(_one, by_name(models).values()):
        gains = [difference(compare(model, whole, measure)['mean']) for measure in ('wa', 'ua')]
        rows.append((model.name, model.about.split(';')[0], _ua(model), *gains,
                     *_stands_on(model)))
    return ['## The parts of the method', '',
            'Each model lacks one part of the complete one. UA, mean of the corpora; difference '
            'to the complete model, 95 % interval of the paired bootstrap over speakers.', '',
            *table(('model', 'what it is', 'UA', 'WA, difference', 'UA, difference', 'corpora',
                    'folds', 'seeds'), rows)]


def _one(parts):
    """Return the first of what makes up a model; these learned all their corpora together."""
    return parts[0]


def _ua(model):
    """Return the cell of a model's UA, mean of the corpora."""
    found = [judged_by_corpus(own, model.labels)['mean']['ua'] for own in model.tables]
    return value((np.mean(found), np.std(found, ddof=len(found) > 1)), len(found))


def _stands_on(model):
    """Return the cells that say what a row stands on."""
    return (listed(sorted(set(model.tables[0]['corpus']))), listed(model.folds),
            listed(model.seeds))


def shipped_files(files):
    """
    Return the section on exported files.

    :param files: list of (name, size in bytes, metadata as the file has them)
    :return: lines of Markdown, none without files
    """
    rows = []
    for name, size, metadata in files:
        parity, eight = (metadata['figures'].get(key) for key in ('parity', 'int8'))
        rows.append((
            name, metadata['precision'], f'{size / 1e6:.1f}',
            f'{parity["same_label"]:.1%} of {parity["cases"]}, {parity["max_error"]:.1e}'
            if parity else '', _eight_bits([eight]) if eight else ''))
    if not rows:
        return []
    return ['## Exported files', '',
            'Measured when the file was written. Against torch: the share of the same labels and '
            'the largest difference of a probability. In 8 bits against floating point: the '
            'share of the same labels, and points of UA gained, on recordings that a model of '
            'everybody has learned from.', '',
            *table(('file', 'precision', 'MB', 'graph against torch', '8 bits against 32'), rows)]


def in_eight_bits(models):
    """Return the section on what 8 bits change on people held out, where it was measured."""
    found = _measured(models, 'int8.json')
    if not found:
        return []
    return ['## In 8 bits, speakers never heard', '',
            'Folds exported in 8 bits and in floating point: the share of the same labels, and '
            'points of UA gained. What differs was nearly a tie.', '',
            *table(('model', '8 bits against 32', 'by fold', 'folds', 'seeds'), [
                (name, _eight_bits([own for _, own in runs]),
                 '; '.join(_eight_bits([own]) for _, own in runs), listed(_folds(runs)),
                 listed(_seeds(runs))) for name, runs in found.items()])]


def _eight_bits(found):
    """Return the cell of agreements between 8 bits and floating point."""
    clips = [own['clips'] for own in found]
    same, lost = (np.average([own[key] for own in found], weights=clips)
                  for key in ('same_label', 'ua_lost_points'))
    return f'{same:.1%} of {sum(clips)}, {-lost:+.2f}'


def _measured(models, file):
    """Return dict of model to a list of (figures of a run, content of a file beside them)."""
    found = {}
    for model in models:
        for folder in model.folders:
            path = Path(folder) / file
            if path.is_file():
                found.setdefault(model.name, []).append(
                    (read_metrics(folder), json.loads(path.read_text())))
    return found
