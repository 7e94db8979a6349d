"""What every frozen backbone has in common."""

from abc import ABC, abstractmethod
import hashlib

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

#: Rate in Hz of the waveform that every backbone takes.
SAMPLE_RATE = 16000


class BackboneError(RuntimeError):
    """A backbone cannot be built or used as asked; the message says what to do."""


class WeightsMissing(BackboneError):
    """The weights of a backbone are not on this machine."""


class Backbone(nn.Module, ABC):
    """
    A frozen network that turns a waveform into frames.

    The weights never learn: every parameter has `requires_grad` False and the module stays in
    evaluation mode, whatever mode the model around it is in.

    :ivar name: Name in the registry, e.g. ``whisper-base``.
    :ivar width: Dimension D of a frame.
    :ivar depth: Number of transformer blocks that the checkpoint has.
    :ivar layers: Layers returned, ascending. 0 is the input of the first block, k the output of
        block k; `depth` includes the last normalisation where the published encoder has one.
    :ivar frame_step_s: Seconds between two frames.
    :ivar licence: Licence of the weights.
    :ivar digest: First 32 hex digits of the SHA-256 of the weights.
    :ivar note: What a reader of results must know about this backbone.
    :ivar min_samples: Shortest clip that gives a frame.
    :ivar max_samples: Longest clip, 0 if there is no limit.
    :ivar one_by_one: True if clips of different lengths are computed one after the other. Where
        the published network normalises over time (group normalisation in the first convolution
        of wav2vec 2.0, for one), a padded batch would change every frame.
    :ivar export_refusal: Why this backbone cannot be exported; '' if it can.
    """

    def __init__(self, name, *, width, depth, layers, frame_step_s, licence, note='',
                 min_samples=400, max_samples=0, one_by_one=True, export_refusal=''):
        super().__init__()
        self.name = name
        self.width = width
        self.depth = depth
        self.layers = check_layers(layers, depth, name)
        self.frame_step_s = frame_step_s
        self.licence = licence
        self.note = note
        self.min_samples = min_samples
        self.max_samples = max_samples
        self.one_by_one = one_by_one
        self.export_refusal = export_refusal
        self.digest = ''

    def freeze(self, digest=''):
        """
        Stop learning, switch to evaluation mode and settle the digest.

        :param digest: Digest of the published weights; '' takes the module's own tensors.
        :return: The backbone itself.
        """
        self.digest = digest or digest_tensors(self.state_dict())
        self.requires_grad_(False)
        return self.eval()

    def train(self, mode=True):
        """Stay in evaluation mode: a frozen backbone has no dropout to switch on."""
        del mode
        return super().train(False)

    def limit(self, samples):
        """
        Promise that no clip will be longer, so that an exported file holds less.

        :param samples: Longest clip from now on; no more than `max_samples` where that is set.
        :return: The backbone itself, changed.
        """
        self.max_samples = min(samples, self.max_samples or samples)
        return self

    @abstractmethod
    def encode(self, waveform, lengths):
        """
        Return the frames of the requested layers; `forward` has checked the arguments.

        :param waveform: float32 (B, N).
        :param lengths: int64 (B,), or None if every clip fills its row; always None for a
            backbone that is `one_by_one`.
        :return: float32 (B, L, T, D), and int64 (B,), the frames of each clip; None in place of
            the latter if every row is full.
        """

    def encode_averages(self, waveform, average):
        """
        Return averages of the frames of full rows; the earlier they are taken, the cheaper.

        :param waveform: float32 (B, N).
        :param average: Linear map of frames (..., T, D) over time to (..., T', D) whose weights
            sum to one.
        :return: float32 (B, L, T', D).
        """
        return average(self.encode(waveform, None)[0])

    def forward(self, waveform, lengths=None, average=None):
        """
        Turn clips into frames.

        :param waveform: float32 (B, N), mono, 16 kHz, [-1, 1]; what lies beyond a clip's length
            is ignored.
        :param lengths: int64 (B,), samples of each clip, or None if every clip fills its row
            (the leaner graph, used for export).
        :param average: None for the frames themselves, or see `encode_averages`; only where
            `lengths` is None.
        :return: frames float32 (B, L, T, D) and their counts int64 (B,). Frames beyond a clip's
            count are zero.
        :raises ValueError: for a waveform or lengths of the wrong shape, type or value.
        """
        if not torch.compiler.is_compiling() and not torch.compiler.is_exporting():
            check_clips(waveform, lengths, self.min_samples, self.max_samples)
        if lengths is not None and self.one_by_one:
            return self._each(waveform, lengths)
        if average is None:
            frames, counts = self.encode(waveform, lengths)
        else:
            frames, counts = self.encode_averages(waveform, average), None
        if counts is None:
            return frames, torch.full(frames.shape[:1], frames.shape[2], device=frames.device)
        return frames * length_mask(counts, frames.shape[2])[:, None, :, None], counts

    def _each(self, waveform, lengths):
        """Encode clip by clip and pad the frames with zeros."""
        clips = [self.encode(clip[None, :length], None)[0][0].transpose(0, 1)
                 for clip, length in zip(waveform, lengths.tolist())]
        counts = torch.tensor([len(clip) for clip in clips], device=waveform.device)
        return pad_sequence(clips, batch_first=True).transpose(1, 2), counts


