"""One training from an experiment to a finished run folder."""

from dataclasses import asdict, dataclass, replace
import json
from pathlib import Path
import shutil
import time
from typing import Optional

import numpy as np
from safetensors.torch import load_file, save_file
import torch

from physioser_ros.corpora.splits import all_speakers
from physioser_ros.model import Ensemble, PhysioSER, PhysioSERConfig
from physioser_ros.training import run_folder
from physioser_ros.training.baselines import Baseline, make_look_up
from physioser_ros.training.calibration import calibrated, fit_temperature
from physioser_ros.training.egemaps import Functionals
from physioser_ros.training.evaluation import judged_by_corpus, probabilities_of, truth_of
from physioser_ros.training.features import feature_store, fill
from physioser_ros.training.fit import feature_set, fit, logits_of
from physioser_ros.training.history import HeardBefore
from physioser_ros.training.losses import balanced_weights
from physioser_ros.training.metrics import threshold_at
from physioser_ros.training.non_speech import non_speech_features
from physioser_ros.training.options import experiment_from, ExperimentError
from physioser_ros.training.protocol import possible, recordings, split_of

#: What only the weights of an ensemble have: its members' temperatures.
TEMPERATURES = 'temperatures'
#: Share of the clips that the shipped threshold answers.
COVERAGE = 0.8


@dataclass(frozen=True)
class RunOptions:
    """What one run adds to its experiment."""

    #: Folder with the recordings and their index.
    data: Path
    #: Run folder.
    output: Path
    #: Folder of the feature caches.
    cache: Path
    #: Fold that is held out.
    fold: int = 0
    #: Seed of the training.
    seed: int = 0
    #: Train on everybody and hold nobody out: the model that ships.
    all_speakers: bool = False
    #: Run folder that the calibration of such a model is taken from.
    calibration_from: Optional[Path] = None


def train(experiment, options, say=print):
    """
    Train, calibrate and judge one model; the run folder has everything afterwards.

    A run folder that has it already is left as it is.

    :param experiment: `Experiment`
    :param options: `RunOptions`
    :param say: callable of one line of text
    :return: dict, as `metrics.json` has it
    :raises ExperimentError: if experiment and data do not fit, or the run folder belongs to
        another training
    """
    started, revision = time.monotonic(), run_folder.revision()
    index, labels = recordings(options.data, experiment.data)
    split = all_speakers(index) if options.all_speakers else split_of(
        index, experiment.data, options.fold, options.seed)
    calibration = _borrowed_calibration(options, labels)
    torch.manual_seed(options.seed)
    model = _model(experiment, labels)
    if model is not None:
        experiment = replace(experiment, model=model.config.to_dict())
    _claim(experiment, options)
    if (options.output / 'environment.json').exists():
        return run_folder.read_metrics(options.output)
    learn = _network if experiment.kind == 'physioser' else _baseline
    answer, count = learn(experiment, options, model, index, split.train, labels, say)

    def judge(rows):
        found = answer(rows)
        return {**found, 'logits': possible(found['logits'], labels, experiment.data.judged)}

    held = {part: (rows, judge(rows)) for part, rows in
            (('calibration', split.calibration), ('test', split.test)) if len(rows)}
    metrics = _finish(held, split, labels, calibration, options)
    metrics['trainable_parameters'] = int(count)
    run_folder.write_metrics(options.output, metrics)
    run_folder.write_environment(options.output, time.monotonic() - started, revision,
                                 _accelerator())
    shutil.rmtree(options.output / 'checkpoints', ignore_errors=True)
    return metrics


def load_model(folder, with_backbone=True):
    """
    Load the model of a finished run.

    :param folder: run folder
    :param with_backbone: build the frozen backbone too, for waveforms
    :return: `PhysioSER` in evaluation mode, or the `Ensemble` that was made of several runs
    :raises RunError: if the folder holds no finished model
    """
    config = PhysioSERConfig.from_dict(run_folder.read_config(folder)['model'])
    weights = Path(folder) / 'model.safetensors'
    if not weights.is_file():
        raise run_folder.RunError(f'{folder} has no model.safetensors: its training is not '
                                  'finished, or it was a baseline without a network')
    model = PhysioSER.create(config) if with_backbone else PhysioSER(config)
    labels = run_folder.read_metrics(folder)['labels']
    model.name_labels(labels)
    learned = load_file(weights)
    if TEMPERATURES in learned:
        others = [PhysioSER(config) for _ in learned[TEMPERATURES][1:]]
        for other in others:
            other.name_labels(labels)
        model = Ensemble([model, *others], learned[TEMPERATURES].tolist())
    model.load_state_dict({**model.state_dict(), **learned})
    return model.eval()


