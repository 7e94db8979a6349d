"""
The audio encoder of CLAP (HTS-AT), by the `transformers` library.

Sources: Wu et al. 2023 (arXiv 2211.06687), Chen et al. 2022 (arXiv 2202.00874). The published
front end works at 48 kHz on ten seconds: a shorter clip is repeated as often as it fits, then
zeros follow. So it is here, behind a resampler; of the 32 frames of the ten seconds those of the
first repetition are returned. Sound above 8 kHz, which the checkpoints have heard, is silent.
"""

import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from physioser_ros.model.backbones.base import Backbone, BackboneError
from physioser_ros.model.backbones.files import (
    checkpoint_folder, digest_file, licence_of, one_file)
from physioser_ros.model.backbones.mel import periodic_hann, slaney_mel_filters
from physioser_ros.model.backbones.speech_ssl import EXPECTED, pretrained, transformers_library
from physioser_ros.model.spectra import Spectra

SOURCE = 'huggingface.co/laion/clap-htsat-unfused'
#: Samples of the network's ten seconds, at 16 kHz.
WHOLE = 160000
FRAMES = 32
#: 48 kHz over 16 kHz.
FACTOR = 3
WINDOW, HOP, BANDS = 1024, 480, 64


class Upsampler(nn.Module):
    """
    From 16 to 48 kHz by a windowed sinc, one convolution with a filter per phase.

    :param zeros: Zero crossings on each side.
    """

    def __init__(self, zeros=24):
        super().__init__()
        offset = np.arange(-zeros, zeros + 1)
        filters = []
        for phase in range(FACTOR):
            time = offset - phase / FACTOR
            filters.append(np.sinc(time) * np.where(
                abs(time) < zeros, np.cos(np.pi * time / (2 * zeros)) ** 2, 0))
        self.zeros = zeros
        self.register_buffer('filters', torch.tensor(np.array(filters)[:, None],
                                                     dtype=torch.float32), persistent=False)

    def forward(self, waveform):
        """
        Return the waveform with three samples for each.

        :param waveform: float32 (B, N).
        :return: float32 (B, 3 N).
        """
        phases = F.conv1d(waveform[:, None], self.filters, padding=self.zeros)
        return phases.transpose(1, 2).flatten(1)


class DecibelMel(nn.Module):
    """
    Log-mel spectrogram of CLAP without fusion: 48 kHz, 10 ms, 64 Slaney bands, in dB.

    :param low_hz: Lower edge of the bands.
    :param high_hz: Upper edge of the bands.
    """

    def __init__(self, low_hz, high_hz):
        super().__init__()
        bins = WINDOW // 2 + 1
        self.spectra = Spectra(periodic_hann(WINDOW), HOP, bins)
        mel = slaney_mel_filters(BANDS, bins, 48000, low_hz, high_hz)
        self.register_buffer('mel', torch.tensor(mel, dtype=torch.float32), persistent=False)

    def forward(self, waveform):
        """
        Compute the spectrogram.

        :param waveform: float32 (B, N), 48 kHz.
        :return: float32 (B, 1, N // 480 + 1, 64), dB.
        """
        padded = F.pad(waveform[:, None], (WINDOW // 2, WINDOW // 2), mode='reflect')
        real, imaginary = (part[:, 0] for part in self.spectra(padded[:, 0]))
        mel = torch.matmul(self.mel, real * real + imaginary * imaginary)
        return 10 * torch.log10(mel.clamp_min(1e-10)).transpose(1, 2)[:, None]


class Clap(Backbone):
    """
    The last feature map of CLAP's audio encoder, averaged over frequency.

    Its stages differ in width, so there is one layer only, the last: ``layers: [1]``.

    :param model: `ClapAudioModel` of transformers, without feature fusion.
    :param layers: ``[1]``.
    :param band_hz: Edges of the mel bands.
    :param licence: Licence of the weights.
    """

    def __init__(self, model, layers, band_hz, licence):
        config = model.config
        if config.enable_fusion:
            raise BackboneError('this CLAP checkpoint fuses several views of long sounds: take '
                                f'one without fusion, such as {SOURCE}')
        width = config.patch_embeds_hidden_size * 2 ** (len(config.depths) - 1)
        super().__init__('clap', width=width, depth=1, layers=layers, licence=licence,
                         frame_step_s=10 / FRAMES, max_samples=WHOLE,
                         note='audio and text, 48 kHz; hears nothing above 8 kHz here')
        if self.layers != (1,):
            raise ValueError(f'layers {self.layers} of clap: expected [1]; the stages of its '
                             'encoder differ in width')
        self.upsampler = Upsampler()
        self.mel = DecibelMel(*band_hz)
        self.encoder = model.audio_encoder

    def encode(self, waveform, lengths):
        """Return the frames of the last layer; see `Backbone`."""
        samples = waveform.shape[1]
        index = torch.arange(WHOLE + 1, device=waveform.device)
        # Repeat the clip as often as it fits whole, then zeros. The length is a tensor, because
        # the exporter cannot translate a remainder by a dynamic size.
        place = index % torch.full((1,), samples, device=waveform.device)
        repeated = waveform[:, place[:-1]] * (index[:-1] < WHOLE - place[-1:])
        features = self.mel(self.upsampler(repeated))
        answer = self.encoder(features, return_dict=True)
        frames = answer.last_hidden_state.mean(dim=2).transpose(1, 2)
        step = WHOLE // FRAMES
        return frames[:, None, :(samples + step - 1) // step], None


def load_clap(name, folder, layers):
    """
    Build the encoder from a folder that `save_pretrained` wrote.

    :param name: ``clap``.
    :param folder: The folder; the whole model or its audio part.
    :param layers: ``[1]``.
    :return: A frozen :class:`Clap`.
    :raises WeightsMissing: if a file is not there.
    :raises BackboneError: if the checkpoint is of another family or has feature fusion.
    """
    transformers = transformers_library(name)
    folder = checkpoint_folder(name, folder, EXPECTED, SOURCE)
    weights = one_file(name, folder, ('model.safetensors', 'pytorch_model.bin'), EXPECTED)
    model = pretrained(transformers.ClapAudioModel, name, folder)
    settings = json.loads(one_file(name, folder, ('preprocessor_config.json',),
                                   EXPECTED).read_text(encoding='utf-8'))
    for key, value in (('sampling_rate', 48000), ('fft_window_size', WINDOW),
                       ('hop_length', HOP), ('feature_size', BANDS)):
        if settings.get(key, value) != value:
            raise BackboneError(f'{folder} has {key} = {settings[key]!r} in its '
                                f'preprocessor_config.json: expected {value}')
    band_hz = settings.get('frequency_min', 0), settings.get('frequency_max', 14000)
    return Clap(model, layers, band_hz, licence_of(folder)).freeze(digest_file(weights))


def random_clap(name, layers):
    """Return a small encoder with random weights, for tests without the published ones."""
    transformers = transformers_library(name)
    config = transformers.ClapAudioConfig(
        patch_embeds_hidden_size=8, depths=[1, 2, 1, 1], num_attention_heads=[1, 2, 2, 2],
        hidden_size=64, mlp_ratio=2.0)
    return Clap(transformers.ClapAudioModel(config).eval(), layers, (0, 14000),
                'none: random weights').freeze()
