"""Finished runs as one page that states what every figure stands on."""

import shlex

from physioser_ros.training import run_folder
from physioser_ros.training.evaluation import among_own, gather
from physioser_ros.training.report_sections import (
    ablations, by_speaker, cuts, heard_again, in_eight_bits, shipped_files, worse_sound)
from physioser_ros.training.tables import (
    compact, comparisons, confusions, detailed, preamble, trust)

#: Published figures that the folds of EmoBox can be held against; theirs, not ours.
PUBLISHED = (
    ('EmoBox, WavLM-large', 'emodb', 0.926), ('EmoBox, Whisper-large-v3', 'emodb', 0.913),
    ('EmoBox, the best of its models', 'ravdess', 0.753))

_COMPARED = (
    'Difference on the recordings that both were judged on, seeds taken together, 95 % interval '
    'of a paired bootstrap that draws speakers within each corpus (4000 draws, seed 0), and its '
    'two-sided p. A corpus with fewer than 5 speakers held out gets no interval of its own; that '
    'of the mean is on the narrow side as long as such corpora are in it.')


def report(folders, baseline='backbone_only', pictures=None, files=()):
    """
    Write the report of finished runs.

    :param folders: run folders
    :param baseline: what the name of the baseline's experiment ends with
    :param pictures: folder for its pictures, beside the page; None: tables alone
    :param files: exported files, see `shipped_files`
    :return: str, Markdown
    :raises RunError: if runs lack or do not fit together
    """
    models = _shipped_first(gather(folders), files)
    cut = [model for model in models if model.name.startswith('cut_')]
    parted = [model for model in models if model.name.startswith('ablation_')]
    rest = [model for model in models if model not in [*cut, *parted]]
    joint = [model for model in rest if model.protocol == 'speakers' and not model.own_labels]
    parts = ['# Results', '', 'Written by `physioser evaluate` from run folders; nothing here is '
             'typed by hand. ± is the standard deviation over seeds. UA is the mean recall of '
             'the emotions that a corpus has. Temperature and threshold never come from whoever '
             'is judged.', '', *_shipped(files), *preamble(models)]
    parts += _own_emotions(rest, joint, baseline)
    parts += _joint(joint, folders, baseline, pictures)
    parts += _protocols(rest, baseline)
    parts += cuts(cut) + ablations(parted, cut) + by_speaker(joint) + heard_again(rest)
    parts += worse_sound(models, pictures)
    parts += shipped_files(files) + in_eight_bits(models)
    return '\n'.join([*parts, *_commands(folders)]).rstrip() + '\n'


def _shipped_first(models, files):
    """Return the models, those that a shipped file was trained by before the others."""
    shipped = {metadata['training']['config']['name'] for _, _, metadata in files}
    return sorted(models, key=lambda model: model.name not in shipped)


def _base(models, baseline):
    """Return the name of the baseline among models, or None."""
    return next((model.name for model in models if model.name.endswith(baseline)), None)


def _joint(models, folders, baseline, pictures):
    """Return the sections on models over all corpora, in the shared labels."""
    if not models:
        return []
    name = _base(models, baseline)
    base = next((model for model in models if model.name == name), None)
    rest = [model for model in models if model is not base]
    drawn = {}
    if pictures is not None:
        # Imported here: drawing needs matplotlib, the tables do not.
        from physioser_ros.training.illustration import illustrate

        drawn = illustrate([*rest, *([base] if base else [])], folders, pictures, base)
    parts = ['## One model over all corpora, speakers never heard', '',
             'Whole speakers are held out, in every corpus. Answers are among all labels of the '
             'joint model, so a label that a corpus does not have counts as an error there. A '
             'model that adapts to speakers is judged as if it had heard none of them before. '
             '"ECE if perfect" is what confidence that is exactly right would get by chance on so '
             'many clips.', '',
             *detailed(models)]
    if base is not None and rest:
        parts += [f'## Against {name}', '', _COMPARED, '', *comparisons(models, name),
                  *drawn.get('ablation', [])]
    # The fairer baseline of a model that adapts to speakers.
    fair = _base(models, f'{baseline}_speaker')
    if fair and models[0].name != fair:
        parts += [f'## Against {fair}', '', *comparisons(
            [models[0], *(model for model in models if model.name == fair)], fair)]
    parts += ['## Answering only when sure', '', 'Share of wrong answers among those given, all '
              'corpora together, when the least confident clips get "uncertain"; in brackets the '
              'confidence that this takes.', '', *trust(models), *drawn.get('trust', [])]
    parts += confusions((rest or models)[0]) + drawn.get('confusion', [])
    if 'learning' in drawn:
        parts += ['## How the loss fell', '', *drawn['learning']]
    return parts


