"""The torch quartet: the numbers of the numpy one, batches, gradients, errors."""

import numpy as np
import pytest
import torch

from physioser_ros.features import quartet, QuartetConfig
from physioser_ros.model import Quartet

OPTIONS = [{}, {'if_mode': 'phase_diff'}, {'if_ref': 'absolute'}, {'rho': 'halfwave'},
           {'rho': 'analytic'}, {'gd': 'modified'}, {'window': 400, 'hop': 100},
           {'window': 1024}, {'bands': 64, 'hop': 320}]


def sound(*shape, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, generator=generator, dtype=dtype) * 0.1


@pytest.mark.parametrize('options', OPTIONS)
def test_the_numbers_are_those_of_numpy(options):
    config = QuartetConfig(**options)
    waveform = sound(1, 8000)
    parts, lengths = Quartet(config)(waveform)
    expected = quartet(waveform[0].numpy(), config=config)
    assert lengths.tolist() == [expected.shape[2]]
    difference = np.abs(parts[0].numpy() - expected)
    if config.if_mode == 'phase_diff':
        # Half a turn between two frames has either sign.
        difference[2][np.abs(expected[2]) > 0.75] = 0
    # Where there is next to no sound the phase parts divide what rounding left of it.
    assert difference.max() < 5e-4
    assert difference.mean() < 1e-6


@pytest.mark.parametrize('options', [{}, {'gd': 'modified'}, {'if_mode': 'phase_diff'}])
def test_padding_does_not_change_a_clip(options):
    module = Quartet(QuartetConfig(**options), dtype=torch.float64)
    waveform, lengths = sound(3, 6000, dtype=torch.float64), torch.tensor([6000, 700, 3333])
    batch, frames = module(waveform, lengths)
    for row, (samples, count) in enumerate(zip(lengths, frames)):
        alone, _ = module(waveform[row:row + 1, :samples])
        assert alone.shape[3] == count
        assert (batch[row, :, :, :count] - alone[0]).abs().max() < 1e-9
        assert not batch[row, :, :, count:].any()


def test_silence_and_an_impulse_stay_finite():
    waveform = torch.zeros(2, 3000)
    waveform[1, 1500] = 1
    for options in OPTIONS:
        assert torch.isfinite(Quartet(QuartetConfig(**options))(waveform)[0]).all()


@pytest.mark.parametrize('options', [{}, {'gd': 'modified'}, {'if_mode': 'phase_diff'},
                                     {'rho': 'analytic', 'if_ref': 'absolute', 'bands': 8}])
def test_gradients_agree_with_differences(options):
    module = Quartet(QuartetConfig(window=32, hop=16, gd_cepstra=8, **options),
                     dtype=torch.float64)
    waveform = sound(2, 80, dtype=torch.float64).requires_grad_()
    lengths = torch.tensor([80, 70])
    assert torch.autograd.gradcheck(lambda values: module(values, lengths)[0], (waveform,),
                                    atol=1e-4, eps=1e-7)


def test_gradients_of_silence_are_finite():
    for options in OPTIONS:
        waveform = torch.zeros(1, 2000, requires_grad=True)
        Quartet(QuartetConfig(**options))(waveform)[0].sum().backward()
        assert torch.isfinite(waveform.grad).all()


@pytest.mark.parametrize(('waveform', 'lengths', 'message'), [
    (torch.zeros(16000), None, 'shape .16000,., expected .batch, samples.'),
    (torch.zeros(1, 16000, dtype=torch.int16), None, 'torch.int16, expected floating point'),
    (torch.full((1, 16000), torch.nan), None, 'NaN'),
    (torch.zeros(1, 511), None, '511 samples, expected at least 512'),
    (torch.zeros(2, 1000), torch.tensor([1000, 500]), '500 samples, expected at least 512'),
    (torch.zeros(2, 1000), torch.tensor([1000, 1001]), 'claims 1001 samples'),
    (torch.zeros(2, 1000), torch.tensor([1000]), r'expected integers of shape \(2,\)'),
])
def test_bad_input_gives_one_clear_error(waveform, lengths, message):
    with pytest.raises(ValueError, match=message):
        Quartet()(waveform, lengths)
