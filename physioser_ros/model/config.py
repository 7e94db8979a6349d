"""Options of the model: what the paper leaves open, each choice a named field."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from physioser_ros.features import COMPONENTS, QuartetConfig
from physioser_ros.model.nested_values import merged, plain

#: Names of the two branches in the order of every read-out: vocal (VAP) and latent (SSL).
BRANCHES = ('vap', 'ssl')


def check_choice(name, value, choices):
    """Raise a `ValueError` unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f'{name} is {value!r}, expected one of {", ".join(choices)}')


@dataclass(frozen=True)
class BackboneConfig:
    """The frozen backbone of the latent branch."""

    #: Name in the registry of backbones.
    name: str = 'whisper-base'
    #: Folder with the weights; empty for the installed packages.
    folder: str = ''
    #: Layers whose frames are mixed, counted from 1.
    layers: tuple = (2, 3)
    #: Size of a frame of the backbone.
    width: int = 512

    def __post_init__(self):
        if not self.layers or self.width < 1:
            raise ValueError(f'backbone.layers is {self.layers} and width {self.width}, expected '
                             'at least one layer and a positive width')


@dataclass(frozen=True)
class EncoderConfig:
    """The encoder of the vocal branch."""

    #: `quaternion` (the paper's) or `real`: an ordinary CNN of the same parameter count.
    kind: str = 'quaternion'
    #: Quaternion channels of the blocks.
    channels: tuple = (8, 16, 32, 64)
    #: Strides (frequency, time) of the blocks.
    strides: tuple = ((2, 2), (2, 2), (2, 2), (2, 1))
    #: Kernel size, odd.
    kernel: int = 3
    #: Batch normalisation: `simple` or `whitening`.
    norm: str = 'simple'
    #: Activation: `radial` (the paper's) or `split`.
    activation: str = 'radial'
    #: Initialisation: `glorot` or `he`.
    init: str = 'glorot'
    #: How the rows become one: their `mean`; `weighted`, a mean with learned weights per row and
    #: channel, which knows where in the spectrum something happened; `flatten`.
    frequency: str = 'mean'
    #: Last map of a frame: `real` or `quaternion`.
    head: str = 'real'
    #: Parts of the quartet that are looked at; others are zero.
    components: tuple = COMPONENTS
    #: Whether mean and deviation of the quartet over time are added to the branch's embedding.
    statistics: bool = False

    def __post_init__(self):
        check_choice('encoder.kind', self.kind, ('quaternion', 'real'))
        check_choice('encoder.norm', self.norm, ('simple', 'whitening'))
        check_choice('encoder.activation', self.activation, ('radial', 'split'))
        check_choice('encoder.init', self.init, ('glorot', 'he'))
        check_choice('encoder.frequency', self.frequency, ('mean', 'weighted', 'flatten'))
        check_choice('encoder.head', self.head, ('real', 'quaternion'))
        if not self.components:
            raise ValueError('encoder.components is empty, expected at least one part')
        for component in self.components:
            check_choice('encoder.components', component, COMPONENTS)
        if len(self.channels) != len(self.strides) or not self.channels:
            raise ValueError(f'encoder.channels has {len(self.channels)} blocks and strides '
                             f'{len(self.strides)}, expected the same number, at least one')
        if self.kernel % 2 != 1 or min(self.channels) < 1:
            raise ValueError(f'encoder.kernel is {self.kernel} and channels {self.channels}, '
                             'expected an odd kernel and positive channels')

    @property
    def time_stride(self):
        """Return how many frames of the quartet one frame of the encoder stands for."""
        product = 1
        for _, time in self.strides:
            product *= time
        return product


@dataclass(frozen=True)
class LatentConfig:
    """What happens to the backbone's frames before they are pooled."""

    #: Whether to normalise each dimension of each layer by statistics of the training data.
    normalise: bool = True
    #: `learned` mix of the layers, or their `mean`.
    mix: str = 'learned'
    #: Backbone frames averaged into one.
    frame_pool: int = 4
    #: Share of dimensions dropped in training, one draw per clip.
    channel_dropout: float = 0.1

    def __post_init__(self):
        check_choice('latent.mix', self.mix, ('learned', 'mean'))
        if self.frame_pool < 1 or not 0 <= self.channel_dropout < 1:
            raise ValueError(f'latent.frame_pool is {self.frame_pool} and channel_dropout '
                             f'{self.channel_dropout}, expected at least 1 and 0 to 1')


@dataclass(frozen=True)
class AlignmentConfig:
    """Contrastive projection and alignment (CPA)."""

    #: `infonce` (the paper's), `supcon` (every clip of the same label is a positive) or `none`.
    kind: str = 'infonce'
    #: Size of the projections' hidden layer.
    hidden: int = 256
    #: Initial temperature; it is learned, and its inverse stays below `max_scale`.
    temperature: float = 0.07
    #: Largest inverse temperature.
    max_scale: float = 100.0

    def __post_init__(self):
        check_choice('alignment.kind', self.kind, ('infonce', 'supcon', 'none'))
        if not 1 / self.max_scale <= self.temperature:
            raise ValueError(f'alignment.temperature is {self.temperature}, expected at least '
                             f'1 / max_scale = {1 / self.max_scale}')