def check_layers(layers, depth, name):
    """
    Return `layers` as an ascending tuple.

    :param layers: Layer numbers from 0 to `depth`; negative ones count from the end.
    :raises ValueError: for no layer, a repeated one or one that the backbone has not.
    """
    chosen = tuple(sorted(layer + depth + 1 if layer < 0 else layer for layer in layers))
    if not chosen or len(set(chosen)) < len(chosen) or chosen[0] < 0 or chosen[-1] > depth:
        raise ValueError(f'layers {tuple(layers)} of {name}: expected one or more different '
                         f'numbers from 0 to {depth}')
    return chosen


def check_clips(waveform, lengths, min_samples, max_samples):
    """
    Check a batch of clips.

    :raises ValueError: naming the value, what was expected and the remedy.
    """
    if waveform.ndim != 2 or waveform.dtype != torch.float32:
        raise ValueError(f'waveform is {waveform.dtype} {tuple(waveform.shape)}: expected '
                         'torch.float32 (clips, samples), mono at 16 kHz in [-1, 1]')
    if not torch.isfinite(waveform).all():
        raise ValueError('waveform holds NaN or infinite samples: drop or repair the recording')
    samples = waveform.shape[1]
    if lengths is not None:
        if lengths.shape != waveform.shape[:1] or lengths.dtype != torch.int64:
            raise ValueError(f'lengths is {lengths.dtype} {tuple(lengths.shape)}: expected '
                             f'torch.int64 ({waveform.shape[0]},), samples of each clip')
        if int(lengths.max()) > samples:
            raise ValueError(f'a length of {int(lengths.max())} samples in rows of {samples}: '
                             'give the true lengths, at most the width of the batch')
    shortest = samples if lengths is None else int(lengths.min())
    longest = samples if lengths is None else int(lengths.max())
    if shortest < min_samples:
        raise ValueError(f'a clip of {shortest} samples: this backbone needs at least '
                         f'{min_samples}; pad with zeros or leave the clip out')
    if max_samples and longest > max_samples:
        raise ValueError(f'a clip of {longest} samples: this backbone takes at most '
                         f'{max_samples}; cut the clip')


def length_mask(counts, size):
    """
    Return True where an index lies within a clip.

    :param counts: int64 (B,).
    :param size: Width of the mask.
    :return: bool (B, size).
    """
    return torch.arange(size, device=counts.device)[None] < counts[:, None]


def digest_tensors(tensors):
    """
    Return the digest of named tensors: SHA-256 over the sorted names and bytes, 32 hex digits.

    :param tensors: Mapping from a name to a torch tensor or a numpy array.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(name.encode())
        array = value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]


def feature_key(backbone, samples):
    """
    Return the name under which the frames of a clip may be cached.

    It changes with the weights, the layers and every sample of the clip.

    :param backbone: The :class:`Backbone`.
    :param samples: The clip, a numpy array or tensor (samples,); its type counts.
    :return: ``<backbone digest>-<layers>-<clip hash>``, fit for a file name.
    """
    clip = hashlib.sha256()
    array = samples.detach().cpu().numpy() if isinstance(samples, torch.Tensor) else samples
    clip.update(str(array.dtype).encode())
    clip.update(array.tobytes())
    layers = '.'.join(str(layer) for layer in backbone.layers)
    return f'{backbone.digest}-{layers}-{clip.hexdigest()[:32]}'