def _own_emotions(models, joint, baseline):
    """Return the section on the emotions that each corpus has, its speakers never heard."""
    own = [model for model in models if model.protocol == 'speakers' and model.own_labels]
    if not own:
        return []
    parts = ['## The emotions of each corpus, speakers never heard', '',
             'Whole speakers are held out. `own_...` learned one corpus with its own labels. '
             '`joint_...` learned all corpora; here its answers are among the emotions that the '
             'corpus has, which its own labels map to one by one.', '',
             *compact([*map(among_own, joint), *own])]
    name = _base(own, baseline)
    if name and len({model.name for model in own}) > 1:
        parts += [_COMPARED, '', *comparisons(own, name)]
    return parts


def _protocols(models, baseline):
    """Return the sections on the other protocols."""
    texts = {
        'corpora': ('A corpus never heard',
                    'Trained on all other corpora, judged on all clips of this one, answers among '
                    'the emotions that are judged. `..._speaker` of a classical baseline knows '
                    "the mean and deviation of all of a speaker's clips; of a network, here, it "
                    'knows nothing of the speaker yet (see "Meeting people").'),
        'clips': ('Random clips 7:1:2, speaker-dependent',
                  'The split of the paper: everybody judged was heard in training, so that these '
                  'figures say nothing about new people. Drawn anew for each seed. The paper '
                  'reports, theirs, 75.2 % for the whole model and 69.7 % for the backbone alone '
                  '(WavLM-base) on CREMA-D, which is not among these corpora.'),
        'emobox': ('The folds of EmoBox',
                   'Folds of EmoBox (Ma et al., Interspeech 2024). Those of RAVDESS hold out four '
                   'actors each; those of EmoDB cut through the speakers and are speaker-'
                   'dependent. It has none of IndoWaveSentiment and nEMO. It trains on all that '
                   'is not judged; here a share of that sets the temperature. The last rows are '
                   'UA as EmoBox published them.')}
    parts = []
    for protocol, (title, text) in texts.items():
        own = [model for model in models if model.protocol == protocol]
        if not own:
            continue
        parts += [f'## {title}', '', text, '',
                  *compact(own, PUBLISHED if protocol == 'emobox' else ())]
        name = _base(own, baseline)
        if name and len({model.name for model in own}) > 1:
            parts += comparisons(own, name)
    return parts


def _shipped(files):
    """Return a paragraph for each training that a shipped file came from."""
    told = {}
    for name, _, metadata in files:
        told.setdefault(metadata['training']['command'], []).append((name, metadata))
    lines = []
    for command, own in told.items():
        metadata = own[0][1]
        experiment = metadata['training']['config']['name']
        if '--all-speakers' not in shlex.split(command):
            continue
        names = ', '.join(f'`{name}`' for name, _ in own)
        calibration = metadata['calibration']
        lines += [f'{names}: `{experiment}` trained on everybody, on '
                  f'{sum(corpus["clips"] for corpus in metadata["corpora"])} clips of '
                  f'{", ".join(corpus["name"] for corpus in metadata["corpora"])} (seed '
                  f'{metadata["training"]["seed"]}, revision '
                  f'{metadata["training"]["revision"]}). Nobody is left to judge it: the figures '
                  f'of `{experiment}` below are its estimate. Temperature '
                  f'{calibration["temperature"]:.3f} and threshold '
                  f'{calibration["threshold"]:.3f} were fitted on {calibration["fitted_on"]}.', '']
    return lines


def _commands(folders):
    """Return the commands that make the runs again."""
    lines = ['## Commands', '', 'Each from the root of the source tree, DATA being the folder of '
             'the recordings. `physioser robustness` and `physioser meeting`, on the run folders, '
             'add what these sections show; `physioser evaluate RUNS --report docs/results.md` '
             'writes this page.', '',
             '<!-- not run: hours of training on recordings that do not come along -->', '```bash']
    seeds, others = {}, {}
    for folder in folders:
        metrics = run_folder.read_metrics(folder)
        command = run_folder.read_environment(folder)['command']
        kept = _without_numbers(command)
        if metrics['all_speakers'] or kept is None:
            others[command] = None
            continue
        seeds.setdefault(kept, {}).setdefault(metrics['seed'], set()).add(metrics['fold'])
    for command, folds in seeds.items():
        alike = {}
        for seed, own in sorted(folds.items()):
            alike.setdefault(tuple(sorted(own)), []).append(seed)
        lines += [' '.join([command, *(f'--fold {fold}' for fold in own),
                            *(f'--seed {seed}' for seed in some)])
                  for own, some in alike.items()]
    return [*lines, *others, '```', '']


def _without_numbers(command):
    """Return a training's command without fold, seed and what changes no figure; else None."""
    words = shlex.split(command)
    if 'train' not in words:
        return None
    kept, rest = [], iter(words)
    for word in rest:
        if word in ('--data', '--fold', '--seed', '--threads', '--cache', '--output'):
            next(rest)
        else:
            kept.append(word)
    return shlex.join([*kept, '--data', 'DATA'])
