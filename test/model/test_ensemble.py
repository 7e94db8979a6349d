"""Several trainings of one model as one model."""

import copy

from model_fakes import small_model
import pytest
import torch

from physioser_ros.export.graph import Recogniser
from physioser_ros.model import Ensemble

WAVEFORM = 0.1 * torch.randn(1, 16000, generator=torch.manual_seed(3))


@pytest.fixture
def members():
    """Two models that adapt to speakers; the second has other weights and no backbone."""
    first = small_model(speaker={'enabled': True, 'vocal': True})
    second = copy.deepcopy(first)
    with torch.no_grad():
        for number, value in enumerate(second.parameters()):
            value.mul_(1 + 0.1 * (number % 3))
    second.backbone = None
    return [first, second]


@torch.no_grad()
def test_the_answer_is_the_mean_of_the_log_probabilities(members):
    found = Ensemble(members, [1.0, 2.0]).eval()(WAVEFORM)
    features = members[0].features(WAVEFORM)
    own = [member.forward_features(**features) for member in members]
    wanted = (own[0].logits.log_softmax(1) + (own[1].logits / 2).log_softmax(1)) / 2
    torch.testing.assert_close(found.logits, wanted)
    torch.testing.assert_close(found.branch_weights.sum(1), torch.ones(1))
    torch.testing.assert_close(found.vap_frame_weights.sum(1), torch.ones(1))


@torch.no_grad()
def test_each_member_adapts_by_its_own_part_of_the_state(members):
    ensemble = Ensemble(members, [1.0, 1.0]).eval()
    first = ensemble(WAVEFORM).speaker_state_next
    assert first.shape == (1, 1 + ensemble.speaker_width) and first[0, 0] == 1
    twice = ensemble(WAVEFORM, speaker_state=first)
    assert twice.speaker_state_next[0, 0] == 2
    features = members[0].features(WAVEFORM)
    for member, state in zip(members, ensemble._split(first)):
        alone = member.forward_features(**features).speaker_state_next
        torch.testing.assert_close(state, alone)
    assert not torch.equal(twice.logits, ensemble(WAVEFORM).logits)


@torch.no_grad()
def test_what_is_exported_says_the_same(members):
    ensemble = Ensemble(members, [1.1, 0.9]).eval()
    state = torch.zeros(1 + ensemble.speaker_width)
    plain, folded = (Recogniser(model)(WAVEFORM, torch.ones(1, 4), state)
                     for model in (ensemble, ensemble.folded()))
    for one, other in zip(plain, folded):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_members_of_other_configurations_are_refused(members):
    other = small_model()
    with pytest.raises(ValueError, match='differ in their configuration'):
        Ensemble([members[0], other], [1.0, 1.0])
    with pytest.raises(ValueError, match='at least two'):
        Ensemble(members[:1], [1.0])
