"""The options of an experiment, read from one YAML file and checked before anything runs."""

from dataclasses import dataclass, field, fields, is_dataclass
import math
from pathlib import Path

import yaml

from physioser_ros.training.augmentation import DegradeOptions


#: What can be trained: the model (its variants by `model`), logistic regression on the backbone's
#: last frames or on the quartet, a support vector machine on eGeMAPS, the most frequent label.
KINDS = ('physioser', 'linear_probe', 'quartet_probe', 'egemaps_svm', 'majority')


class ExperimentError(ValueError):
    """An experiment file that cannot be run; the text says which key and what was expected."""


@dataclass(frozen=True)
class DataOptions:
    """Which recordings, and who is held out."""

    #: Corpora of the index; empty: all of them.
    corpora: tuple = ()
    #: `shared` labels, or the `own` ones of a single corpus.
    labels: str = 'shared'
    #: Shared labels whose recordings are taken; empty: all of them.
    emotions: tuple = ()
    #: Labels whose recordings are judged, the answers being among them alone; empty: all of them.
    judged: tuple = ()
    #: Who is judged: `speakers` never heard, `corpora` never heard (fold: which, in alphabetical
    #: order), random `clips` 7:1:2, which depends on the speaker, or the folds of `emobox`.
    protocol: str = 'speakers'
    #: Number of leave-speakers-out folds.
    folds: int = 5
    #: Seed of the folds; the same for all seeds of the training.
    split_seed: int = 0
    #: Share of each corpus's training speakers set aside for temperature and threshold.
    calibration_share: float = 0.12
    #: Where the folds' balance of the sexes comes from: the `index` or also the `registry`, which
    #: knows more speakers and so gives other folds.
    sexes: str = 'index'

    def __post_init__(self):
        """Refuse what is no choice."""
        for name, choices in (('labels', ('shared', 'own')), ('sexes', ('index', 'registry')),
                              ('protocol', ('speakers', 'corpora', 'clips', 'emobox'))):
            if getattr(self, name) not in choices:
                raise ExperimentError(f'data.{name} is {getattr(self, name)!r}, expected one of '
                                      f'{", ".join(choices)}')


@dataclass(frozen=True)
class FeatureOptions:
    """What is computed once and cached."""

    #: Number of degraded copies of each training recording, beside the clean one.
    views: int = 2
    #: Seed of the degraded copies.
    view_seed: int = 0
    #: How they are degraded.
    degrade: DegradeOptions = field(default_factory=DegradeOptions)
    #: Longest part of a recording that is used, in seconds.
    max_seconds: float = 12.0


@dataclass(frozen=True)
class TrainingOptions:
    """How the weights are fitted."""

    #: Passes over the training recordings.
    epochs: int = 25
    #: Clips a step.
    batch_size: int = 32
    #: Length of the random crops in seconds, shortest and longest; one length a batch.
    crop_s: tuple = (2.5, 3.0)
    #: Probability that a clip's clean copy is taken rather than a degraded one.
    clean_share: float = 0.4
    #: Synthesised sounds without speech that join the clips of a step, as a share of these; the
    #: answer to them should be as undecided as can be.
    non_speech: float = 0.0
    #: AdamW: highest rate, decay of the weights, share of the steps spent warming up.
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    warm_up: float = 0.05
    #: Largest norm of the gradient.
    gradient_clip: float = 1.0
    #: Decay a step of the averaged weights that are evaluated and kept; 0 keeps the last ones.
    ema_decay: float = 0.998
    #: Share of the target spread over all classes.
    label_smoothing: float = 0.1
    #: Weight of the contrastive alignment.
    cpa_weight: float = 0.1
    #: Weight of the cross entropy of each branch's own answer.
    auxiliary_weight: float = 0.3
    #: A corpus of N clips counts as N ** corpus_power in the loss.
    corpus_power: float = 0.5
    #: Utterances of the same speaker that were heard before, for a model that adapts to speakers:
    #: one of these numbers is drawn for each clip. The zeros keep the first utterance good.
    history: tuple = (0, 0, 0, 1, 2, 3, 5, 10)
    #: Widest masked band of the quartet, as a share of its bands, and of its frames; 0 is off.
    mask_bands: float = 0.15
    mask_frames: float = 0.15

    def __post_init__(self):
        """Refuse what cannot be trained."""
        for name in ('epochs', 'batch_size'):
            if getattr(self, name) < 1:
                raise ExperimentError(f'training.{name} is {getattr(self, name)}, expected 1 '
                                      'or more')
        if not 0 < self.crop_s[0] <= self.crop_s[1]:
            raise ExperimentError(f'training.crop_s is {list(self.crop_s)}, expected shortest '
                                  'and longest in seconds')
        if not self.history or any(count != int(count) or count < 0 for count in self.history):
            raise ExperimentError(f'training.history is {list(self.history)}, expected numbers of '
                                  'utterances, 0 or more')
        for name in ('clean_share', 'ema_decay', 'label_smoothing', 'non_speech', 'warm_up'):
            if not 0 <= getattr(self, name) <= 1:
                raise ExperimentError(f'training.{name} is {getattr(self, name)}, expected 0 to 1')


