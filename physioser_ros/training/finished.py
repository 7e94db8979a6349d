"""A finished run as something that answers: waveforms, or the cached features of its clips."""

from dataclasses import dataclass

import numpy as np
import torch

from physioser_ros.training import run_folder
from physioser_ros.training.calibration import calibrated
from physioser_ros.training.experiment import load_model
from physioser_ros.training.features import feature_store, fill
from physioser_ros.training.options import experiment_from
from physioser_ros.training.protocol import possible, recordings


@dataclass(frozen=True)
class Finished:
    """A finished run that held somebody out."""

    #: `PhysioSER` with its backbone, in evaluation mode.
    model: torch.nn.Module
    #: `Experiment` that it was trained by.
    experiment: object
    #: Labels in the order of the probabilities.
    labels: tuple
    #: What the logits are divided by.
    temperature: float
    #: The predictions on whoever was held out, pandas DataFrame.
    rows: object

    def answer(self, waveform):
        """
        Return the calibrated probabilities of one clip.

        :param waveform: float32, shape (n,), mono, 16 kHz
        :return: float64, shape (C,)
        """
        short = max(0, self.model.min_samples - len(waveform))
        rows = torch.from_numpy(np.pad(waveform, (0, short)).astype(np.float32))[None]
        with torch.inference_mode():
            logits = self.model(rows).logits.numpy()
        return calibrated(possible(logits, self.labels, self.experiment.data.judged),
                          self.temperature)[0]


def finished(folder):
    """
    Open a finished run.

    :param folder: run folder
    :return: `Finished`
    :raises RunError: if it is not finished, held nobody out, or has no network
    """
    metrics, config = run_folder.read_metrics(folder), run_folder.read_config(folder)
    rows = run_folder.read_predictions(folder)
    calibration = metrics['calibration'] or {'temperature': 1.0}
    experiment = experiment_from({key: value for key, value in config.items() if key != 'run'},
                                 str(folder))
    return Finished(load_model(folder), experiment, tuple(metrics['labels']),
                    calibration['temperature'], rows)


def cached_features(run, data, cache):
    """
    Open the clean features of the clips that a run held out; what lacks is computed.

    :param run: `Finished`
    :param data: folder with the recordings and their index
    :param cache: folder of the feature caches
    :return: `FeatureStore`, and the run's rows with the column `sha1_pcm`
    :raises RunError: if a clip of the run is not in the index
    """
    index, _ = recordings(data, run.experiment.data)
    digests = dict(zip(index['path'], index['sha1_pcm']))
    lacking = [path for path in run.rows['path'] if path not in digests]
    if lacking:
        raise run_folder.RunError(f'{lacking[0]} was judged in this run and is not in the index '
                                  f'of {data}: give the data folder that it was trained on')
    rows = run.rows.assign(sha1_pcm=run.rows['path'].map(digests))
    store = feature_store(run.model, cache, run.experiment.features, 0)
    fill(store, run.model, index[index['path'].isin(rows['path'])], data,
         run.experiment.features)
    return store, rows
