"""A whole export: one file that the inference room runs, its card, its digest, its proof."""

from dataclasses import replace
import re

import export_models
from export_models import FACTS
import numpy as np
import onnx
import pytest

from physioser_ros.export import export_model, ExportError, exporting, ParityReport
from physioser_ros.inference import load_model, MANIFEST_NAME, write_manifest


@pytest.fixture
def instant(monkeypatch, exported):
    """Return a function of a parity report that makes `export_model` instant, with that report."""
    def use(report):
        monkeypatch.setattr(exporting, 'to_onnx', lambda *args, **kwargs: onnx.load(exported.path))
        monkeypatch.setattr(exporting, 'measure', lambda *args: report)
    return use


def export_again(path, **changes):
    return export_model(lambda: export_models.tiny_model(speaker=True), FACTS, path,
                        say=lambda line: None, **{'max_seconds': 6, **changes})


GOOD = ParityReport(1e-6, 'probabilities, noise', 1.0, 3)


@pytest.mark.timeout(900)
def test_the_file_agrees_with_torch_in_a_fresh_process(exported):
    assert exported.exact.max_error <= 1e-4
    assert exported.stored.max_error <= 1e-3
    assert exported.exact.cases == exported.stored.cases >= 16
    assert exported.stored.same_label == 1


def test_the_inference_room_runs_the_file(exported):
    model = load_model(exported.path)
    assert model.labels == export_models.LABELS
    assert model.metadata.speaker.width == 32 + len(export_models.LABELS)
    assert model.metadata.max_samples == 96000
    assert model.metadata.frame_step_s == pytest.approx((0.04, 0.08))
    assert model.metadata.threshold == 0.4
    wave = np.random.default_rng(0).standard_normal(20000).astype(np.float32) * 0.1
    one = model.run(wave)
    five = model.run(wave, component_mask=np.concatenate([np.ones((1, 4)), 1 - np.eye(4)])
                     .astype(np.float32))
    assert np.allclose(five.probabilities[0], one.probabilities[0], atol=1e-5)
    assert abs(five.probabilities[1:] - one.probabilities).max() > 1e-5
    assert one.speaker_state_next[0] == 1


def test_what_is_remembered_of_a_speaker_counts(exported):
    model = load_model(exported.path)
    wave = np.random.default_rng(1).standard_normal(20000).astype(np.float32) * 0.1
    first = model.run(wave)
    again = model.run(wave, speaker_state=first.speaker_state_next)
    assert abs(again.probabilities - first.probabilities).max() > 1e-4
    assert again.speaker_state_next[0] == 2


def test_the_licence_follows_from_the_corpora():
    free = [corpus for corpus in FACTS.corpora if corpus.licence_class == 'permissive']
    assert replace(FACTS, licence='Apache-2.0').weights_licence == 'CC-BY-NC-SA-4.0'
    assert replace(FACTS, corpora=free).weights_licence == 'CC-BY-4.0'
    assert replace(FACTS, corpora=free, licence='Apache-2.0').weights_licence == 'Apache-2.0'


def test_the_metadata_say_where_the_model_comes_from(exported):
    raw = load_model(exported.path).metadata.raw
    assert raw['licence'] == 'CC-BY-NC-SA-4.0'
    assert raw['backbone']['name'] == 'whisper-base' and raw['backbone']['layers'] == [1]
    assert 'not self-supervised' in raw['backbone']['note']
    assert [corpus['name'] for corpus in raw['corpora']] == ['EmoDB', 'nEMO']
    assert raw['calibration'] == {'temperature': 1.7, 'threshold': 0.4,
                                  'fitted_on': 'two speakers'}
    assert raw['training']['seed'] == 3


def test_the_card_names_use_misuse_data_and_figures(exported):
    card = exported.card.read_text()
    for part in ('# tiny 0.1.0', 'No hiring', 'No lie detection', 'No diagnosis', 'AI Act',
                 '| nEMO | pl | CC BY-NC-SA 4.0 | no | 4481 | none |', 'CC-BY-NC-SA-4.0',
                 '| emodb | 5 | 0.900 | 0.800 | 0.700 | 0.050 |', 'emodb_03', 'acted speech',
                 'not self-supervised', 'temperature of 1.700'):
        assert part in card


def test_the_nodes_name_their_module_and_no_file(exported):
    graph = onnx.load(exported.path).graph
    text = str([node.metadata_props for node in graph.node])
    assert {note.key for node in graph.node for note in node.metadata_props} == {
        'pkg.torch.onnx.name_scopes'}
    assert 'backbone' in text and 'quartet' in text
    assert not re.search(r'\.py|/', text)


def test_the_manifest_keeps_its_other_entries(instant, tmp_path):
    instant(GOOD)
    (tmp_path / 'other.onnx').write_bytes(b'other')
    write_manifest(tmp_path, [tmp_path / 'other.onnx'])
    export_again(tmp_path / 'new.onnx')
    text = (tmp_path / MANIFEST_NAME).read_text()
    assert [line.split()[1] for line in text.splitlines()] == ['new.onnx', 'other.onnx']
    assert load_model(tmp_path / 'new.onnx').metadata.name == 'tiny'


@pytest.mark.parametrize('error', [0.1, float('inf'), float('nan')])
def test_a_file_that_disagrees_is_not_left_behind(instant, tmp_path, error):
    instant(replace(GOOD, max_error=error))
    with pytest.raises(ExportError, match='disagrees with torch'):
        export_again(tmp_path / 'new.onnx')
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_not_left_behind(instant, tmp_path):
    instant(GOOD)
    with pytest.raises(ExportError, match='expected less than 1000'):
        export_again(tmp_path / 'new.onnx', max_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_wrong_wishes_are_told_before_the_work(tmp_path):
    with pytest.raises(ExportError, match='does not end in .onnx'):
        export_again(tmp_path / 'model.bin')
    with pytest.raises(ExportError, match='max_seconds is 0.01'):
        export_again(tmp_path / 'model.onnx', max_seconds=0.01)
