"""The whole model: every variant, padding, read-outs, speaker state, export, errors."""

from dataclasses import replace
import sys
from types import SimpleNamespace

from model_fakes import FakeBackbone, SMALL, small_model
import pytest
import torch

from physioser_ros.model import PhysioSER, PhysioSERConfig, VARIANTS

LENGTHS = torch.tensor([9000, 4100, 6333])


@pytest.fixture
def waveform():
    generator = torch.Generator().manual_seed(5)
    return torch.randn(3, 9000, generator=generator) * 0.1


def test_the_default_model_for_six_classes_has_two_million_parameters():
    parts = PhysioSER(PhysioSERConfig()).trainable_parts()
    assert 1.9e6 <= sum(parts.values()) <= 2.1e6


@pytest.mark.parametrize('variant', VARIANTS)
def test_padding_does_not_change_a_clip(variant, waveform):
    model = small_model(variant)
    batch = model(waveform, LENGTHS)
    for row, length in enumerate(LENGTHS):
        alone = model(waveform[row:row + 1, :length])
        for name in ('logits', 'branch_weights', 'branch_logits', 'vap_projection'):
            assert (getattr(batch, name)[row] - getattr(alone, name)[0]).abs().max() < 1e-5
        weights = batch.ssl_frame_weights[row, :alone.ssl_frame_weights.shape[1]]
        assert (weights - alone.ssl_frame_weights[0]).abs().max() < 1e-5


@pytest.mark.parametrize('variant', VARIANTS)
def test_every_parameter_of_every_variant_learns(variant, waveform):
    model = small_model(variant).train()
    output = model(waveform, LENGTHS)
    loss = output.logits.square().sum() + output.branch_logits.square().sum()
    if model.fuses:
        loss = loss + model.alignment(output.vap_projection, output.ssl_projection)
    loss.backward()
    without = [name for name, parameter in model.named_parameters()
               if parameter.requires_grad and (parameter.grad is None
                                               or not torch.isfinite(parameter.grad).all())]
    assert without == []
    assert not any(parameter.requires_grad for name, parameter in model.named_parameters()
                   if name.startswith('backbone'))


def test_cached_features_give_what_the_waveform_gives(waveform):
    from physioser_ros.model import normalise_level
    model = small_model()
    level = normalise_level(waveform, LENGTHS, model.config.level_rms)
    quartet, quartet_lengths = model.quartet(level, LENGTHS)
    frames, lengths = model.backbone(level, LENGTHS)
    expected = model(waveform, LENGTHS).logits
    got = model.forward_features(frames, lengths, quartet, quartet_lengths).logits
    assert torch.equal(got, expected)
    pooled, counts = model.latent.pool_frames(frames, lengths)
    got = model.forward_features(pooled, counts, quartet, quartet_lengths, frames_pooled=True)
    assert (got.logits - expected).abs().max() < 1e-5


@pytest.mark.parametrize('norm', ['simple', 'whitening'])
def test_mixed_precision_trains_and_keeps_the_quartet_exact(norm, waveform):
    model = small_model(encoder={'norm': norm}).train()
    exact, _ = model.quartet(waveform, LENGTHS)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        half, _ = model.quartet(waveform, LENGTHS)
        output = model(waveform, LENGTHS)
        loss = model.alignment(output.vap_projection, output.ssl_projection)
    assert torch.equal(exact, half)
    (loss + output.logits.float().sum()).backward()
    assert torch.isfinite(model.encoder.blocks[0].convolution.weight.grad).all()


def test_gain_leaves_the_answer(waveform):
    model = small_model()
    assert (model(waveform).logits - model(waveform * 3.7).logits).abs().max() < 1e-4


@pytest.mark.parametrize('variant', VARIANTS)
def test_a_mask_asks_for_variants_of_one_utterance(variant, waveform):
    model = small_model(variant)
    mask = torch.cat([torch.ones(1, 4), 1 - torch.eye(4)])
    output = model(waveform[:1], component_mask=mask)
    assert output.logits.shape == (5, 6)
    assert output.branch_weights.shape == (5, 2)
    assert len(output.vap_frame_weights) == len(output.ssl_frame_weights) == 5
    plain = model(waveform[:1])
    assert (output.logits[0] - plain.logits[0]).abs().max() < 1e-6
    if variant != 'backbone_only':
        assert (output.logits[1] - output.logits[0]).abs().max() > 1e-7 or (
            variant == 'phase_only')


def test_weights_sum_to_one(waveform):
    for variant in VARIANTS:
        output = small_model(variant)(waveform, LENGTHS)
        assert torch.allclose(output.branch_weights.sum(1), torch.ones(3))
    output = small_model()(waveform, LENGTHS)
    for weights in (output.vap_frame_weights, output.ssl_frame_weights):
        assert torch.allclose(weights.sum(1), torch.ones(3))


def test_a_detached_fusion_leaves_the_branches_alone(waveform):
    config = replace(SMALL, fusion=replace(SMALL.fusion, residual='none', detach=True))
    model = PhysioSER(config, FakeBackbone())
    model(waveform, LENGTHS).logits.sum().backward()
    assert all(parameter.grad is None for parameter in model.encoder.parameters())
    assert model.fusion.cls.grad is not None


