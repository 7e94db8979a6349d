"""All families through one interface; their front ends and checkpoints against other code."""

import json

import numpy as np
import pytest
import torch

from physioser_ros.model.backbones import (
    backbone_names, BackboneError, create_backbone, feature_key, WeightsMissing)
from physioser_ros.model.backbones import beats, emotion2vec
from physioser_ros.model.backbones.speech_ssl import FAMILIES

transformers = pytest.importorskip('transformers', reason='transformers is not installed')

LAYERS = {name: (0, 2) for name in backbone_names() if name not in ('clap', 'onnx')}
LAYERS['clap'] = (1,)


def noise(*shape, gain=0.1, seed=0):
    """Return repeatable noise, float32."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * gain


@pytest.fixture(scope='module', params=LAYERS)
def backbone(request):
    return create_backbone(request.param, layers=LAYERS[request.param], random_init=True)


def test_a_padded_batch_gives_each_clip_its_own_frames(backbone):
    clips = noise(2, 16000)
    lengths = torch.tensor([16000, 9000])
    frames, counts = backbone(clips, lengths)
    assert frames.shape == (2, len(backbone.layers), int(counts.max()), backbone.width)
    alone, count = backbone(clips[1:, :9000])
    assert counts[1] == count[0] == alone.shape[2]
    assert torch.allclose(frames[1, :, :count[0]], alone[0], atol=1e-5)
    assert not frames[1, :, count[0]:].any()


def test_frames_come_every_frame_step(backbone):
    samples = 48000
    _, counts = backbone(noise(1, samples))
    assert abs(counts[0] * backbone.frame_step_s - samples / 16000) <= 2 * backbone.frame_step_s


def test_silence_and_the_shortest_clip_are_finite(backbone):
    for clip in (torch.zeros(1, 8000), noise(1, backbone.min_samples)):
        frames, _ = backbone(clip)
        assert frames.shape[2] >= 1
        assert torch.isfinite(frames).all()


def test_nothing_learns_and_training_mode_changes_nothing(backbone):
    clip = noise(1, 8000)
    before, _ = backbone(clip)
    after, _ = backbone.train()(clip)
    assert torch.equal(before, after)
    assert not after.requires_grad


@pytest.mark.parametrize('wrong, said', [
    (lambda: (torch.zeros(16000),), r'\(16000,\): expected torch.float32 \(clips, samples\)'),
    (lambda: (torch.zeros(1, 16000, dtype=torch.float64),), 'float64'),
    (lambda: (torch.full((1, 16000), float('nan')),), 'NaN'),
    (lambda: (torch.zeros(1, 100),), 'a clip of 100 samples: this backbone needs at least 400'),
    (lambda: (torch.zeros(1, 480001),), 'at most 480000; cut'),
    (lambda: (torch.zeros(1, 8000), torch.tensor([9000])), '9000 samples in rows of 8000'),
    (lambda: (torch.zeros(1, 8000), torch.tensor([8000.0])), 'expected torch.int64')])
def test_bad_clips_are_refused_in_one_sentence(wrong, said):
    with pytest.raises(ValueError, match=said):
        create_backbone('whisper-base', layers=[1], random_init=True)(*wrong())


@pytest.mark.parametrize('layers', [(), (5,), (1, 1), (-6,)])
def test_layers_that_are_not_there_are_refused(layers):
    with pytest.raises(ValueError, match='numbers from 0 to 4'):
        create_backbone('whisper-base', layers=layers, random_init=True)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(BackboneError, match="no backbone 'wavlm2': choose one of .*wavlm"):
        create_backbone('wavlm2')


@pytest.mark.parametrize('name', [name for name in backbone_names() if 'whisper' not in name])
def test_without_files_each_family_says_which_it_expects(name, tmp_path):
    with pytest.raises(WeightsMissing, match='set backbone.folder to one with .* from .*network'):
        create_backbone(name, layers=[1])
    with pytest.raises(WeightsMissing, match='is read from'):
        create_backbone(name, tmp_path, layers=[1])


def test_random_weights_leave_the_callers_generator_alone():
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    one = create_backbone('beats', layers=[1], random_init=True)
    assert torch.equal(torch.rand(1), first)
    assert one.digest == create_backbone('beats', layers=[1], random_init=True).digest


def test_a_feature_key_changes_with_weights_layers_and_samples():
    samples = noise(8000).numpy()
    changed = samples.copy()
    changed[4000] += 1e-3
    keys = {feature_key(create_backbone('beats', layers=layers, random_init=True, seed=seed),
                        clip) for layers, seed, clip in (
        ([1], 0, samples), ([2], 0, samples), ([1], 1, samples), ([1], 0, changed))}
    assert len(keys) == 4


@pytest.mark.parametrize('name', FAMILIES)
@pytest.mark.parametrize('norm_first', [False, True])
def test_a_folder_of_transformers_gives_its_hidden_states(name, norm_first, tmp_path):
    prefix, _ = FAMILIES[name]
    sizes = {'hidden_size': 16, 'num_hidden_layers': 3, 'num_attention_heads': 2,
             'intermediate_size': 32, 'conv_dim': (8,) * 7, 'num_conv_pos_embeddings': 8,
             'num_conv_pos_embedding_groups': 2, 'do_stable_layer_norm': norm_first,
             'feat_extract_norm': 'layer' if norm_first else 'group'}
    torch.manual_seed(0)
    model = getattr(transformers, f'{prefix}Model')(
        getattr(transformers, f'{prefix}Config')(**sizes)).eval()
    model.save_pretrained(tmp_path)
    (tmp_path / 'preprocessor_config.json').write_text(json.dumps({'do_normalize': norm_first}))
    (tmp_path / 'README.md').write_text('---\nlicense: apache-2.0\n---\n')
    clip = noise(1, 8000)
    heard = (clip - clip.mean()) / clip.std(unbiased=False) if norm_first else clip
    with torch.no_grad():
        answer = model(heard, output_hidden_states=True)
    # Not every release of transformers puts the last normalisation into the last hidden state.
    expected = (*answer.hidden_states[:3], answer.last_hidden_state)
    backbone = create_backbone(name, tmp_path, layers=(0, 1, 3))
    frames, _ = backbone(clip)
    for row, layer in enumerate(backbone.layers):
        assert torch.allclose(frames[:, row], expected[layer], atol=2e-5)
    assert backbone.licence == 'apache-2.0'
    with pytest.raises(BackboneError, match='holds a model of type'):
        create_backbone('clap', tmp_path, layers=[1])


def published(model, renamed):
    """Return the state dictionary under the published names that `renamed` understands."""
    state = {}
    for name, value in model.state_dict().items():
        state.update(renamed(name, value))
    return state


def test_a_checkpoint_of_emotion2vec_is_read_under_its_own_names(tmp_path):
    model = create_backbone('emotion2vec', layers=(4,), random_init=True)
    audio, before = 'modality_encoders.AUDIO.', 1
    fixed = {'tokens': 'extra_tokens', 'alibi_scale': 'alibi_scale',
             'features_norm': 'project_features.1', 'project': 'project_features.2',
             'norm': 'context_encoder.norm'}
    parts = {'attention.out': 'attn.proj', 'attention_norm': 'norm1', 'feed_in': 'mlp.fc1',
             'feed_out': 'mlp.fc2', 'feed_norm': 'norm2'}

    def theirs(name, value):
        head, _, kind = name.rpartition('.')
        if head in fixed or name in fixed:
            return {f'd2v_model.{audio}{fixed.get(name) or fixed[head] + "." + kind}': value}
        room, number, *rest = name.split('.')
        if room == 'convolutions':
            inner = '0' if rest[0] == 'convolution' else '2.1'
            return {f'd2v_model.{audio}local_encoder.conv_layers.{number}.{inner}.{kind}': value}
        if room == 'positions':
            place = f'relative_positional_encoder.{int(number) + 1}.0'
            return {f'd2v_model.{audio}{place}.{kind}': value}
        block = (f'{audio}context_encoder.blocks.{number}' if int(number) < before
                 else f'blocks.{int(number) - before}')
        part = '.'.join(rest[:-1])
        if part in ('attention.key', 'attention.value'):
            return {}
        if part == 'attention.query':
            names = [name.replace('query', which) for which in ('query', 'key', 'value')]
            value = torch.cat([model.state_dict()[one] for one in names])
            return {f'd2v_model.{block}.attn.qkv.{kind}': value}
        return {f'd2v_model.{block}.{parts[part]}.{kind}': value}

    path = tmp_path / 'emotion2vec_base.pt'
    torch.save({'model': published(model, theirs)}, path)
    loaded = create_backbone('emotion2vec', tmp_path, layers=(2, 4))
    clip = noise(1, 8000)
    assert loaded.depth == 4
    assert torch.equal(loaded(clip)[0][:, 1], model(clip)[0][:, 0])
    torch.save({'model': {'w': torch.zeros(1)}}, path)
    with pytest.raises(BackboneError, match='not an emotion2vec checkpoint'):
        create_backbone('emotion2vec', tmp_path, layers=[1])


def test_alibi_slopes_of_twelve_heads():
    slopes = emotion2vec.alibi_slopes(12)
    assert slopes[:8] == [2.0 ** -power for power in range(1, 9)]
    assert slopes[8:] == pytest.approx([2.0 ** -power for power in (0.5, 1.5, 2.5, 3.5)])


def test_a_checkpoint_of_beats_is_read_under_its_own_names(tmp_path):
    model = create_backbone('beats', layers=(4,), random_init=True)
    config = {'input_patch_size': 16, 'embed_dim': 16, 'conv_bias': False, 'encoder_layers': 4,
              'encoder_embed_dim': 32, 'encoder_ffn_embed_dim': 64, 'encoder_attention_heads': 2,
              'conv_pos': 16, 'conv_pos_groups': 4, 'num_buckets': 32, 'max_distance': 64,
              'deep_norm': True, 'relative_position_embedding': True, 'gru_rel_pos': True,
              'layer_norm_first': False, 'activation_fn': 'gelu'}
    parts = {'patches': 'patch_embedding', 'patches_norm': 'layer_norm',
             'project': 'post_extract_proj', 'norm': 'encoder.layer_norm',
             'position': 'encoder.pos_conv.0',
             'relative': 'encoder.layers.0.self_attn.relative_attention_bias',
             'attention.query': 'self_attn.q_proj', 'attention.key': 'self_attn.k_proj',
             'attention.value': 'self_attn.v_proj', 'attention.out': 'self_attn.out_proj',
             'attention_norm': 'self_attn_layer_norm', 'feed_in': 'fc1', 'feed_out': 'fc2',
             'feed_norm': 'final_layer_norm', 'gate': 'self_attn.grep_linear'}

    def theirs(name, value):
        head, _, kind = name.rpartition('.')
        if name == 'position.weight':
            length = torch.linalg.vector_norm(value, dim=(0, 1), keepdim=True)
            return {'encoder.pos_conv.0.weight_g': length,
                    'encoder.pos_conv.0.weight_v': 3 * value}
        if name.startswith('blocks.'):
            _, number, *rest = name.split('.')
            if kind == 'gate_scale':
                return {f'encoder.layers.{number}.self_attn.grep_a': value}
            return {f'encoder.layers.{number}.{parts[".".join(rest[:-1])]}.{kind}': value}
        return {f'{parts[head]}.{kind}': value}

    path = tmp_path / 'BEATs_iter3.pt'
    torch.save({'cfg': config, 'model': published(model, theirs)}, path)
    clip = noise(1, 8000)
    loaded = create_backbone('beats', tmp_path, layers=(4,))
    assert torch.allclose(loaded(clip)[0], model(clip)[0], atol=1e-5)
    torch.save({'cfg': {**config, 'layer_norm_first': True}, 'model': {}}, path)
    with pytest.raises(BackboneError, match='layer_norm_first = True: expected False'):
        create_backbone('beats', tmp_path, layers=[1])


def test_the_filter_bank_of_beats_is_kaldis():
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function
    filters = mel_filter_bank(257, 128, 20, 8000, 16000, mel_scale='kaldi',
                              triangularize_in_mel_space=True)
    clip = noise(1, 8000)
    expected = spectrogram(
        clip[0].numpy().astype(np.float64) * 2 ** 15,
        window_function(400, 'povey', periodic=False), 400, 160, fft_length=512, power=2.0,
        center=False, preemphasis=0.97, mel_filters=filters, log_mel='log',
        mel_floor=beats.FLOOR, remove_dc_offset=True)
    ours = beats.KaldiFilterBank()(clip)[0] * 2 * beats.DEVIATION + beats.MEAN
    assert np.abs(ours.numpy() - expected.T).max() < 1e-3


def test_the_spectrogram_of_clap_is_that_of_its_processor():
    waveform = noise(480000).numpy()
    processor = transformers.ClapFeatureExtractor(truncation='rand_trunc')
    expected = processor(waveform, sampling_rate=48000, return_tensors='np')['input_features']
    clap = create_backbone('clap', layers=[1], random_init=True)
    assert np.abs(clap.mel(torch.tensor(waveform)[None]).numpy() - expected).max() < 1e-3


def test_the_upsampler_of_clap_keeps_a_tone():
    clap = create_backbone('clap', layers=[1], random_init=True)
    time = torch.arange(12000) / 48000
    tone = torch.sin(2 * torch.pi * 3000 * time)
    assert (clap.upsampler(tone[None, ::3])[0] - tone)[150:-150].abs().max() < 0.01
