"""`physioser train` and `physioser evaluate`, from recordings to a page of results."""

import hashlib
import json
from pathlib import Path
import re

from click.testing import CliRunner
import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
import yaml

from physioser_ros.commands.ensemble import command as ensemble
from physioser_ros.commands.evaluate import command as evaluate
from physioser_ros.commands.train import command as train
from physioser_ros.model import PhysioSER
from physioser_ros.training.calibration import fit_temperature
from physioser_ros.training.experiment import load_model
from physioser_ros.training.run_folder import read_predictions

#: The vocal branch alone: it needs no backbone.
EXPERIMENT = {
    'about': 'Toy.',
    'model': {'variant': 'vap_only', 'width': 16, 'pooling_hidden': 8,
              'quartet': {'hop': 320, 'bands': 16},
              'encoder': {'channels': [2, 4], 'strides': [[2, 2], [2, 2]]},
              'fusion': {'heads': 2}},
    'data': {'folds': 3, 'calibration_share': 0.2}, 'features': {'views': 1},
    'training': {'epochs': 2, 'batch_size': 8, 'crop_s': [0.3, 0.4]}}


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Six speakers, two emotions, two clips each: a low and a high tone."""
    folder, rows, rng = tmp_path_factory.mktemp('data'), [], np.random.default_rng(0)
    for speaker in range(6):
        for clip in range(4):
            pitch = (150, 450)[clip % 2] + 10 * speaker
            time_s = np.arange(6400 + 800 * clip) / 16000
            waveform = 0.1 * np.sin(2 * np.pi * pitch * time_s) + 0.01 * rng.normal(
                size=len(time_s))
            path = f'toy/{speaker}_{clip}.wav'
            (folder / 'toy').mkdir(exist_ok=True)
            soundfile.write(folder / path, waveform, 16000)
            rows.append({
                'path': path, 'corpus': 'toy', 'language': 'en', 'speaker_id': f'toy_{speaker}',
                'emotion': 'x', 'emotion_norm': ('sad', 'happy')[clip % 2],
                'duration_s': len(time_s) / 16000, 'licence': 'CC0-1.0',
                'licence_class': 'permissive',
                'sha1_pcm': hashlib.sha1(waveform.tobytes()).hexdigest()})
    pd.DataFrame(rows).to_csv(folder / 'index.csv', index=False)
    return folder


@pytest.fixture(scope='module')
def runs(data, tmp_path_factory):
    """Fold 0 of an experiment and of its baseline, and the baseline on all speakers."""
    folder = tmp_path_factory.mktemp('runs')
    for name in ('toy', 'toy_backbone_only'):
        (folder / f'{name}.yaml').write_text(yaml.safe_dump(EXPERIMENT))
        invoke(train, folder / f'{name}.yaml', '--data', data, '--output', folder / name,
               '--cache', folder / 'cache', '--threads', torch.get_num_threads())
    invoke(train, folder / 'toy.yaml', '--data', data, '--output', folder / 'all',
           '--cache', folder / 'cache', '--all-speakers', '--calibration', folder / 'toy')
    return folder


def invoke(command, *arguments, code=0):
    """Run a command; return what it said."""
    found = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert found.exit_code == code, found.output
    return found.output


def test_a_run_folder_says_everything_about_its_run(runs):
    metrics = json.loads((runs / 'toy' / 'metrics.json').read_text())
    config = yaml.safe_load((runs / 'toy' / 'config.yaml').read_text())
    environment = json.loads((runs / 'toy' / 'environment.json').read_text())
    assert metrics['labels'] == ['happy', 'sad'] and metrics['fold'] == 0
    assert [len(metrics['speakers'][part]) for part in ('train', 'calibration', 'test')] \
        == [3, 1, 2]
    assert 0 < metrics['calibration']['threshold'] <= 1
    assert config['model']['classes'] == 2 and config['training']['epochs'] == 2
    assert 'torch' in environment['packages'] and 'revision' in environment
    table = read_predictions(runs / 'toy')
    assert len(table) == 8 and set(table['speaker_id']) == set(metrics['speakers']['test'])
    np.testing.assert_allclose(table[['p_happy', 'p_sad']].sum(axis=1), 1, atol=1e-5)


def test_the_model_read_back_is_told_its_labels(runs, monkeypatch):
    told = []
    monkeypatch.setattr(PhysioSER, 'name_labels', lambda model, labels: told.append(labels))
    load_model(runs / 'toy')
    assert told == [['happy', 'sad']]


def test_the_model_read_back_gives_the_predictions_of_the_run(runs, data):
    table, model = read_predictions(runs / 'toy'), load_model(runs / 'toy')
    temperature = json.loads((runs / 'toy' / 'metrics.json').read_text())['calibration'][
        'temperature']
    waveform, _ = soundfile.read(data / table['path'][0], dtype='float32')
    with torch.inference_mode():
        logits = model(torch.from_numpy(waveform)[None]).logits[0]
    wanted = table.loc[0, ['p_happy', 'p_sad']].to_numpy(dtype=np.float32)
    np.testing.assert_allclose((logits / temperature).softmax(0), wanted, atol=2e-3)


def test_a_model_that_ships_takes_its_calibration_from_a_fold(runs):
    fold, ships = (json.loads((runs / name / 'metrics.json').read_text())
                   for name in ('toy', 'all'))
    assert ships['all_speakers'] and not ships['speakers']['test']
    assert ships['calibration']['temperature'] == fold['calibration']['temperature']
    assert ships['calibration']['figures'] == fold['test']


def test_a_run_that_set_nobody_aside_calibrates_on_whom_it_judged(runs, data):
    loose = {**EXPERIMENT, 'data': {'folds': 3, 'calibration_share': 0}}
    (runs / 'loose.yaml').write_text(yaml.safe_dump(loose))
    for name, further in (('loose', ()), ('loose_all', (
            '--all-speakers', '--calibration', runs / 'loose'))):
        invoke(train, runs / 'loose.yaml', '--data', data, '--output', runs / name, '--cache',
               runs / 'cache', '--threads', torch.get_num_threads(), *further)
    fold, ships = (json.loads((runs / name / 'metrics.json').read_text())
                   for name in ('loose', 'loose_all'))
    table = read_predictions(runs / 'loose')
    wanted = fit_temperature(np.log(table[['p_happy', 'p_sad']].to_numpy()),
                             (table['label'] == 'sad').to_numpy(dtype=int))
    assert fold['calibration'] is None
    assert ships['calibration']['temperature'] == pytest.approx(wanted, rel=1e-3)
    assert ships['calibration']['fitted_on'].startswith('8 clips of toy by 2 speakers')


def test_a_model_that_ships_without_calibration_is_refused(runs, data):
    said = invoke(train, runs / 'toy.yaml', '--data', data, '--all-speakers', '--output',
                  runs / 'none', code=1)
    assert 'give --calibration RUN' in said


def test_a_run_folder_of_another_training_is_refused(runs, data):
    said = invoke(train, runs / 'toy.yaml', '--data', data, '--seed', 7, '--output', runs / 'toy',
                  '--cache', runs / 'cache', code=1)
    assert 'holds another training' in said


def test_a_finished_run_is_left_as_it_is(runs, data):
    before = (runs / 'toy' / 'environment.json').read_text()
    said = invoke(train, runs / 'toy.yaml', '--data', data, '--output', runs / 'toy',
                  '--cache', runs / 'cache')
    assert 'is complete' in said and 'epoch' not in said
    assert (runs / 'toy' / 'environment.json').read_text() == before


def test_one_output_is_no_place_for_two_runs(runs, data):
    said = invoke(train, runs / 'toy.yaml', '--data', data, '--fold', 0, '--fold', 1, '--output',
                  runs / 'two', code=1)
    assert '--output is one folder and this asks for 2 runs' in said


def test_trainings_from_two_seeds_make_an_ensemble(runs, data):
    invoke(train, runs / 'toy.yaml', '--data', data, '--output', runs / 'toy-1', '--seed', 1,
           '--cache', runs / 'cache', '--threads', torch.get_num_threads())
    invoke(ensemble, runs / 'toy', runs / 'toy-1', '--output', runs / 'toy_ensemble')
    tables = [read_predictions(runs / name) for name in ('toy', 'toy-1', 'toy_ensemble')]
    likely = [np.log(table[['p_happy', 'p_sad']].to_numpy()) for table in tables]
    # At another temperature, the odds are still the mean of the members' odds but for a factor.
    odds = [values[:, 0] - values[:, 1] for values in likely]
    wanted = (odds[0] + odds[1]) / 2
    np.testing.assert_allclose(odds[2] / wanted, (odds[2] / wanted)[0], rtol=2e-2)
    assert 'toy_ensemble' in invoke(evaluate, runs / 'toy_ensemble')
    waveform, _ = soundfile.read(data / tables[2]['path'][0], dtype='float32')
    with torch.inference_mode():
        logits = load_model(runs / 'toy_ensemble')(torch.from_numpy(waveform)[None]).logits[0]
    assert float(logits[0] - logits[1]) == pytest.approx(wanted[0], abs=2e-2)


@pytest.mark.parametrize('names, text', [
    (('toy',), 'expected at least two'), (('toy', 'toy'), 'same seed'),
    (('toy', 'all'), 'another experiment or fold')])
def test_what_makes_no_ensemble_is_refused(runs, tmp_path, names, text):
    said = invoke(ensemble, *(runs / name for name in names), '--output', tmp_path / 'made',
                  code=1)
    assert text in said and not (tmp_path / 'made').exists()


def test_the_page_compares_with_the_baseline_on_the_same_speakers(runs):
    page = runs / 'results.md'
    invoke(evaluate, runs / 'toy', runs / 'toy_backbone_only', runs / 'all', '--report', page)
    text = page.read_text()
    assert '## Against toy_backbone_only' in text and '+0.000 [+0.000, +0.000]' in text
    assert '| toy | +0.000 | +0.000 | +0.000 |' in text, 'two speakers give no interval'
    assert '| 8 | 2 | 0 | 0 |' in text, 'clips, speakers, folds, seeds of each row'
    assert text.partition('## Commands')[2].count('\nphysioser') == 1, 'each command once'
    assert 'UA: toy is above toy_backbone_only on 0 of 1 corpora' in text
    pictures = re.findall(r'!\[.+\]\((.+)\)', text)
    assert {path.split('/')[1] for path in pictures} == {
        'ablation.png', 'risk_coverage.png', 'reliability.png', 'confusion.png', 'learning.png'}
    for path in pictures:
        assert (runs / path).read_bytes().startswith(b'\x89PNG')
    assert (runs / 'toy' / 'learning.png').is_file()


def test_runs_that_do_not_fit_together_are_refused(runs):
    assert 'second run of toy' in invoke(evaluate, runs / 'toy', runs / 'toy', code=1)
    (runs / 'empty').mkdir(exist_ok=True)
    assert 'its training is not finished' in invoke(evaluate, runs / 'empty', code=1)


@pytest.mark.parametrize('change, text', [
    ({'training': {'epoch': 3}}, 'unknown key training.epoch; expected one of epochs'),
    ({'training': {'epochs': 0}}, 'training.epochs is 0'),
    ({'training': {'learning_rate': 'fast'}}, "training.learning_rate is 'fast'"),
    ({'kind': 'forest'}, "kind is 'forest'"),
    ({'data': {'corpora': ['nowhere']}}, 'no corpus nowhere; it has toy'),
    ({'model': {'widht': 3}}, 'unknown option widht'),
])
def test_a_wrong_experiment_is_refused_in_one_sentence(data, tmp_path, change, text):
    path = Path(tmp_path) / 'wrong.yaml'
    path.write_text(yaml.safe_dump({**EXPERIMENT, **change}))
    said = invoke(train, path, '--data', data, '--output', tmp_path / 'run', code=1)
    assert text in said and len(said.splitlines()) == 1