def test_statistics_of_the_quartet_keep_their_promises(waveform):
    model = small_model(encoder={'statistics': True})
    batch = model(waveform, LENGTHS)
    for row, length in enumerate(LENGTHS):
        alone = model(waveform[row:row + 1, :length])
        assert (batch.logits[row] - alone.logits[0]).abs().max() < 1e-5
    assert torch.isfinite(model(torch.zeros(1, 8000)).logits).all()
    assert 'statistics' in model.trainable_parts()


def test_a_speaker_s_state_moves_the_answer_and_counts(waveform):
    config = replace(SMALL, speaker=replace(SMALL.speaker, enabled=True))
    torch.manual_seed(0)
    model = PhysioSER(config, FakeBackbone()).eval()
    first = model(waveform, LENGTHS)
    assert first.speaker_state_next[:, 0].tolist() == [1, 1, 1]
    second = model(waveform, LENGTHS, speaker_state=first.speaker_state_next)
    assert second.speaker_state_next[:, 0].tolist() == [2, 2, 2]
    assert (first.logits - second.logits).abs().max() > 1e-4
    alone = model(waveform[1:2, :4100])
    assert torch.allclose(alone.speaker_state_next[0], first.speaker_state_next[1], atol=1e-5)


def test_a_speaker_may_be_neutral_where_the_labels_say_so():
    model = small_model()
    model.name_labels(('angry', 'neutral'))
    assert model.speaker.neutral == 1
    model.name_labels(('angry', 'calm'))
    assert model.speaker.neutral is None


@torch.no_grad()
def test_a_vocal_branch_that_adapts_does_not_hear_the_constant_colour_of_a_voice(waveform):
    model = small_model(speaker={'enabled': True, 'vocal': True, 'prior_count': 1e-6,
                                 'guard_count': 0.0})
    quartet, lengths = model.quartet(waveform, LENGTHS)
    frames, frame_lengths = model.backbone(waveform, LENGTHS)
    colour = torch.linspace(-1, 1, 4 * model.config.quartet.rows).reshape(1, 4, -1, 1)
    answers = []
    for seen in (quartet, quartet + colour):
        known = model.forward_features(frames, frame_lengths, seen, lengths).speaker_state_next
        assert known.shape == (3, 1 + model.config.speaker_width)
        answers.append(model.forward_features(frames, frame_lengths, seen, lengths,
                                              speaker_state=known).logits)
    assert torch.allclose(*answers, atol=1e-3)


def test_silence_is_answered_with_finite_numbers():
    output = small_model()(torch.zeros(2, 8000))
    assert all(torch.isfinite(part).all() for part in output[:-1])


@pytest.mark.parametrize('variant', ['physioser', 'real_cnn', 'vap_only', 'backbone_only'])
def test_the_folded_model_computes_the_same(variant, waveform):
    model = small_model(variant)
    folded = model.folded()
    assert (folded(waveform).logits - model(waveform).logits).abs().max() < 1e-5


def test_the_backbone_stays_frozen_and_in_evaluation_mode():
    model = small_model().train()
    assert model.training
    assert not model.backbone.training


@pytest.mark.parametrize(('call', 'message'), [
    (lambda model: model(torch.zeros(8000)), 'expected .batch, samples.'),
    (lambda model: model(torch.full((1, 8000), torch.inf)), 'NaN or infinity'),
    (lambda model: model(torch.zeros(1, 300)), '300 samples, expected at least 512'),
    (lambda model: model.forward_features(), 'frames are missing'),
    (lambda model: model.forward_features(torch.zeros(1, 2, 9, 16)), 'quartet are missing'),
    (lambda model: model.forward_features(
        torch.zeros(1, 2, 9, 15), None, torch.zeros(1, 4, 16, 9)), r'expected \(any, 2, any, 16'),
    (lambda model: model.forward_features(
        torch.full((1, 2, 9, 16), torch.nan), None, torch.zeros(1, 4, 16, 9)), 'frames holds NaN'),
    (lambda model: model(torch.zeros(1, 8000), component_mask=torch.ones(1, 3)),
     r'component_mask has shape \(1, 3\), expected \(any, 4\)'),
])
def test_bad_input_gives_one_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call(small_model())


def test_create_asks_for_the_backbone_that_the_configuration_names(monkeypatch):
    asked = []

    def create_backbone(name, folder=None, *, layers, **options):
        asked.append((name, folder, layers, options))
        return FakeBackbone()

    stub = SimpleNamespace(create_backbone=create_backbone)
    monkeypatch.setitem(sys.modules, 'physioser_ros.model.backbones', stub)
    model = PhysioSER.create(SMALL, random_init=True)
    assert isinstance(model.backbone, FakeBackbone)
    assert asked == [('whisper-base', None, (1, 2), {'random_init': True})]
    assert PhysioSER.create(replace(SMALL, branches=('vap',))).backbone is None
    assert len(asked) == 1


def test_a_model_without_or_with_another_backbone_says_so():
    with pytest.raises(ValueError, match='the model has no backbone'):
        PhysioSER(SMALL)(torch.zeros(1, 8000))
    with pytest.raises(ValueError, match=r'width and layers \(16, 2\), the model expects'):
        PhysioSER(PhysioSERConfig(), FakeBackbone())
