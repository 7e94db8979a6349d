"""The report: each protocol has its section, and every row says what it stands on."""

import json

from click.testing import CliRunner
import numpy as np
import pandas as pd
import pytest

from physioser_ros.commands.card import command as card
from physioser_ros.training.evaluation import among_own, compare, gather
from physioser_ros.training.meeting import HEARD, ORDERS
from physioser_ros.training.options import experiment_from
from physioser_ros.training.report import report
from physioser_ros.training.robustness import NOISE_DB
from physioser_ros.training.run_folder import (
    RunError, without_folders, write_config, write_environment, write_metrics, write_predictions)

LABELS = ('angry', 'neutral', 'sad')


def run(folder, name, *, fold=0, seed=0, right=1.0, classes=LABELS, speakers=range(6), **data):
    """Write a finished run: six clips a speaker of the first two labels, a share of them right."""
    rng = np.random.default_rng([fold, seed, len(name)])
    rows = pd.DataFrame([
        {'path': f'emodb/{fold}_{speaker}_{clip}', 'corpus': 'emodb', 'language': 'de',
         'speaker_id': f'emodb_{3 + speaker:02d}', 'sex': '', 'emotion_norm': classes[clip % 2]}
        for speaker in speakers for clip in range(6)])
    truth = np.array([classes.index(label) for label in rows['emotion_norm']])
    answers = np.where(rng.random(len(truth)) < right, truth, 2)
    probabilities = np.full((len(truth), len(classes)), 0.1)
    probabilities[np.arange(len(truth)), answers] = 0.8
    probabilities[np.arange(len(truth)), truth] += 0.05
    probabilities /= probabilities.sum(1, keepdims=True)
    path = folder / f'{name}-fold{fold}-seed{seed}'
    path.mkdir(parents=True)
    experiment = experiment_from({
        'name': name, 'about': f'What {name} is.', 'data': data, 'model': {
            'backbone': {'name': 'whisper-base', 'layers': [2]}, 'branches': ['ssl']}})
    write_config(path, experiment, {'fold': fold, 'seed': seed, 'all_speakers': False})
    write_predictions(path, {'test': (rows, probabilities, {})}, classes)
    write_metrics(path, {'labels': classes, 'fold': fold, 'seed': seed, 'all_speakers': False,
                         'trainable_parameters': 1234})
    write_environment(path, 1.0, 'abc', '')
    return path


def section(text, title):
    """Return one section of a page."""
    return text.partition(f'## {title}\n')[2].partition('\n## ')[0]


def test_each_protocol_has_its_section_and_says_what_it_is(tmp_path):
    own = ('anger', 'boredom', 'calm')
    folders = [run(tmp_path, 'joint_backbone_only', right=0.5), run(tmp_path, 'joint_x')]
    folders += [run(tmp_path, name, protocol=protocol, right=0.7)
                for name, protocol in (('cross_x', 'corpora'), ('random_x', 'clips'),
                                       ('emobox_x', 'emobox'))]
    folders += [run(tmp_path, 'own_x', classes=own, corpora=['emodb'], labels='own')]
    text = report(folders)
    assert '| joint_x | 1.000 | 1.000 |' in section(
        text, 'One model over all corpora, speakers never heard')
    assert 'joint_x is above joint_backbone_only on 1 of 1' in section(
        text, 'Against joint_backbone_only')
    for title, name in (('A corpus never heard', 'cross_x'), ('The folds of EmoBox', 'emobox_x'),
                        ('Random clips 7:1:2, speaker-dependent', 'random_x')):
        assert f'| {name} | 0.' in section(text, title) and 'joint' not in section(text, title)
    own = section(text, 'The emotions of each corpus, speakers never heard')
    assert '| own_x | 1.000 |' in own and '| joint_x | 1.000 |' in own
    assert '| EmoBox, WavLM-large (theirs) | 0.926 |' in section(text, 'The folds of EmoBox')


def test_a_joint_model_can_be_judged_by_the_emotions_that_a_corpus_has(tmp_path):
    judged, = gather([run(tmp_path, 'joint_x', right=0.0)])
    table = among_own(judged).tables[0]
    assert (judged.tables[0]['answer'] == 'sad').all(), 'which nobody is here'
    assert (table['answer'] == table['label']).all() and (table['p_sad'] == 0).all()
    assert np.allclose(table[['p_angry', 'p_neutral']].sum(axis=1), 1)