def _network(experiment, options, model, index, rows, labels, say):
    """Fit a model on cached features; return what answers rows, and its number of parameters."""
    store = feature_store(model, options.cache, experiment.features)
    fill(store, model, index, options.data, experiment.features)
    training = feature_set(
        store, rows, labels, experiment.training.corpus_power, _heard_before(model, store, rows),
        non_speech_features(model, options.seed) if experiment.training.non_speech else ())
    backbone, model.backbone = model.backbone, None
    if model.uses_ssl and model.config.latent.normalise:
        model.latent.set_statistics(*store.frame_statistics(training.digests))
    if model.adapts_vocal:
        model.quartet_mean.copy_(torch.from_numpy(training.heard.quartet_mean()))
    fit(model, training, experiment.training, options.seed, options.output, say)
    save_file(model.state_dict(), options.output / 'model.safetensors')
    model.backbone = backbone
    return (lambda judged: logits_of(model, feature_set(store, judged, labels)),
            sum(value.numel() for value in model.parameters() if value.requires_grad))


def _baseline(experiment, options, model, index, rows, labels, say):
    """Fit a baseline; return what answers rows, and its number of parameters."""
    store = functionals = None
    if model is not None:
        store = feature_store(model, options.cache, experiment.features, 0)
        fill(store, model, index, options.data, experiment.features)
    if experiment.kind == 'egemaps_svm':
        functionals = Functionals(options.cache, PhysioSERConfig().level_rms,
                                  experiment.features.max_seconds)
        functionals.fill(index, options.data)
    baseline = Baseline(experiment.kind, make_look_up(experiment.kind, store, functionals),
                        experiment.per_speaker)
    training = feature_set(store, rows, labels, experiment.training.corpus_power)
    baseline.fit(rows, training.targets, training.weights)
    return (lambda judged: {'logits': baseline.logits(judged, len(labels))},
            baseline.parameters)


def _heard_before(model, store, rows):
    """Return what histories of the training clips are drawn from; None: no adaptation."""
    if not model.config.speaker.enabled:
        return None
    return HeardBefore(store, rows['sha1_pcm'], rows['corpus'] + '/' + rows['speaker_id'],
                       rows['emotion_norm'], model.adapts_vocal)


def _borrowed_calibration(options, labels):
    """Return the calibration of another run, for a model that held nobody out; else None."""
    if not options.all_speakers:
        return None
    if options.calibration_from is None:
        raise ExperimentError('a model trained on all speakers has nobody to be calibrated on: '
                              'give --calibration RUN, a finished fold of the same experiment')
    other = run_folder.read_metrics(options.calibration_from)
    if tuple(other['labels']) != labels:
        raise ExperimentError(f'{options.calibration_from} has the labels '
                              f'{", ".join(other["labels"])}, this run {", ".join(labels)}')
    held = other['speakers']['test'] + other['speakers']['calibration']
    own = other['calibration']
    if own is None:
        own = _fitted_on_judged(run_folder.read_predictions(options.calibration_from), labels)
    else:
        own['fitted_on'] = (f'{len(other["speakers"]["calibration"])} speakers held out of fold '
                            f'{other["fold"]} of the same experiment, seed {other["seed"]}')
    return {**own, 'figures': other['test'], 'held_out_in_that_run': sorted(held)}


def _fitted_on_judged(rows, labels):
    """
    Return the calibration that fits whom a run judged that set nobody aside for calibration.

    Where a whole corpus was judged it tells how sure a model may be of people unlike those that
    it learned from, which speakers of its own corpora cannot.
    """
    truth, logits = truth_of(rows, labels), np.log(probabilities_of(rows, labels) + 1e-12)
    temperature = fit_temperature(logits, truth)
    return {'temperature': temperature, 'coverage': COVERAGE,
            'threshold': threshold_at(calibrated(logits, temperature), COVERAGE),
            'fitted_on': f'{len(rows)} clips of {", ".join(sorted(set(rows["corpus"])))} by '
                         f'{rows["speaker_id"].nunique()} speakers, held out of another training'}


