"""Finished runs of one experiment, from several seeds, as one run: their ensemble."""

import json
from pathlib import Path
import shutil

import numpy as np
from safetensors.torch import load_file, save_file
import torch

from physioser_ros.training import run_folder
from physioser_ros.training.calibration import calibrated, fit_temperature
from physioser_ros.training.evaluation import judged_by_corpus, probabilities_of, truth_of
from physioser_ros.training.experiment import COVERAGE, TEMPERATURES
from physioser_ros.training.losses import balanced_weights
from physioser_ros.training.metrics import threshold_at


def combine(folders, output, calibration_from=None):
    """
    Write the run folder of an ensemble.

    Its log probabilities are the mean of those of its members, each at its own temperature; the
    ensemble's temperature and threshold are fitted on whom none of them trained on.

    :param folders: finished run folders of one experiment and fold, from different seeds
    :param output: run folder to write
    :param calibration_from: run folder of an ensemble of a fold, for members that held nobody out
    :return: dict, as `metrics.json` has it
    :raises RunError: if the runs do not make an ensemble
    """
    folders, output = [Path(folder) for folder in folders], Path(output)
    configs = [run_folder.read_config(folder) for folder in folders]
    metrics = [run_folder.read_metrics(folder) for folder in folders]
    _check(folders, configs, metrics, calibration_from)
    if output.exists():
        raise run_folder.RunError(f'{output} exists: give another --output, or remove it')
    output.mkdir(parents=True)
    _write_config(configs, metrics, output)
    learned = {TEMPERATURES: torch.tensor([own['calibration']['temperature'] for own in metrics])}
    for place, folder in enumerate(folders):
        learned.update((f'members.{place}.{name}', value) for name, value in
                       load_file(folder / 'model.safetensors').items())
    save_file(learned, output / 'model.safetensors')
    found = {**metrics[0], 'trainable_parameters':
             sum(own['trainable_parameters'] for own in metrics)}
    found.update(_borrowed(calibration_from) if calibration_from
                 else _judged(folders, metrics[0], output))
    run_folder.write_metrics(output, found)
    shutil.copy(folders[0] / 'log.csv', output)
    environments = [run_folder.read_environment(folder) for folder in folders]
    run_folder.write_environment(output, sum(own['seconds'] for own in environments),
                                 environments[0]['revision'], environments[0]['accelerator'])
    return found


def _check(folders, configs, metrics, calibration_from):
    """Raise a `RunError` if the runs do not make an ensemble."""
    if len(folders) < 2:
        raise run_folder.RunError(f'{len(folders)} run, expected at least two from different '
                                  'seeds')
    plain = [{key: value for key, value in config.items() if key != 'run'} for config in configs]
    for folder, config, own in zip(folders, plain, metrics):
        if config != plain[0] or own['fold'] != metrics[0]['fold']:
            raise run_folder.RunError(f'{folder} is of another experiment or fold than '
                                      f'{folders[0]}: expected the same from other seeds')
        if not (folder / 'model.safetensors').is_file():
            raise run_folder.RunError(f'{folder} has no network, expected one')
    if len({own['seed'] for own in metrics}) < len(metrics):
        raise run_folder.RunError('two runs have the same seed, expected each from its own')
    if metrics[0]['all_speakers'] and calibration_from is None:
        raise run_folder.RunError('the runs held nobody out: give --calibration RUN, an ensemble '
                                  'of the same experiment that did')


def _write_config(configs, metrics, output):
    """Write the experiment of the members under the ensemble's name."""
    config = {**configs[0], 'name': f'{configs[0]["name"]}_ensemble',
              'about': f'{configs[0]["about"].rstrip(".")}; the mean of {len(configs)} trainings '
                       'over one backbone.',
              'run': {**configs[0]['run'], 'seeds': [own['seed'] for own in metrics]}}
    run_folder.write_resolved(output, config)


def _judged(folders, metrics, output):
    """Calibrate the ensemble, write its predictions, return what is new of its figures."""
    labels, parts = tuple(metrics['labels']), {}
    for part in ('calibration', 'test'):
        tables = [run_folder.read_predictions(folder, part) for folder in folders]
        if any(list(table['path']) != list(tables[0]['path']) for table in tables):
            raise run_folder.RunError(f'{folders[0]} and its companions did not hold out the '
                                      f'same clips ({part}): train them on the same data')
        likely = [np.log(np.maximum(probabilities_of(table, labels), 1e-12)) for table in tables]
        parts[part] = tables[0], np.mean(likely, axis=0), {
            name: np.mean([table[name] for table in tables], axis=0)
            for name in ('gate', 'weight_vap') if name in tables[0]}
    rows, logits, _ = parts['calibration']
    truth = truth_of(rows, labels)
    temperature = fit_temperature(logits, truth, balanced_weights(rows['corpus'], truth * 0, 0))
    run_folder.write_predictions(output, {
        part: (rows.assign(emotion_norm=rows['label']), calibrated(logits, temperature), extra)
        for part, (rows, logits, extra) in parts.items()}, labels)
    judged = judged_by_corpus(run_folder.read_predictions(output), labels)
    return {'test': json.loads(json.dumps(judged, default=run_folder._plain)),
            'calibration': {**metrics['calibration'], 'temperature': temperature,
                            'threshold': threshold_at(calibrated(logits, temperature), COVERAGE)}}


def _borrowed(folder):
    """Return the calibration of another ensemble, for one that held nobody out."""
    other = run_folder.read_metrics(folder)
    held = other['speakers']['test'] + other['speakers']['calibration']
    return {'calibration': {
        **other['calibration'], 'figures': other['test'], 'held_out_in_that_run': sorted(held),
        'fitted_on': f'{len(other["speakers"]["calibration"])} speakers held out of fold '
                     f'{other["fold"]} of the same ensemble'}}
