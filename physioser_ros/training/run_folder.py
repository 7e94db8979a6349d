"""
The run folder: everything that one training leaves behind, in files that anybody can read.

`config.yaml` (the resolved experiment), `model.safetensors` (weights without the frozen backbone),
`metrics.json`, `predictions.csv`, `log.csv`, `environment.json`.
"""

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
import json
import os
from pathlib import Path
import platform
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import yaml

#: Packages whose versions a run depends on.
PACKAGES = ('torch', 'lightning', 'numpy', 'scipy', 'scikit-learn', 'torchmetrics', 'pandas',
            'soundfile', 'soxr', 'safetensors')


class RunError(RuntimeError):
    """A run folder that cannot be used; the text says what lacks and what to do."""


def write_config(folder, experiment, run):
    """
    Write the resolved experiment.

    :param folder: run folder
    :param experiment: `Experiment`, its model options resolved
    :param run: dict of what this run adds: fold, seed, who trains
    """
    write_resolved(folder, {**asdict(experiment), 'run': run})


def write_resolved(folder, config):
    """
    Write an experiment that is resolved already.

    :param folder: run folder
    :param config: dict as `read_config` returns it
    """
    content = json.loads(json.dumps(config))
    (Path(folder) / 'config.yaml').write_text(yaml.safe_dump(content, sort_keys=False))


def read_config(folder):
    """
    Read the resolved experiment.

    :param folder: run folder
    :return: dict
    :raises RunError: if the folder is no run folder
    """
    path = Path(folder) / 'config.yaml'
    if not path.is_file():
        raise RunError(f'{folder} is not a run folder: it has no config.yaml (make one with '
                       '`physioser train`)')
    return yaml.safe_load(path.read_text())


def write_environment(folder, seconds, started_with, accelerator):
    """
    Write what the run ran on: revision, command line, versions, machine.

    :param folder: run folder
    :param seconds: how long the training took
    :param started_with: `revision` when it started; the tree may change while it runs
    :param accelerator: name of the graphics processor, '' if there was none
    """
    content = {'command': without_folders(shlex.join(['physioser', *sys.argv[1:]])),
               'revision': started_with,
               'python': platform.python_version(), 'packages': _versions(),
               'machine': platform.machine(), 'system': platform.platform(),
               'cores': os.cpu_count(), 'accelerator': accelerator,
               'seconds': round(seconds, 1)}
    (Path(folder) / 'environment.json').write_text(json.dumps(content, indent=2) + '\n')


def without_folders(command):
    """Return a command line with folders of this machine cut to their last part."""
    return shlex.join(Path(word).name if word.startswith('/') else word
                      for word in shlex.split(command))


def read_environment(folder):
    """
    Read what the run ran on.

    :param folder: run folder
    :return: dict
    :raises RunError: if the run is not finished
    """
    path = Path(folder) / 'environment.json'
    if not path.is_file():
        raise RunError(f'{folder} has no environment.json: its training is not finished')
    return json.loads(path.read_text())


def revision():
    """Return the git revision of the source tree, `+changes` behind it if it has any, or ''."""
    root = Path(__file__).resolve().parent
    try:
        head = subprocess.run(['git', 'rev-parse', '--short=12', 'HEAD'], cwd=root, check=True,
                              capture_output=True, text=True).stdout.strip()
        changes = subprocess.run(['git', 'status', '--porcelain', '--', '.', '../model'],
                                 cwd=root, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ''
    return head + ('+changes' if changes.strip() else '')


def write_metrics(folder, metrics):
    """
    Write the figures.

    :param folder: run folder
    :param metrics: dict of plain values and numpy numbers
    """
    text = json.dumps(metrics, indent=2, default=_plain)
    (Path(folder) / 'metrics.json').write_text(text + '\n')


def read_metrics(folder):
    """
    Read the figures.

    :param folder: run folder
    :return: dict
    :raises RunError: if the run is not finished
    """
    path = Path(folder) / 'metrics.json'
    if not path.is_file():
        raise RunError(f'{folder} has no metrics.json: its training is not finished (the same '
                       '`physioser train` command goes on with it)')
    return json.loads(path.read_text())


def write_predictions(folder, parts, labels):
    """
    Write every prediction on speakers who were held out.

    :param folder: run folder
    :param parts: dict of part ('calibration', 'test') to (rows of the index, probabilities
        (n, C) calibrated, dict of further columns)
    :param labels: tuple of the C labels
    """
    tables = []
    for part, (rows, probabilities, extra) in parts.items():
        table = rows[['path', 'corpus', 'language', 'speaker_id', 'sex']].reset_index(drop=True)
        table.insert(0, 'part', part)
        table['label'] = list(rows['emotion_norm'])
        table['answer'] = [labels[number] for number in probabilities.argmax(1)]
        for number, label in enumerate(labels):
            table[f'p_{label}'] = probabilities[:, number]
        tables.append(table.assign(**extra))
    pd.concat(tables).to_csv(Path(folder) / 'predictions.csv', index=False, float_format='%.6f')


def read_predictions(folder, part='test'):
    """
    Read the predictions.

    :param folder: run folder
    :param part: 'calibration' or 'test'
    :return: pandas DataFrame as `write_predictions` wrote it, rows of this part
    :raises RunError: if there are none
    """
    path = Path(folder) / 'predictions.csv'
    if not path.is_file():
        raise RunError(f'{folder} has no predictions: nobody was held out in this run, or it is '
                       'not finished')
    table = pd.read_csv(path, keep_default_na=False)
    return table[table['part'] == part].reset_index(drop=True)


def _versions():
    """Return the versions of `PACKAGES` that are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _plain(value):
    """Return a numpy value as JSON takes it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f'{type(value).__name__} has no place in metrics.json')
