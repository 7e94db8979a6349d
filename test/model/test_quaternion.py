"""Quaternion layers against the Hamilton product written out and an independent package."""

import pytest
import torch

from physioser_ros.model import QuaternionConv2d, QuaternionLinear, RadialQReLU, SplitReLU
from physioser_ros.model.quaternion import quaternion_init_


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def hamilton(w, q):
    """Return the Hamilton product of two quaternions, parts first, by its definition."""
    return torch.stack([
        w[0] * q[0] - w[1] * q[1] - w[2] * q[2] - w[3] * q[3],
        w[0] * q[1] + w[1] * q[0] + w[2] * q[3] - w[3] * q[2],
        w[0] * q[2] - w[1] * q[3] + w[2] * q[0] + w[3] * q[1],
        w[0] * q[3] + w[1] * q[2] - w[2] * q[1] + w[3] * q[0]])


def rotation():
    """Return a random rotation of the four parts."""
    matrix, _ = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64))
    return matrix


def test_the_linear_map_is_the_hamilton_product():
    layer = QuaternionLinear(3, 5)
    torch.nn.init.normal_(layer.bias)
    values = torch.randn(7, 12)
    parts = values.unflatten(1, (4, 3))
    products = hamilton(layer.weight[:, None], parts.movedim(1, 0)[:, :, None])
    expected = products.sum(3).movedim(0, 1).flatten(1) + layer.bias
    assert torch.allclose(layer(values), expected, atol=1e-5)


def test_a_convolution_is_the_linear_map_at_every_place():
    layer = QuaternionConv2d(2, 3, 1)
    linear = QuaternionLinear(2, 3)
    with torch.no_grad():
        linear.weight.copy_(layer.weight[..., 0, 0])
    values = torch.randn(2, 8, 5, 6)
    expected = linear(values.movedim(1, 3)).movedim(3, 1)
    assert torch.allclose(layer(values), expected, atol=1e-5)


def test_products_of_the_units_have_the_right_sign():
    layer = QuaternionLinear(1, 1, bias=False)
    units = torch.eye(4)
    products = {(1, 2): units[3], (2, 3): units[1], (3, 1): units[2], (2, 1): -units[3],
                (1, 1): -units[0]}
    for (left, right), expected in products.items():
        with torch.no_grad():
            layer.weight.copy_(units[left][:, None, None])
        assert torch.equal(layer(units[right]), expected)


def test_an_independent_package_agrees():
    other = pytest.importorskip(
        'speechbrain.nnet.quaternion_networks.q_ops', exc_type=ImportError,
        reason='SpeechBrain is not installed; it is the independent judge here')
    layer = QuaternionConv2d(2, 6, 3, stride=(2, 1), padding=1)
    torch.nn.init.normal_(layer.bias)
    values = torch.randn(2, 8, 9, 11)
    expected = other.quaternion_conv_op(
        values, *layer.weight, bias=layer.bias, stride=(2, 1), padding=1, groups=1,
        dilation=(1, 1), conv1d=False)
    assert torch.allclose(layer(values), expected, atol=1e-5)


@pytest.mark.parametrize(('quaternion', 'real'), [
    (QuaternionConv2d(8, 16, 3, bias=False), torch.nn.Conv2d(32, 64, 3, bias=False)),
    (QuaternionLinear(16, 8, bias=False), torch.nn.Linear(64, 32, bias=False)),
])
def test_a_layer_has_a_quarter_of_the_weights(quaternion, real):
    assert 4 * quaternion.weight.numel() == real.weight.numel()


@pytest.mark.parametrize('layer', [QuaternionConv2d(2, 3, 3, 2, 1), QuaternionLinear(2, 3)])
def test_the_plain_layer_computes_the_same(layer):
    torch.nn.init.normal_(layer.bias)
    values = torch.randn(2, 8, 6, 6) if isinstance(layer, QuaternionConv2d) else torch.randn(2, 8)
    assert torch.allclose(layer.to_real()(values), layer(values), atol=1e-6)


def test_the_radial_activation_commutes_with_rotations():
    layer = RadialQReLU(3).double()
    turn = rotation()
    values = torch.randn(2, 12, 4, 5, dtype=torch.float64)

    def rotate(tensor):
        return torch.einsum('pq,bqcft->bpcft', turn, tensor.unflatten(1, (4, 3))).flatten(1, 2)

    assert torch.allclose(layer(rotate(values)), rotate(layer(values)), atol=1e-12)


def test_the_split_activation_does_not():
    values = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    turn = rotation()

    def rotate(tensor):
        return torch.einsum('pq,bqft->bpft', turn, tensor)

    layer = SplitReLU()
    assert not torch.allclose(layer(rotate(values)), rotate(layer(values)), atol=1e-2)


def test_the_radial_activation_has_its_closed_form():
    layer = RadialQReLU(1, bias=-1.0)
    values = torch.tensor([[3.0, 0, 4, 0], [0.3, 0, 0.4, 0], [0, 0, 0, 0]])[:, :, None, None]
    expected = torch.tensor([[2.4, 0, 3.2, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert torch.allclose(layer(values)[..., 0, 0], expected, atol=1e-6)


def test_gradients_agree_with_differences():
    convolution = QuaternionConv2d(2, 1, 3, padding=1).double()
    activation = RadialQReLU(1).double()
    values = torch.randn(1, 8, 3, 3, dtype=torch.float64, requires_grad=True)

    def function(tensor, weight, bias):
        return torch.func.functional_call(
            activation, {'bias': bias},
            torch.func.functional_call(convolution, {'weight': weight}, tensor))

    assert torch.autograd.gradcheck(function, (values, convolution.weight, activation.bias))


def test_the_gradient_of_a_zero_quaternion_is_finite():
    values = torch.zeros(1, 4, 1, 1, requires_grad=True)
    RadialQReLU(1)(values).sum().backward()
    assert torch.isfinite(values.grad).all()


@pytest.mark.parametrize(('criterion', 'variance'), [
    ('glorot', 4 / (2 * (40 + 60))), ('he', 4 / (2 * 40))])
def test_the_initial_modulus_has_the_variance_of_its_criterion(criterion, variance):
    weight = quaternion_init_(torch.empty(4, 60, 40, 1, 1), criterion)
    assert weight.square().sum(0).mean().item() == pytest.approx(variance, rel=0.05)


def test_wrong_channels_give_one_clear_error():
    for layer in (QuaternionConv2d(2, 3, 3), RadialQReLU(2)):
        with pytest.raises(ValueError, match='expected 8 channels'):
            layer(torch.zeros(1, 2, 5, 5))
    with pytest.raises(ValueError, match='expected 8 channels'):
        QuaternionLinear(2, 3)(torch.zeros(5, 7))
    with pytest.raises(ValueError, match='expected at least 1'):
        QuaternionConv2d(0, 3, 3)
    with pytest.raises(ValueError, match='expected glorot or he'):
        QuaternionLinear(1, 1, init='uniform')
