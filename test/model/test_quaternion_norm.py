"""Quaternion batch normalisation: statistics over valid frames, folding."""

import pytest
import torch

from physioser_ros.model import QuaternionBatchNorm2d, QuaternionConv2d

KINDS = ('simple', 'whitening')


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def correlated(channels=3, dtype=torch.float32):
    """Return values (5, 4 channels, 6, 40) whose four parts are correlated."""
    mixing = torch.randn(4, 4, dtype=dtype)
    values = torch.einsum('pq,bqcft->bpcft', mixing,
                          torch.randn(5, 4, channels, 6, 40, dtype=dtype))
    return (values + torch.randn(4, channels, 1, 1, dtype=dtype)).flatten(1, 2)


def covariance(values, channels=3):
    parts = values.unflatten(1, (4, channels)).permute(2, 1, 0, 3, 4).flatten(2)
    return torch.stack([torch.cov(channel, correction=0) for channel in parts])


def test_simple_makes_the_mean_zero_and_the_modulus_two():
    values = QuaternionBatchNorm2d(3)(correlated())
    parts = values.unflatten(1, (4, 3))
    assert parts.mean((0, 3, 4)).abs().max() < 1e-5
    assert torch.allclose(parts.square().sum(1).mean((0, 2, 3)), torch.full((3,), 4.0), rtol=1e-3)


def test_whitening_makes_the_covariance_the_identity():
    values = QuaternionBatchNorm2d(3, 'whitening')(correlated())
    assert torch.allclose(covariance(values), torch.eye(4).expand(3, 4, 4), atol=1e-3)


@pytest.mark.parametrize('kind', KINDS)
def test_padding_does_not_count(kind):
    lengths = torch.tensor([40, 3, 17, 25, 1])
    values = correlated()
    spoilt = values.clone()
    for row, length in enumerate(lengths):
        spoilt[row, :, :, length:] = 1e3
    clean, noisy = QuaternionBatchNorm2d(3, kind), QuaternionBatchNorm2d(3, kind)
    expected, got = clean(values, lengths), noisy(spoilt, lengths)
    for row, length in enumerate(lengths):
        assert torch.allclose(expected[row, ..., :length], got[row, ..., :length], atol=1e-5)
    assert torch.allclose(clean.running_mean, noisy.running_mean, atol=1e-6)
    assert torch.allclose(clean.running_covariance, noisy.running_covariance, atol=1e-6)


@pytest.mark.parametrize('kind', KINDS)
def test_running_statistics_settle_on_those_of_the_batch(kind):
    layer = QuaternionBatchNorm2d(3, kind, momentum=0.5)
    values = correlated()
    for _ in range(30):
        trained = layer(values)
    assert torch.allclose(layer.eval()(values), trained, atol=1e-4)


@pytest.mark.parametrize('kind', KINDS)
def test_folding_into_the_convolution_changes_nothing(kind):
    convolution = QuaternionConv2d(2, 3, 3, padding=1, bias=False)
    layer = QuaternionBatchNorm2d(3, kind, momentum=1.0)
    layer(correlated())
    torch.nn.init.normal_(layer.bias)
    torch.nn.init.normal_(layer.gain)
    layer.eval()
    values = torch.randn(2, 8, 5, 7)
    folded = layer.folded_into(convolution)
    assert isinstance(folded, torch.nn.Conv2d)
    assert torch.allclose(folded(values), layer(convolution(values)), atol=1e-5)


@pytest.mark.parametrize('kind', KINDS)
def test_gradients_agree_with_differences(kind):
    layer = QuaternionBatchNorm2d(2, kind).double()
    values = torch.randn(2, 8, 2, 3, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([3, 2])

    def function(tensor, gain):
        return torch.func.functional_call(layer, {'gain': gain}, (tensor, lengths))

    assert torch.autograd.gradcheck(function, (values, layer.gain))


def test_a_constant_input_stays_finite():
    for kind in KINDS:
        assert torch.isfinite(QuaternionBatchNorm2d(1, kind)(torch.ones(2, 4, 3, 3))).all()


def test_bad_arguments_give_one_clear_error():
    with pytest.raises(ValueError, match='expected simple or whitening'):
        QuaternionBatchNorm2d(3, 'layer')
    with pytest.raises(ValueError, match='expected 12 channels'):
        QuaternionBatchNorm2d(3)(torch.zeros(1, 8, 4, 4))
