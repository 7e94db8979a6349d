"""The quaternion encoder and the real-valued one of the same size."""

import pytest
import torch

from physioser_ros.model import EncoderConfig, QuaternionSpectrotemporalEncoder, RealEncoder
from physioser_ros.model.encoder import create_encoder

SMALL = {'channels': (2, 3), 'strides': ((2, 2), (2, 1))}
KINDS = [{}, {'kind': 'real'}, {'norm': 'whitening', 'activation': 'split'},
         {'frequency': 'weighted', 'head': 'quaternion'},
         {'frequency': 'flatten', 'head': 'quaternion', 'init': 'he'},
         {'frequency': 'flatten', 'kind': 'real'}]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def trained(config, rows=16):
    """Return an encoder with statistics that are not the initial ones, in evaluation mode."""
    encoder = create_encoder(config, rows, 8)
    for _ in range(3):
        encoder(torch.randn(3, 4, rows, 20), torch.tensor([20, 11, 15]))
    return encoder.eval()


@pytest.mark.parametrize('options', KINDS)
def test_padding_does_not_change_a_clip(options):
    encoder = trained(EncoderConfig(**SMALL, **options))
    quartet, lengths = torch.randn(3, 4, 16, 21), torch.tensor([21, 1, 12])
    frames, counts = encoder(quartet, lengths)
    assert counts.tolist() == [11, 1, 6]
    for row, (length, count) in enumerate(zip(lengths, counts)):
        alone, _ = encoder(quartet[row:row + 1, ..., :length])
        assert (frames[row, :count] - alone[0]).abs().max() < 1e-5
        assert not frames[row, count:].any()


@pytest.mark.parametrize('options', KINDS)
def test_padding_does_not_change_training(options):
    config = EncoderConfig(**SMALL, **options)
    encoder = create_encoder(config, 16, 8)
    quartet, lengths = torch.randn(2, 4, 16, 9), torch.tensor([9, 5])
    padded = torch.nn.functional.pad(quartet, (0, 7), value=9.0)
    short, _ = encoder(quartet, lengths)
    long, _ = encoder(padded, lengths)
    assert (short - long[:, :short.shape[1]]).abs().max() < 1e-5


@pytest.mark.parametrize('options', KINDS)
def test_the_folded_encoder_computes_the_same(options):
    encoder = trained(EncoderConfig(**SMALL, **options))
    quartet = torch.randn(2, 4, 16, 13)
    expected, _ = encoder(quartet)
    folded, _ = encoder.fold()(quartet)
    assert (folded - expected).abs().max() < 1e-5
    assert not [name for name, _ in encoder.named_parameters() if 'norm' in name]


def test_unselected_parts_do_not_matter():
    encoder = trained(EncoderConfig(components=('M', 'rho'), **SMALL))
    quartet = torch.randn(1, 4, 16, 8)
    other = quartet.clone()
    other[:, 2:] = 7
    assert torch.equal(encoder(quartet)[0], encoder(other)[0])


@pytest.mark.parametrize('frequency', ['mean', 'weighted', 'flatten'])
def test_the_real_encoder_has_the_size_of_the_quaternion_one(frequency):
    config = EncoderConfig(frequency=frequency)
    sizes = [sum(parameter.numel() for parameter in encoder(config, 64, 256).parameters())
             for encoder in (QuaternionSpectrotemporalEncoder, RealEncoder)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.01)


def test_wrong_rows_give_one_clear_error():
    encoder = QuaternionSpectrotemporalEncoder(EncoderConfig(**SMALL), 16, 8)
    with pytest.raises(ValueError, match=r'quartet has shape .* expected \(any, 4, 16, any\)'):
        encoder(torch.zeros(1, 4, 15, 10))
    with pytest.raises(ValueError, match='a row has 0 frames'):
        encoder(torch.zeros(1, 4, 16, 10), torch.tensor([0]))
