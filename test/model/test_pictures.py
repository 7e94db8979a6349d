"""The pictures of the documentation can be made."""

import numpy as np
import pytest

from physioser_ros.model import pictures

pytest.importorskip('matplotlib', reason='pictures need matplotlib')


def test_pictures_are_written(tmp_path):
    waveform = np.random.default_rng(0).standard_normal(4000).astype(np.float32) * 0.1
    pictures.quartet_picture(waveform, tmp_path / 'quartet.png')
    pictures.kernel_picture(tmp_path / 'kernel.png')
    assert {path.name for path in tmp_path.iterdir()} == {'quartet.png', 'kernel.png'}


def test_the_kernel_of_the_picture_moves_slopes_as_the_page_says():
    field = pictures.example_field()
    product = pictures.example_kernel()(field)[0].detach()
    slope = field[0][:, 12, 2:] - field[0][:, 12, :-2]
    assert np.allclose(product[3, 12, 1:-1], slope[0], atol=1e-6)
    assert np.allclose(product[1, 12, 1:-1], -slope[2], atol=1e-6)