def test_models_are_compared_on_what_both_were_judged_on(tmp_path):
    ours, theirs = gather([
        run(tmp_path, 'ours', fold=0), run(tmp_path, 'ours', fold=1, right=0.0),
        run(tmp_path, 'theirs', fold=0, right=0.0)])
    assert compare(ours, theirs, 'ua', draws=50)['mean'].value == pytest.approx(1.0)
    other, = gather([run(tmp_path / 'other', 'ours', fold=3)])
    with pytest.raises(RunError, match='on no common recording'):
        compare(other, theirs)


def test_a_seed_without_all_folds_is_left_out(tmp_path):
    judged, = gather([run(tmp_path, 'x', fold=0), run(tmp_path, 'x', fold=1),
                      run(tmp_path, 'x', fold=0, seed=1)])
    assert judged.seeds == (0,) and judged.folds == (0, 1)
    with pytest.raises(RunError, match='no seed of y has all of its folds'):
        gather([run(tmp_path, 'y', fold=0), run(tmp_path, 'y', fold=1, seed=1)])


def test_what_was_measured_besides_is_in_the_report_and_nothing_else(tmp_path):
    folder = run(tmp_path, 'joint_x')
    cut = run(tmp_path, 'cut_2')
    for title in ('Worse sound', 'No speech at all', 'Meeting people'):
        assert f'## {title}' not in report([folder])
    figure = {'clips': 9, 'ua': 0.8, 'changed': 0.0}
    noisy = {'clips': 9, 'ua': 0.6, 'changed': 0.25}
    measured = {'conditions': {'clean': {'mean': figure}, **{
                    f'noise, {ratio} dB SNR': {'mean': noisy} for ratio in NOISE_DB}},
                'non_speech': {'hum': {'sounds': 5, 'asserted': 0.2, 'confidence': 0.5}}}
    for path in (folder, cut):
        (path / 'robustness.json').write_text(json.dumps(measured))
    (folder / 'meeting.json').write_text(json.dumps({
        'draws': 2, 'clips': 9, 'all': {'emodb': 0.9, 'mean': 0.9}, 'orders': {
            order: {str(heard): {'emodb': 0.5, 'mean': 0.5 + heard / 100} for heard in HEARD}
            for order in ORDERS}}))
    text = report([folder, cut], pictures=tmp_path / 'drawn')
    assert '(drawn/noise.png)' in section(text, 'Worse sound')
    assert (tmp_path / 'drawn' / 'noise.png').stat().st_size > 1000
    assert '| noise, 10 dB SNR | 75.0% (25.0%) |' in section(text, 'Worse sound')
    assert '| hum | 20.0% (0.50) |' in section(text, 'No speech at all')
    assert ('| joint_x | balanced | 0.500 | 0.510 | 0.530 | 0.550 | 0.600 | 0.700 | 0.900 | 0 '
            '| 0 | 2 |') in section(text, 'Meeting people')
    assert '| whisper-base | 2 | Backbone-only | 1.000 |  |  | 75.0% | emodb | 0 | 0 |' in section(
        text, 'Where the backbone is cut')
    assert 'cut_2' not in section(text, 'One model over all corpora, speakers never heard')


def test_a_model_without_a_part_is_compared_with_the_complete_one(tmp_path):
    whole = run(tmp_path, 'cut_layer3_paper_fusion')
    without = run(tmp_path, 'ablation_no_cpa', right=0.5)
    parts = section(report([whole, without]), 'The parts of the method')
    assert '| cut_layer3_paper_fusion | the complete model | 1.000 |' in parts
    row = next(line for line in parts.splitlines() if line.startswith('| ablation_no_cpa'))
    assert row.split('|')[5].strip().startswith('-0.') and 'emodb' in row


def test_women_and_men_are_told_apart_by_the_registry(tmp_path):
    text = report([run(tmp_path, 'joint_x', speakers=(0, 5, 6))])
    rows = section(text, 'Women, men and languages')
    assert '| joint_x | women | 1.000' in rows and '| joint_x | language de | 1.000' in rows
    assert [line.split('|')[-3].strip() for line in rows.splitlines() if '| women' in line] == [
        '2'], 'speakers 08 and 09 are women, 03 is a man'


