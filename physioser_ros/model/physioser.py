"""PhysioSER: two branches over one utterance, aligned and fused."""

import copy
from typing import NamedTuple, Optional

import torch
from torch import nn
from torch import Tensor

from physioser_ros.model.alignment import ContrastiveAlignment, ProjectionHead
from physioser_ros.model.branch import BranchSummary
from physioser_ros.model.config import PhysioSERConfig
from physioser_ros.model.encoder import create_encoder
from physioser_ros.model.fusion import FusionClassifier, FusionTransformer
from physioser_ros.model.latent import LatentTransform
from physioser_ros.model.level import normalise_level
from physioser_ros.model.masks import check_finite, check_shape, check_waveform, masked_mean
from physioser_ros.model.quartet import Quartet
from physioser_ros.model.quartet_statistics import QuartetStatistics
from physioser_ros.model.speaker import SpeakerStatistics


class Output(NamedTuple):
    """What the model says of a batch, and what the losses need. Branch order: vap, ssl."""

    #: Logits, shape (B, classes).
    logits: Tensor
    #: Attention to the branches, shape (B, 2), sums to one.
    branch_weights: Tensor
    #: Pooling weights of the vocal branch's frames, shape (B, T_vap); (B, 1) zeros without it.
    vap_frame_weights: Tensor
    #: Pooling weights of the latent branch's frames, shape (B, T_ssl); (B, 1) zeros without it.
    ssl_frame_weights: Tensor
    #: Projection of the vocal branch, shape (B, width); zeros where there is only one branch.
    vap_projection: Tensor
    #: Projection of the latent branch, as `vap_projection`.
    ssl_projection: Tensor
    #: Each branch's own logits, shape (B, 2, classes); zeros for a branch that is not there.
    branch_logits: Tensor
    #: Temperature of the alignment, scalar.
    temperature: Tensor
    #: Weight of the fusion's correction, shape (B,); one in the paper's form.
    gate: Tensor
    #: Speaker state after this utterance, shape (B, 1 + config.speaker_width); None unless
    #: enabled.
    speaker_state_next: Optional[Tensor] = None