@dataclass(frozen=True)
class FusionConfig:
    """The fusion Transformer and the classifier on it."""

    #: Pre-norm layers.
    layers: int = 2
    #: Attention heads.
    heads: int = 4
    #: Hidden size of the feed-forward part.
    hidden: int = 768
    #: Dropout inside the layers.
    dropout: float = 0.1
    #: Tokens are the `projected` (aligned, the paper's) or the `pooled` embeddings.
    source: str = 'projected'
    #: `none`: the classifier on the Transformer decides alone (the paper's form). `latent`: it
    #: adds a gated correction to the latent branch's own logits. `late`: it corrects a learned
    #: mean of both branches' log-probabilities. The gate is a number per utterance.
    residual: str = 'latent'
    #: Initial value of the gate, 0 to 1.
    gate: float = 0.1
    #: Whether the fusion leaves the branches alone in training (no gradient into embeddings).
    detach: bool = False
    #: Hidden size of the classifier.
    classifier_hidden: int = 128

    def __post_init__(self):
        check_choice('fusion.source', self.source, ('projected', 'pooled'))
        check_choice('fusion.residual', self.residual, ('none', 'latent', 'late'))
        if not 0 < self.gate < 1 or self.layers < 1:
            raise ValueError(f'fusion.gate is {self.gate} and layers {self.layers}, expected '
                             'between 0 and 1 and at least 1')


@dataclass(frozen=True)
class SpeakerConfig:
    """Adaptation to a speaker who is heard again and again."""

    #: Whether the model takes and returns running statistics of a speaker.
    enabled: bool = False
    #: Whether the vocal branch adapts as well: the mean quartet of a speaker is taken off, which
    #: is cepstral mean normalisation with a memory.
    vocal: bool = False
    #: Utterances that the prior, the training data's mean, counts for.
    prior_count: float = 3.0
    #: Utterances after which the oldest fade.
    max_count: float = 10.0
    #: Utterances that the prior counts for on top while all that is heard of a speaker seems to
    #: be of one emotion: the mean of these would be taken for the voice.
    guard_count: float = 20.0

    def __post_init__(self):
        if self.prior_count <= 0 or self.max_count < 1 or self.guard_count < 0:
            raise ValueError(f'speaker.prior_count is {self.prior_count}, max_count '
                             f'{self.max_count} and guard_count {self.guard_count}, expected '
                             '> 0, >= 1 and >= 0')


@dataclass(frozen=True)
class PhysioSERConfig:
    """The whole model. Ablations and baselines are values of these fields, see `VARIANTS`."""

    #: Number of emotions.
    classes: int = 6
    #: Size of the embeddings of both branches and of the fusion.
    width: int = 256
    #: Hidden size of the attention pooling's score.
    pooling_hidden: int = 128
    #: Dropout before each classifier.
    dropout: float = 0.3
    #: Root mean square that each clip is brought to, in units of full scale.
    level_rms: float = 0.05
    #: Branches in use, of `vap` (vocal) and `ssl` (latent).
    branches: tuple = BRANCHES
    quartet: QuartetConfig = field(default_factory=QuartetConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    latent: LatentConfig = field(default_factory=LatentConfig)
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)
    fusion: FusionConfig = field(default_factory=FusionConfig)
    speaker: SpeakerConfig = field(default_factory=SpeakerConfig)

    def __post_init__(self):
        if self.classes < 2:
            raise ValueError(f'classes is {self.classes}, expected at least 2')
        if tuple(self.branches) not in (BRANCHES, ('vap',), ('ssl',)):
            raise ValueError(f'branches is {self.branches}, expected [vap, ssl], [vap] or [ssl]')
        if self.width % self.fusion.heads or self.width % 4:
            raise ValueError(f'width is {self.width}, expected a multiple of 4 and of the '
                             f'{self.fusion.heads} heads')
        if self.speaker.enabled and 'ssl' not in self.branches:
            raise ValueError('speaker.enabled needs the latent branch, but branches is [vap]')

    @property
    def speaker_width(self):
        """Return the size of what a speaker state sums up of an utterance: means and answer."""
        vocal = self.speaker.vocal and 'vap' in self.branches
        return self.backbone.width + (4 * self.quartet.rows if vocal else 0) + self.classes

    @classmethod
    def from_dict(cls, values, variant=None):
        """
        Return the configuration that nested `values` describe; what is absent has its default.

        :param values: as in an experiment file under `model:`; its key `variant` names a row of
            `VARIANTS` that is applied before the other keys
        :param variant: name of a row of `VARIANTS`, instead of that key
        :raises ValueError: for an unknown key, variant or value
        """
        values = dict(values or {})
        variant = variant or values.pop('variant', None) or 'physioser'
        values.pop('variant', None)
        if variant not in VARIANTS:
            raise ValueError(f'variant is {variant!r}, expected one of {", ".join(VARIANTS)}')
        return merged(merged(cls(), VARIANTS[variant]), values)

    @classmethod
    def from_yaml(cls, path, variant=None):
        """
        Return the configuration in an experiment file, its key `model:`.

        :param path: YAML file
        :param variant: see `from_dict`
        :raises ValueError: for an unknown key or value; the message names the file
        """
        try:
            content = yaml.safe_load(Path(path).read_text(encoding='utf-8')) or {}
            return cls.from_dict(content.get('model'), variant)
        except (ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise ValueError(f'{path}: {error}') from error

    def to_dict(self):
        """Return nested plain values that `from_dict` and YAML take back."""
        return plain(asdict(self))


#: The paper's model, its ablations and its baseline, as changes to the default configuration.
VARIANTS = {
    'physioser': {},
    'paper_fusion': {'fusion': {'residual': 'none'}},
    'backbone_only': {'branches': ['ssl']},
    'vap_only': {'branches': ['vap']},
    'magnitude_only': {'encoder': {'components': ['M', 'rho']}},
    'phase_only': {'encoder': {'components': ['f_inst', 'tau_g']}},
    'real_cnn': {'encoder': {'kind': 'real'}},
    'no_cpa': {'alignment': {'kind': 'none'}},
}