def test_the_card_of_a_model_takes_what_was_measured_once(tmp_path):
    folder, model = run(tmp_path, 'joint_x'), tmp_path / 'x.onnx'
    model.touch()
    said = CliRunner().invoke(card, [str(model), str(folder)])
    assert said.exit_code == 1 and 'physioser export` writes it' in said.output
    model.with_suffix('.md').write_text('# x\n\n## Data\n\nSome.\n\n## Limits\n\nMany.\n')
    for _ in range(2):
        assert CliRunner().invoke(card, [str(model), str(folder)]).exit_code == 0
    text = model.with_suffix('.md').read_text()
    for heading in ('Over all folds', 'Women, men and languages', 'Limits'):
        assert text.count(f'## {heading}') == 1
    assert text.index('Some.') < text.index('Answering only when sure') < text.index('Many.')
    assert 'Worse sound' not in text, 'not measured, not written'


def test_what_a_run_keeps_names_no_folder_of_the_machine():
    assert without_folders("physioser train x.yaml --data '/srv/my data' --fold 0") == (
        "physioser train x.yaml --data 'my data' --fold 0")


def test_the_commands_of_one_experiment_are_one(tmp_path):
    folders = [run(tmp_path, 'joint_x', fold=fold, seed=seed,
                   speakers=range(6 * fold, 6 * fold + 6))
               for fold in (0, 1) for seed in (0, 2)]
    for folder in folders:
        path = folder / 'environment.json'
        command = 'physioser train joint_x.yaml --fold 0 --data here --seed 0 --threads 1'
        path.write_text(json.dumps({**json.loads(path.read_text()), 'command': command}))
    assert ('\nphysioser train joint_x.yaml --data DATA --fold 0 --fold 1 --seed 0 --seed 2\n'
            in section(report(folders), 'Commands'))


def test_exported_files_tell_their_own_figures(tmp_path):
    training = {'command': 'physioser train joint_x.yaml --all-speakers', 'seed': 3,
                'revision': 'abc', 'config': {'name': 'joint_x'}}
    known = {'training': training, 'corpora': [{'name': 'EmoDB', 'clips': 535}],
             'calibration': {'temperature': 1.25, 'threshold': 0.6, 'fitted_on': '5 speakers'}}
    figures = {'parity': {'same_label': 1.0, 'cases': 42, 'max_error': 9e-6},
               'int8': {'same_label': 0.9925, 'clips': 400, 'ua_lost_points': -0.1}}
    text = report([run(tmp_path, 'joint_a'), run(tmp_path, 'joint_x')], files=[
        ('a.onnx', 24_900_000, {**known, 'precision': 'int8', 'figures': figures}),
        ('b.onnx', 1_000_000, {**known, 'precision': 'float32', 'figures': {}})])
    assert ('`a.onnx`, `b.onnx`: `joint_x` trained on everybody, on 535 clips of EmoDB (seed 3, '
            'revision abc)'
            in text)
    assert 'Temperature 1.250 and threshold 0.600 were fitted on 5 speakers.' in text
    assert text.index('| joint_x |') < text.index('| joint_a |'), 'what ships comes first'
    rows = section(text, 'Exported files')
    assert '| a.onnx | int8 | 24.9 | 100.0% of 42, 9.0e-06 | 99.2% of 400, +0.10 |' in rows
    assert '| b.onnx | float32 | 1.0 |  |  |' in rows
    assert '## In 8 bits' not in text, 'not measured, not written'
    for fold, clips in ((0, 30), (1, 10)):
        folder = run(tmp_path, 'joint_y', fold=fold, speakers=range(6 * fold, 6 * fold + 6))
        (folder / 'int8.json').write_text(json.dumps(
            {'same_label': 1.0 - fold, 'ua_lost_points': 0.4, 'clips': clips}))
    text = report(sorted(tmp_path.iterdir()), files=[
        ('a.onnx', 1, {**known, 'precision': 'int8', 'figures': {}})])
    assert ('| joint_y | 75.0% of 40, -0.40 | 100.0% of 30, -0.40; 0.0% of 10, -0.40 | 0, 1 | 0 |'
            in section(text, 'In 8 bits, speakers never heard'))
