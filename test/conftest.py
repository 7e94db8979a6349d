"""Fixtures that every room uses."""

import os
from pathlib import Path

from hypothesis import settings
from places import ROOT
import pytest
from ros_fixtures import model, prefix, ros, spawn, tiny_model, world  # noqa: F401

# The same examples in every run and no deadline on a busy machine: a test fails always or never.
settings.register_profile('repeatable', derandomize=True, deadline=None, database=None)
settings.load_profile('repeatable')


def _folder(variable, default):
    return Path(os.environ.get(variable, ROOT.parent / 'shared' / default))


@pytest.fixture(scope='session')
def recordings():
    """Return the folder of real labelled recordings, or skip the test where there is none."""
    folder = _folder('PHYSIOSER_DATA', 'data')
    if not (folder / 'index.csv').is_file():
        pytest.skip(f'no recordings: {folder} has no index.csv (set PHYSIOSER_DATA)')
    return folder
