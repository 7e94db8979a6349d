"""Level, latent transform, pooling, alignment, fusion and speaker statistics, one by one."""

import math

import pytest
import torch

from physioser_ros.model import (
    AlignmentConfig, ContrastiveAlignment, FusionConfig, FusionTransformer, LatentConfig,
    LatentTransform, MaskedAttentionPooling, normalise_level, SpeakerConfig, SpeakerStatistics)
from physioser_ros.model.fusion import FusionClassifier


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def test_level_is_that_of_the_valid_samples():
    waveform = torch.randn(2, 1000) * torch.tensor([[0.5], [0.001]])
    level = normalise_level(waveform, torch.tensor([1000, 400]), 0.1)
    assert level[0].square().mean().sqrt().item() == pytest.approx(0.1, rel=1e-4)
    assert level[1, :400].square().mean().sqrt().item() == pytest.approx(0.1, rel=1e-4)
    assert not level[1, 400:].any()


def test_silence_stays_silence():
    assert not normalise_level(torch.zeros(1, 1000)).any()
    assert normalise_level(torch.full((1, 100), 1e-6)).abs().max() < 1e-3


def test_pooling_weights_sum_to_one_over_the_valid_frames():
    pooling = MaskedAttentionPooling(8, 4)
    frames, lengths = torch.randn(3, 6, 8), torch.tensor([6, 1, 4])
    summary, weights = pooling(frames, lengths)
    assert torch.allclose(weights.sum(1), torch.ones(3))
    assert not weights[1, 1:].any()
    assert torch.allclose(summary[1], frames[1, 0])
    alone, _ = pooling(frames[2:, :4])
    assert torch.allclose(summary[2], alone[0], atol=1e-6)


def test_pooling_refuses_a_row_without_frames():
    with pytest.raises(ValueError, match='a row has 0 frames, expected at least 1'):
        MaskedAttentionPooling(8)(torch.zeros(2, 3, 8), torch.tensor([3, 0]))
    with pytest.raises(ValueError, match=r'frames has shape .*, expected \(any, any, 8\)'):
        MaskedAttentionPooling(8)(torch.zeros(2, 3, 7))


def test_frames_are_averaged_in_groups_of_what_is_there():
    latent = LatentTransform(LatentConfig(frame_pool=4), 1, 3)
    frames = torch.randn(2, 1, 10, 3)
    pooled, lengths = latent.pool_frames(frames, torch.tensor([10, 5]))
    assert lengths.tolist() == [3, 2]
    assert torch.allclose(pooled[0, 0, 2], frames[0, 0, 8:].mean(0), atol=1e-6)
    assert torch.allclose(pooled[1, 0, 1], frames[1, 0, 4], atol=1e-6)
    whole, _ = latent.pool_frames(frames)
    assert torch.allclose(whole[0], pooled[0], atol=1e-6)


def test_statistics_normalise_each_layer():
    latent = LatentTransform(LatentConfig(frame_pool=1), 2, 3)
    frames = torch.randn(4, 2, 50, 3) * torch.tensor([1.0, 100, 0.1]) + 5
    latent.set_statistics(frames.mean((0, 2)), frames.std((0, 2)))
    mixed = latent.mixed(frames)
    assert mixed.mean((0, 1)).abs().max() < 1e-4
    with pytest.raises(ValueError, match=r'mean has shape \(3,\), expected \(2, 3\)'):
        latent.set_statistics(torch.zeros(3), torch.ones(3))
    with pytest.raises(ValueError, match='latent.normalise is false'):
        LatentTransform(LatentConfig(normalise=False), 2, 3).set_statistics(0, 1)


def test_averaged_frames_may_come_from_a_cache_in_half_precision():
    latent = LatentTransform(layers=2, backbone_width=6, width=8).eval()
    frames, lengths = torch.randn(2, 2, 11, 6), torch.tensor([11, 6])
    direct, counts = latent(frames, lengths)
    cached, cached_lengths = latent.pool_frames(frames, lengths)
    later, later_counts = latent(cached.half(), cached_lengths, pooled=True)
    assert later_counts.tolist() == counts.tolist()
    assert torch.allclose(direct, later, atol=1e-2)


def test_channel_dropout_drops_a_dimension_for_the_whole_clip():
    latent = LatentTransform(LatentConfig(channel_dropout=0.5, frame_pool=1), 1, 64).train()
    latent.project = torch.nn.Sequential(torch.nn.Identity())
    latent.project[0].weight = torch.zeros(())
    values, _ = latent(torch.ones(3, 1, 5, 64))
    assert torch.equal(values, values[:, :1].expand_as(values))
    assert set(values.unique().tolist()) == {0.0, 2.0}


def test_aligned_pairs_cost_least():
    alignment = ContrastiveAlignment()
    vap = torch.randn(8, 16)
    assert alignment(vap, 3 * vap) < 0.01 < alignment(vap, vap.flip(0))


def test_infonce_has_its_closed_form():
    alignment = ContrastiveAlignment(AlignmentConfig(temperature=0.5))
    loss = alignment(torch.eye(2), torch.eye(2))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-5)


def test_supcon_takes_the_same_label_for_a_positive():
    alignment = ContrastiveAlignment(AlignmentConfig('supcon', temperature=0.5))
    same = torch.eye(2)[[0, 0, 1, 1]]
    labels = torch.tensor([0, 0, 1, 1])
    expected = math.log(2 * (1 + math.exp(-2)))
    assert alignment(same, same, labels).item() == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match='supcon needs the labels'):
        alignment(same, same)