class PhysioSER(nn.Module):
    """
    Speech emotion recognition from vocal physiology and latent speech features.

    PhysioSER (Zhang, Cao, Yang, Wu, arXiv 2602.13259): a frozen backbone with a latent transform
    beside the quaternion encoder of the quartet, each pooled to an embedding, contrastively
    aligned, fused by a shallow Transformer. Baselines and ablations are configurations.

    :param config: `PhysioSERConfig`, the default one if None
    :param backbone: frozen module, waveform (B, N) and lengths (B,) to frames (B, L, T, D) and
        lengths (B,); None for a model that only sees cached features
    """

    def __init__(self, config=None, backbone=None):
        super().__init__()
        self.config = config = config or PhysioSERConfig()
        self.uses_vap, self.uses_ssl = 'vap' in config.branches, 'ssl' in config.branches
        self.backbone = None
        # Of a folded model the backbone returns no more of its frames than is looked at.
        self.averages = False
        if backbone is not None:
            self.attach(backbone)
        if self.uses_vap:
            self.quartet = Quartet(config.quartet)
            self.encoder = create_encoder(config.encoder, config.quartet.rows, config.width)
            self.vap_summary = BranchSummary(config)
            if config.encoder.statistics:
                self.statistics = QuartetStatistics(config.quartet.rows, config.width,
                                                    config.dropout)
        if self.uses_ssl:
            width = config.backbone.width
            self.latent = LatentTransform(config.latent, len(config.backbone.layers), width,
                                          config.width)
            self.ssl_summary = BranchSummary(config)
            self.speaker = SpeakerStatistics(
                config.speaker, config.speaker_width - config.classes, config.classes)
            if self.adapts_vocal:
                self.register_buffer('quartet_mean', torch.zeros(4, config.quartet.rows))
        if self.fuses:
            self.vap_projection = ProjectionHead(config.width, config.alignment.hidden)
            self.ssl_projection = ProjectionHead(config.width, config.alignment.hidden)
            self.fusion = FusionTransformer(config.fusion, config.width)
            self.classifier = FusionClassifier(config.fusion, config.width, config.classes,
                                               config.dropout)
            self.alignment = ContrastiveAlignment(config.alignment)

    @classmethod
    def create(cls, config=None, **options):
        """
        Return the model with the backbone that its configuration names.

        :param config: `PhysioSERConfig`
        :param options: passed on to `create_backbone`
        """
        from physioser_ros.model.backbones import create_backbone
        config = config or PhysioSERConfig()
        if 'ssl' not in config.branches:
            return cls(config)
        chosen = config.backbone
        return cls(config, create_backbone(chosen.name, chosen.folder or None,
                                           layers=chosen.layers, **options))

    @property
    def fuses(self):
        """Return whether both branches are there."""
        return self.uses_vap and self.uses_ssl

    @property
    def adapts_vocal(self):
        """Return whether the vocal branch adapts to the speaker."""
        return self.fuses and self.config.speaker.enabled and self.config.speaker.vocal

    @property
    def speaker_width(self):
        """Return the size of what is gathered of an utterance for its speaker, answer included."""
        return self.config.speaker_width

    @property
    def min_samples(self):
        """Return the fewest samples of a waveform that `forward` takes."""
        needed = self.config.quartet.window if self.uses_vap else 1
        return max(needed, getattr(self.backbone, 'min_samples', 1))

    def name_labels(self, labels):
        """Tell what the classes are called: speakers may be `neutral` as often as they like."""
        if self.uses_ssl:
            self.speaker.neutral = labels.index('neutral') if 'neutral' in labels else None

    def attach(self, backbone):
        """
        Put a frozen backbone in place, for a model that was trained on cached features.

        :param backbone: see the class
        :raises ValueError: if its width or number of layers is not the configuration's
        """
        have = (backbone.width, len(backbone.layers))
        want = (self.config.backbone.width, len(self.config.backbone.layers))
        if self.uses_ssl and have != want:
            raise ValueError(f'backbone {backbone.name} has width and layers {have}, the model '
                             f'expects {want}: set backbone.width and backbone.layers')
        self.backbone = backbone.requires_grad_(False).eval()

    def train(self, mode=True):
        """Set training mode everywhere but in the backbone, which stays frozen."""
        super().train(mode)
        if self.backbone is not None:
            self.backbone.eval()
        return self

    def forward(self, waveform, lengths=None, *, component_mask=None, speaker_state=None):
        """
        Return the `Output` for a batch of waveforms.

        :param waveform: float, shape (B, N), mono 16 kHz, [-1, 1]; any level
        :param lengths: int64, shape (B,), valid samples; None means all N
        :param component_mask: float, shape (B, 4), factors on M, rho, f_inst, tau_g; with B = 1
            any number of rows, each a variant of the same utterance: quartet and backbone are
            computed once
        :param speaker_state: float, shape (B, 1 + config.speaker_width), see
            `SpeakerStatistics`; None: nobody that was heard before
        :raises ValueError: for a wrong shape, NaN, too short a row, or without a backbone
        """
        return self.forward_features(**self.features(waveform, lengths),
                                     component_mask=component_mask, speaker_state=speaker_state)

    def features(self, waveform, lengths=None):
        """
        Return what is frozen of a batch of waveforms, as arguments of `forward_features`.

        :param waveform: see `forward`
        :param lengths: see `forward`
        :return: dict
        :raises ValueError: see `forward`
        """
        check_waveform(waveform, lengths, self.min_samples)
        if self.uses_ssl and self.backbone is None:
            raise ValueError('the model has no backbone: use PhysioSER.create, attach one, or '
                             'call forward_features with cached frames')
        waveform = normalise_level(waveform, lengths, self.config.level_rms)
        frames = frame_lengths = quartet = quartet_lengths = None
        if self.uses_vap:
            quartet, quartet_lengths = self.quartet(waveform, lengths)
        if self.uses_ssl:
            asked = {'average': self.latent.averages} if self.averages else {}
            frames, frame_lengths = self.backbone(waveform, lengths, **asked)
        if lengths is None:
            frame_lengths = quartet_lengths = None
        return {'frames': frames, 'frame_lengths': frame_lengths, 'quartet': quartet,
                'quartet_lengths': quartet_lengths, 'frames_averaged': self.averages}

    def forward_features(self, frames=None, frame_lengths=None, quartet=None,
                         quartet_lengths=None, *, component_mask=None, speaker_state=None,
                         frames_pooled=False, frames_averaged=False):
        """
        Return the `Output` for cached features; what the configuration leaves out may be None.

        :param frames: backbone frames, float, shape (B, layers, T, backbone width)
        :param frame_lengths: int64, shape (B,), valid frames; None means all T
        :param quartet: float, shape (B, 4, rows, T)
        :param quartet_lengths: int64, shape (B,), valid frames; None means all T
        :param component_mask: see `forward`
        :param speaker_state: see `forward`
        :param frames_pooled: whether the frames were averaged by `latent.pool_frames` before
        :param frames_averaged: whether they are what `latent.averages` returns
        :raises ValueError: for a wrong shape, NaN or an input that is missing
        """
        self._check_features(frames, quartet)
        shift = vap = ssl = None
        gathered = frames
        if frames_averaged:
            frames, gathered = frames[:, :, :-1], frames[:, :, -1:]
        if self.config.speaker.enabled:
            if speaker_state is None:
                speaker_state = self.speaker.initial(len(frames)).to(frames.device)
            shift = self.speaker.shift(speaker_state)
            mean = self.utterance_mean(gathered, frame_lengths, quartet, quartet_lengths)
        if self.uses_vap:
            if self.adapts_vocal:
                quartet = quartet - shift[:, self.config.backbone.width:].unflatten(
                    1, (4, -1))[..., None]
            if component_mask is not None:
                check_shape(component_mask, (None, 4), 'component_mask')
                quartet = quartet * component_mask[:, :, None, None]
                quartet_lengths = _expand(quartet_lengths, quartet)
            added = None
            if self.config.encoder.statistics:
                added = self.statistics(self.encoder.select(quartet), quartet_lengths)
            vap = self.vap_summary(*self.encoder(quartet, quartet_lengths), added)
        if self.uses_ssl:
            latent_shift = None if shift is None else shift[:, :self.config.backbone.width]
            ssl = self.ssl_summary(*self.latent(
                frames, frame_lengths, pooled=frames_pooled or frames_averaged,
                shift=latent_shift))
            rows = component_mask if vap is None else vap[0]
            ssl = tuple(_expand(part, rows) for part in ssl)
        output = self._decide(vap, ssl)
        if shift is None:
            return output
        # Of the variants of a component mask, the first is the utterance as it was heard.
        answer = torch.softmax(output.logits[:len(mean)], 1)
        return output._replace(
            speaker_state_next=self.speaker(speaker_state, mean, answer).detach())

    def _check_features(self, frames, quartet):
        for needed, values, name in ((self.uses_ssl, frames, 'frames'),
                                     (self.uses_vap, quartet, 'quartet')):
            if needed and values is None:
                raise ValueError(f'{name} are missing, branches is {self.config.branches}')
            if needed:
                check_finite(values, name)

    def utterance_mean(self, frames, frame_lengths=None, quartet=None, quartet_lengths=None):
        """
        Return the mean that the speaker statistics gather of an utterance, shape (B, width).

        Linear in the means over time, so that those of several utterances can be averaged first.

        :param frames: float, shape (B, layers, T, backbone width)
        :param frame_lengths: int64, shape (B,), valid frames; None means all T
        :param quartet: float, shape (B, 4, rows, T); only where `adapts_vocal`
        :param quartet_lengths: int64, shape (B,), valid frames; None means all T
        """
        mean = masked_mean(self.latent.mixed(frames).mT, frame_lengths)
        if not self.adapts_vocal:
            return mean
        vocal = masked_mean(quartet, quartet_lengths) - self.quartet_mean
        return torch.cat([mean, vocal.flatten(1)], 1)

    def _decide(self, vap, ssl):
        """Return the `Output` from the branches' embeddings, frame weights and logits."""
        only = vap if ssl is None else ssl
        none = torch.zeros_like(only[0])
        empty = only[0][:, :1] * 0
        silent = torch.zeros_like(only[2])
        if not self.fuses:
            weights = torch.zeros_like(only[2][:, :2])
            weights[:, 1 if vap is None else 0] = 1
            return Output(
                only[2], weights, empty if vap is None else vap[1],
                empty if ssl is None else ssl[1], none, none,
                torch.stack([silent if vap is None else vap[2],
                             silent if ssl is None else ssl[2]], 1),
                none.new_ones(()), none.new_ones(none.shape[0]))
        projected = self.vap_projection(vap[0]), self.ssl_projection(ssl[0])
        tokens = projected if self.config.fusion.source == 'projected' else (vap[0], ssl[0])
        if self.config.fusion.detach:
            tokens = tuple(token.detach() for token in tokens)
        embedding, weights = self.fusion(*tokens)
        logits, gate = self.classifier(embedding, vap[2], ssl[2])
        return Output(logits, weights, vap[1], ssl[1], *projected,
                      torch.stack([vap[2], ssl[2]], 1), self.alignment.temperature, gate)

    def folded(self):
        """
        Return a copy in evaluation mode that does nothing in vain, for export.

        Every quaternion layer is folded, and frames of the backbone are averaged within it; so
        full rows alone can be given, `lengths` None.
        """
        model = copy.deepcopy(self).eval()
        model.averages = self.uses_ssl and self.config.latent.frame_pool > 1
        if self.uses_vap:
            model.encoder.fold()
        return model

    def trainable_parts(self):
        """Return the number of trainable parameters of each part, a dictionary."""
        counts = {name: sum(parameter.numel() for parameter in part.parameters()
                            if parameter.requires_grad)
                  for name, part in self.named_children()}
        return {name: count for name, count in counts.items() if count}


def _expand(values, like):
    """Return `values` with a batch of one repeated to the batch size of `like`."""
    if values is None or like is None or values.shape[0] == like.shape[0]:
        return values
    return values.expand(like.shape[0], *values.shape[1:])
