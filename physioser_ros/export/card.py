"""The model card: what a model is for, what it learned from, and how far to trust it."""

from pathlib import Path

_USE = """\
## Intended use

Utterance-level emotion of speech for robots and for research in human-robot interaction: a
spoken turn, cut by voice activity, recorded by one microphone at 16 kHz. The answer is a
hypothesis about how an utterance *sounds*, to be weighed with everything else that is known, and
to be ignored below the threshold.

## Not for

- **No hiring**, no assessment of staff, pupils or applicants, no credit, insurance, asylum or
  police decisions.
- **No lie detection**, no reading of intentions, no profiling.
- **No diagnosis**: it knows nothing of depression, pain, stress or any other condition.
- No decision about a person without that person's knowledge and without a human in charge.

The EU AI Act (Regulation (EU) 2024/1689) prohibits AI systems that infer emotions of people at
the workplace and in education, except for medical or safety reasons (Article 5(1)(f)); elsewhere
emotion recognition from biometric data, which voices are, is high-risk (Annex III, 1(c)) and
people must be told that it runs (Article 50(3)). Whoever deploys this model must check what
applies; this card is no legal advice.
"""

_LIMITS = """\
## Limits

- It learned from **acted speech**: actors who were told what to feel, in quiet rooms. Everyday
  emotion is weaker, mixed and rarer. Expect clearly lower figures on a real robot.
- It knows only the languages above. Others give an answer too, with nothing to vouch for it.
- Few speakers, few ages, few accents; children and the elderly are not among them.
- Acting conventions differ: a corpus that it has not met costs far more than a speaker it has
  not met.
- Attention and frame weights show where the model looked; they are not by themselves a faithful
  explanation.
"""


def write_card(path, metadata, agreement):
    """
    Write the model card of a model file.

    :param path: the model file; the card stands beside it with the suffix `.md`
    :param metadata: dict, as in the file
    :param agreement: `ParityReport` of the file, or `Agreement` of one in 8 bits
    :return: path of the card
    """
    card = Path(path).with_suffix('.md')
    card.write_text('\n'.join([*_head(metadata), _USE, *_data(metadata), *_figures(metadata),
                               *_calibration(metadata), _LIMITS,
                               *_making(metadata, agreement)]) + '\n', encoding='utf-8')
    return card


def _head(metadata):
    """Return the lines that say what the model is."""
    backbone = metadata['backbone']
    lines = [f'# {metadata["name"]} {metadata["version"]}', '',
             'Emotion from speech by PhysioSER (arXiv 2602.13259): a frozen backbone beside a '
             'quaternion encoder of vocal physiology.', '',
             '| | |', '|---|---|',
             f'| Answers | {", ".join(metadata["labels"])} |',
             f'| Input | mono, {metadata["sample_rate"]} Hz, up to '
             f'{metadata["max_samples"] / metadata["sample_rate"]:g} s |',
             f'| Licence of the weights | {metadata["licence"]} |']
    if backbone['layers']:
        note = f'; {backbone["note"]}' if backbone['note'] else ''
        lines.append(f'| Backbone | {backbone["name"]}, frozen, layers '
                     f'{", ".join(map(str, backbone["layers"]))}, {backbone["licence"]}{note} |')
    else:
        lines.append(f'| Backbone | {backbone["note"]} |')
    lines.append(f'| Precision | {metadata["precision"]} |')
    return [*lines, '']


def _data(metadata):
    """Return the lines on the corpora."""
    lines = ['## What it learned from', '',
             '| corpus | language | licence | commercial use | clips | speakers held out |',
             '|---|---|---|---|---|---|']
    for corpus in metadata['corpora']:
        free = 'yes' if corpus['licence_class'] == 'permissive' else 'no'
        lines.append(f'| {corpus["name"]} | {corpus["language"]} | {corpus["licence"]} | {free} '
                     f'| {corpus["clips"]} | {", ".join(corpus["held_out_speakers"]) or "none"} '
                     '|')
    if not metadata['corpora']:
        lines.append('| unknown | | | | | |')
    return [*lines, '']


def _figures(metadata):
    """Return the lines on what the model reached."""
    figures = metadata['figures']
    lines = ['## What it reaches on speakers it has not met', '']
    if figures.get('note'):
        lines += [figures['note'], '']
    table = figures.get('by_corpus', {})
    if not table:
        return [*lines, 'No figures were given.', '']
    lines += ['| corpus | clips | WA | UA | macro-F1 | calibration error |',
              '|---|---|---|---|---|---|']
    for corpus, row in table.items():
        numbers = ' | '.join(f'{row[key]:.3f}' for key in ('wa', 'ua', 'macro_f1', 'ece'))
        lines.append(f'| {corpus} | {row["clips"]} | {numbers} |')
    return [*lines, '', 'WA: accuracy; UA: mean of the recalls of the classes; calibration error: '
            'expected, 15 bins.', '']


def _calibration(metadata):
    """Return the lines on confidence."""
    calibration = metadata['calibration']
    return ['## Confidence', '',
            f'The probabilities are divided by a temperature of '
            f'{calibration["temperature"]:.3f}, which is part of the file. Below a confidence of '
            f'{calibration["threshold"]:.2f} the answer is better called uncertain. Fitted on: '
            f'{calibration["fitted_on"] or "nothing"}.', '']


def _making(metadata, agreement):
    """Return the lines on how the file was made."""
    training = metadata['training']
    lines = ['## How it was made', '']
    for key, what in (('command', 'Training'), ('revision', 'Revision'), ('seed', 'Seed')):
        if training.get(key) not in (None, ''):
            lines.append(f'- {what}: `{training[key]}`')
    against = 'floating point' if metadata['precision'] == 'int8' else 'torch'
    lines.append(f'- This file against {against}: {agreement.sentence()}')
    return lines