def _model(experiment, labels):
    """Return the untrained model with its backbone; None for what needs no features of it."""
    if experiment.kind in ('majority', 'egemaps_svm'):
        return None
    values = {**experiment.model, 'classes': len(labels)}
    model = PhysioSER.create(PhysioSERConfig.from_dict(values))
    model.name_labels(labels)
    return model


def _claim(experiment, options):
    """Make the run folder, or make sure that it is of this very training."""
    run = {'fold': None if options.all_speakers else options.fold, 'seed': options.seed,
           'all_speakers': options.all_speakers}
    if (options.output / 'config.yaml').exists():
        old = run_folder.read_config(options.output)
        # Read anew: an option that came later has its default in an older folder.
        same = old.pop('run') == run and _resolved(experiment_from(old)) == _resolved(experiment)
        if not same:
            raise ExperimentError(f'{options.output} holds another training: give another '
                                  '--output, or remove it')
        return
    options.output.mkdir(parents=True, exist_ok=True)
    run_folder.write_config(options.output, experiment, run)


def _resolved(experiment):
    """Return an experiment as plain values, every option of its model among them."""
    model = PhysioSERConfig.from_dict(experiment.model).to_dict() if experiment.model else {}
    return json.loads(json.dumps(asdict(replace(experiment, model=model))))


def _finish(held, split, labels, calibration, options):
    """Calibrate, judge, write the predictions; return the figures."""
    truth = {part: np.array([labels.index(label) for label in rows['emotion_norm']])
             for part, (rows, _) in held.items()}
    if calibration is None:
        temperature = 1.0
        if 'calibration' in held:
            # Corpora count the same, or the largest one would set everybody's confidence.
            temperature = fit_temperature(
                held['calibration'][1]['logits'], truth['calibration'],
                balanced_weights(held['calibration'][0]['corpus'], truth['calibration'] * 0, 0))
            sure = calibrated(held['calibration'][1]['logits'], temperature)
            calibration = {
                'temperature': temperature, 'threshold': threshold_at(sure, COVERAGE),
                'coverage': COVERAGE,
                'fitted_on': _calibrated_on(split)}
    metrics = {
        'labels': list(labels), 'fold': None if options.all_speakers else options.fold,
        'seed': options.seed, 'all_speakers': options.all_speakers,
        'clips': {part: len(getattr(split, part)) for part in ('train', 'calibration', 'test')},
        'speakers': {part: sorted(set(getattr(split, part)['speaker_id']))
                     for part in ('train', 'calibration', 'test')},
        'calibration': calibration, 'speaker_dependent': split.speaker_dependent}
    parts = {}
    for part, (rows, found) in held.items():
        parts[part] = (rows, calibrated(found['logits'], temperature), _columns(found, labels))
    if parts:
        run_folder.write_predictions(options.output, parts, labels)
    if 'test' in parts:
        metrics['test'] = judged_by_corpus(
            run_folder.read_predictions(options.output), labels)
        metrics['majority'] = split.train['emotion_norm'].mode()[0]
    return json.loads(json.dumps(metrics, default=run_folder._plain))


def _accelerator():
    """Return the name of the graphics processor that was trained on, '' without one."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ''


def _calibrated_on(split):
    """Return in words whom temperature and threshold come from."""
    if split.speaker_dependent:
        return f'{len(split.calibration)} clips held out of the training, of speakers heard in it'
    return f'{len(set(split.calibration["speaker_id"]))} speakers held out of the training'


def _columns(found, labels):
    """Return what the model says beside its answer, as columns of the predictions."""
    if 'branch_weights' not in found:
        return {}
    columns = {'gate': found['gate'], 'weight_vap': found['branch_weights'][:, 0]}
    for place, branch in enumerate(('vap', 'ssl')):
        logits = found['branch_logits'][:, place]
        if logits.any():
            columns[f'answer_{branch}'] = [labels[number] for number in logits.argmax(1)]
    return columns
