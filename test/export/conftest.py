"""One small export that several tests look at."""

from functools import partial
from importlib.util import find_spec

import pytest

MISSING = [package for package in ('onnx', 'onnxruntime', 'onnxscript', 'torch')
           if find_spec(package) is None]
# The export itself needs these, so that its tests could not even be imported.
collect_ignore_glob = ['test_*.py'] if MISSING else []


def pytest_report_header():
    """Say what is not tested."""
    return f'no tests of the export: {", ".join(MISSING)} not installed' if MISSING else None


@pytest.fixture(scope='session')
def exported(tmp_path_factory):
    """Return the `Exported` of a tiny model with both branches and speaker adaptation."""
    import export_models

    from physioser_ros.export import export_model

    path = tmp_path_factory.mktemp('models') / 'tiny.onnx'
    return export_model(partial(export_models.tiny_model, speaker=True), export_models.FACTS,
                        path, max_seconds=6, say=lambda line: None)
