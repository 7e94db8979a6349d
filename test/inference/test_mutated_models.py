"""Mutated model files: every one is refused before onnxruntime sees it."""

from mutated_models import mutate
import numpy as np
import pytest

from physioser_ros.inference import load_model, ManifestError
from physioser_ros.inference import model_file


def test_a_thousand_mutated_files_are_refused(tiny_path, tmp_path, monkeypatch):
    content = tiny_path.read_bytes()
    path = tmp_path / tiny_path.name
    (tmp_path / 'SHA256SUMS').write_bytes((tiny_path.parent / 'SHA256SUMS').read_bytes())
    monkeypatch.setattr(model_file, 'create_session', lambda *_, **__: pytest.fail('was run'))
    random = np.random.default_rng(5)
    for _ in range(1000):
        path.write_bytes(mutate(content, random))
        with pytest.raises(ManifestError):
            load_model(path)