def test_the_temperature_is_learned_and_bounded():
    alignment = ContrastiveAlignment()
    assert alignment.temperature.item() == pytest.approx(0.07)
    with torch.no_grad():
        alignment.log_scale.fill_(99)
    assert alignment.temperature.item() == pytest.approx(0.01)
    off = ContrastiveAlignment(AlignmentConfig('none'))
    assert off(torch.randn(3, 4), torch.randn(3, 4)) == 0
    assert not list(off.parameters())


def test_projections_of_different_batches_are_refused():
    with pytest.raises(ValueError, match='ssl_projection has shape'):
        ContrastiveAlignment()(torch.zeros(3, 4), torch.zeros(2, 4))


def test_branch_weights_are_attention_and_sum_to_one():
    fusion = FusionTransformer(FusionConfig(heads=2, hidden=32), 16).eval()
    embedding, weights = fusion(torch.randn(3, 16), torch.randn(3, 16))
    assert embedding.shape == (3, 16)
    assert torch.allclose(weights.sum(1), torch.ones(3))
    assert (weights > 0).all()


def test_the_attention_written_out_is_that_of_torch():
    layer = FusionTransformer(FusionConfig(heads=2, hidden=32), 16).eval().layers[0]
    reference = torch.nn.TransformerEncoderLayer(
        16, 2, 32, activation='gelu', norm_first=True, batch_first=True).eval()
    pairs = {'self_attn.in_proj_': layer.query_key_value, 'self_attn.out_proj.': layer.output,
             'linear1.': layer.feed_forward[0], 'linear2.': layer.feed_forward[3],
             'norm1.': layer.attention_norm, 'norm2.': layer.forward_norm}
    reference.load_state_dict({f'{name}{kind}': getattr(module, kind)
                               for name, module in pairs.items() for kind in ('weight', 'bias')})
    tokens = torch.randn(2, 3, 16)
    assert torch.allclose(layer(tokens)[0], reference(tokens), atol=1e-5)


def test_the_correction_starts_small_and_the_paper_form_stands_alone():
    embedding, vap, ssl = torch.randn(5, 16), torch.randn(5, 4), torch.randn(5, 4)
    for residual in ('none', 'latent', 'late'):
        config = FusionConfig(residual=residual, gate=0.1)
        head = FusionClassifier(config, 16, 4, 0.0)
        logits, gate = head(embedding, vap, ssl)
        own = head.classifier(embedding)
        if residual == 'none':
            assert torch.equal(logits, own)
        elif residual == 'latent':
            assert torch.allclose(gate, torch.full((5,), 0.1))
            assert torch.allclose(logits, ssl + 0.1 * own, atol=1e-6)
        else:
            late = 0.2 * vap.log_softmax(1) + 0.8 * ssl.log_softmax(1)
            assert torch.allclose(logits, late + 0.1 * own, atol=1e-6)


def hear(speaker, means, answers=None):
    """Return the state after utterances of these means, (k, width), and answers, (k, classes)."""
    answers = torch.full((len(means), 4), 0.25) if answers is None else answers
    state = speaker.initial()
    for mean, answer in zip(means, answers):
        state = speaker(state, mean[None], answer[None])
    return state


def test_a_speaker_is_the_mean_with_a_prior():
    speaker = SpeakerStatistics(SpeakerConfig(prior_count=2.0, max_count=100.0,
                                              guard_count=0.0), 3, 4)
    means = torch.randn(4, 3)
    state = hear(speaker, means)
    assert state[0, 0] == 4
    assert torch.allclose(speaker.shift(state)[0], means.sum(0) / 6, atol=1e-6)
    assert torch.allclose(speaker.shift(speaker.heard(torch.tensor([[4.]]), means.mean(0)[None])),
                          speaker.shift(state), atol=1e-6)
    assert not speaker.shift(speaker.initial(2)).any()


def test_of_one_emotion_alone_less_is_believed_unless_it_is_none():
    speaker = SpeakerStatistics(SpeakerConfig(prior_count=3.0, guard_count=20.0), 1, 4)
    speaker.neutral = 2
    means, always = torch.ones(8, 1), torch.eye(4)
    mixed = hear(speaker, means, always.repeat(2, 1))
    neutral = hear(speaker, means, always[[2] * 8])
    angry = hear(speaker, means, always[[0] * 8])
    assert speaker.shift(mixed).item() == pytest.approx(8 / 11)
    assert speaker.shift(neutral).item() == pytest.approx(8 / 11)
    assert speaker.shift(angry).item() == pytest.approx(8 / 31)
    unsure = hear(speaker, means[:1], torch.tensor([[0.7, 0.1, 0.1, 0.1]]))
    assert speaker.shift(unsure).item() == pytest.approx(1 / 4), 'who has just begun to speak'


def test_a_speaker_s_past_fades():
    speaker = SpeakerStatistics(SpeakerConfig(prior_count=1e-6, max_count=5.0,
                                              guard_count=0.0), 1, 4)
    state = hear(speaker, torch.ones(50, 1))
    assert state[0, 0].item() == pytest.approx(5)
    later = hear(speaker, torch.cat([torch.ones(50, 1), -torch.ones(50, 1)]))
    assert speaker.shift(later).item() == pytest.approx(-1, abs=1e-3)
    with pytest.raises(ValueError, match=r'speaker_state has shape \(1, 4\), expected \(any, 6\)'):
        speaker.shift(torch.zeros(1, 4))