@dataclass(frozen=True)
class Experiment:
    """One experiment: the model, its data, its features, its training."""

    #: Short name; names the run folder. In a file it defaults to the file's own.
    name: str
    #: One sentence: what this experiment is and what it is compared with.
    about: str = ''
    #: What is trained: one of `KINDS`.
    kind: str = 'physioser'
    #: Of the baselines: whether each speaker's own mean and deviation are taken off the vectors.
    per_speaker: bool = False
    #: Options of the model as `PhysioSERConfig` reads them.
    model: dict = field(default_factory=dict)
    data: DataOptions = field(default_factory=DataOptions)
    features: FeatureOptions = field(default_factory=FeatureOptions)
    training: TrainingOptions = field(default_factory=TrainingOptions)

    def __post_init__(self):
        """Refuse an unknown kind."""
        if self.kind not in KINDS:
            raise ExperimentError(f'kind is {self.kind!r}, expected one of {", ".join(KINDS)}')
        if self.per_speaker and self.kind == 'physioser':
            raise ExperimentError('per_speaker is for baselines; the model adapts to speakers by '
                                  'model.speaker.enabled')


def read_experiment(path):
    """
    Read an experiment file.

    :param path: path of the YAML file
    :return: `Experiment`
    :raises ExperimentError: naming the key that is unknown or has a wrong value
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    # Beside its own errors the parser raises ValueError for impossible dates and numbers.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ExperimentError(f'{path} is not YAML: {error}') from error
    if not isinstance(content, dict):
        raise ExperimentError(f'{path} holds no keys; expected name, model, data, ...')
    return experiment_from({'name': Path(path).stem, **content}, str(path))


def experiment_from(content, where='the experiment'):
    """
    Build an experiment from plain values.

    :param content: dict as `yaml.safe_load` gives it
    :param where: what to call it in an error
    :return: `Experiment`
    :raises ExperimentError: naming the key that is unknown or has a wrong value
    """
    return _build(Experiment, content, where, '')


def _build(cls, content, where, prefix):
    """Build a dataclass from a dict, its own dataclasses likewise, lists as tuples."""
    known = {entry.name: entry for entry in fields(cls)}
    values = {}
    for key, value in content.items():
        if key not in known:
            raise ExperimentError(f'{where}: unknown key {prefix}{key}; expected one of '
                                  f'{", ".join(known)}')
        kind = known[key].type
        if is_dataclass(kind):
            if not isinstance(value, dict):
                raise ExperimentError(f'{where}: {prefix}{key} is {value!r}, expected keys')
            value = _build(kind, value, where, f'{prefix}{key}.')
        elif kind is tuple:
            if not isinstance(value, (list, tuple)):
                raise ExperimentError(f'{where}: {prefix}{key} is {value!r}, expected a list')
            value = tuple(value)
        elif kind in (int, float):
            value = _number(kind, value, f'{where}: {prefix}{key}')
        values[key] = value
    try:
        return cls(**values)
    except ExperimentError:
        raise
    # What a check meets in a list that is too short, or of values that cannot be compared.
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ExperimentError(f'{where}: {error}') from error


def _number(kind, value, where):
    """Return `value` as `kind`; YAML reads 1e-3 as text."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ExperimentError(f'{where} is {value!r}, expected a number') from error
    # Infinity and NaN are no options either.
    if not math.isfinite(number):
        raise ExperimentError(f'{where} is {value!r}, expected a finite number')
    if kind is int and number != int(number):
        raise ExperimentError(f'{where} is {value!r}, expected a whole number')
    return kind(number)
