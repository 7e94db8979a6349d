"""Fixtures of the inference tests: one tiny model file for all of them."""

import pytest
from tiny_model import write_tiny_model

from physioser_ros.inference import load_model


@pytest.fixture(scope='session')
def tiny_path(tmp_path_factory):
    """Return the path of a tiny model with its manifest; nobody may write there."""
    return write_tiny_model(tmp_path_factory.mktemp('models') / 'tiny.onnx')


@pytest.fixture(scope='session')
def tiny(tiny_path):
    """Return the tiny model, loaded."""
    return load_model(tiny_path)


@pytest.fixture(scope='session')
def adapting(tmp_path_factory):
    """Return a tiny model with speaker adaptation, loaded."""
    return load_model(write_tiny_model(tmp_path_factory.mktemp('adapting') / 'tiny.onnx',
                                       speaker=True))
