"""Loading: a model file is refused in one sentence, or it is what it says."""

from hashlib import sha256
import json

import pytest
from tiny_model import LABELS, write_tiny_model

from physioser_ros.inference import (
    find_model, load_model, ManifestError, ModelError, ModelFormatError, ModelNotFound,
    models_folder, ProviderError)
from physioser_ros.inference import model_file


def refusal(path, kind, **options):
    """Return the text with which a model is refused, after checking its form."""
    with pytest.raises(kind) as caught:
        load_model(path, **options)
    text = str(caught.value)
    assert '\n' not in text and len(text) < 900
    return text


def test_a_model_carries_its_metadata_digest_and_provider(tiny, tiny_path):
    assert tiny.labels == LABELS
    assert tiny.metadata.frame_step_s == (0.08, 0.08)
    assert tiny.metadata.threshold == 0.4
    assert tiny.metadata.raw['corpora'] == []
    assert tiny.sha256 == sha256(tiny_path.read_bytes()).hexdigest()
    assert tiny.providers == ('CPUExecutionProvider',)
    assert tiny.notices == ()


def test_a_session_neither_spins_nor_keeps_memory_for_each_length(tiny):
    options = tiny._session.get_session_options()
    assert options.get_session_config_entry('session.intra_op.allow_spinning') == '0'
    assert not options.enable_mem_pattern
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_a_missing_file_is_refused(tmp_path):
    assert 'No such file' in refusal(tmp_path / 'none.onnx', ModelNotFound)


def test_a_folder_is_refused(tmp_path):
    assert 'cannot be read' in refusal(tmp_path, ModelNotFound)


@pytest.mark.parametrize('damage', [
    lambda content: content[:len(content) // 2],
    lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    lambda content: b'',
], ids=['truncated', 'bit-flipped', 'empty'])
def test_a_damaged_file_is_refused_before_onnxruntime_sees_it(tmp_path, damage, monkeypatch):
    path = write_tiny_model(tmp_path / 'tiny.onnx')
    path.write_bytes(damage(path.read_bytes()))
    monkeypatch.setattr(model_file, 'create_session', lambda *_, **__: pytest.fail('was run'))
    assert 'damaged or another one' in refusal(path, ManifestError)


def test_a_swapped_file_is_refused(tmp_path):
    first = write_tiny_model(tmp_path / 'first.onnx')
    second = write_tiny_model(tmp_path / 'second.onnx', labels=LABELS[:4])
    first.write_bytes(second.read_bytes())
    assert 'SHA-256' in refusal(first, ManifestError)


def test_a_file_without_manifest_needs_its_digest(tmp_path):
    path = write_tiny_model(tmp_path / 'tiny.onnx', manifest=False)
    assert f'sha256sum {path}' in refusal(path, ManifestError)
    digest = sha256(path.read_bytes()).hexdigest()
    assert load_model(path, sha256=digest.upper()).sha256 == digest


def test_a_file_that_the_manifest_does_not_list_is_refused(tmp_path):
    write_tiny_model(tmp_path / 'listed.onnx')
    path = write_tiny_model(tmp_path / 'other.onnx', manifest=False)
    assert 'does not list other.onnx' in refusal(path, ManifestError)


def test_a_given_digest_outweighs_the_manifest(tiny_path):
    assert 'the one given' in refusal(tiny_path, ManifestError, sha256='0' * 64)
    assert 'is no SHA-256' in refusal(tiny_path, ManifestError, sha256='abc')


def test_a_file_that_is_no_onnx_is_refused_though_its_digest_is_right(tmp_path):
    path = tmp_path / 'text.onnx'
    path.write_bytes(b'this is not a model')
    digest = sha256(path.read_bytes()).hexdigest()
    assert 'does not take it' in refusal(path, ModelFormatError, sha256=digest)


def test_an_opset_of_the_future_is_refused(tmp_path):
    import onnx

    path = write_tiny_model(tmp_path / 'tiny.onnx')
    model = onnx.load(path)
    model.opset_import[0].version = 9999
    path.write_bytes(model.SerializeToString())
    digest = sha256(path.read_bytes()).hexdigest()
    assert 'does not take it' in refusal(path, ModelFormatError, sha256=digest)


@pytest.mark.parametrize('text', [b'"licence"', b'waveform'])
def test_text_that_is_not_utf_8_is_refused(tmp_path, text):
    path = write_tiny_model(tmp_path / 'tiny.onnx')
    content = path.read_bytes().replace(text, b'\xff' * len(text))
    path.write_bytes(content)
    assert 'UTF-8' in refusal(path, ModelFormatError, sha256=sha256(content).hexdigest())


@pytest.mark.parametrize('options, words', [
    ({'metadata': False}, 'no metadata'),
    ({'metadata': '{'}, 'no JSON'),
    ({'metadata': {'format': 2}}, 'format 2'),
    ({'metadata': {'labels': ['a', 'b']}}, "'probabilities' has the shape"),
    ({'output_classes': 3}, "'probabilities' has the shape"),
    ({'metadata': {'sample_rate': 8000}}, 'sample_rate = 8000'),
    ({'metadata': {'speaker': {'width': 4, 'prior_count': 4, 'max_count': 8}}},
     "no input 'speaker_state'"),
    ({'speaker': True, 'metadata': {'speaker': {'width': 5, 'prior_count': 4, 'max_count': 8}}},
     "'speaker_state' has the shape"),
    ({'speaker': True, 'metadata': {'speaker': None}}, "wants the inputs ['speaker_state']"),
    ({'nan_above': -1.0}, 'NaN'),
], ids=lambda value: None if isinstance(value, str) else '-'.join(map(str, value)))
def test_a_file_that_breaks_the_contract_is_refused(tmp_path, options, words):
    path = write_tiny_model(tmp_path / 'tiny.onnx', **options)
    text = refusal(path, ModelFormatError)
    assert words in text and str(path) in text


@pytest.mark.parametrize('old, new, words', [
    ('waveform', 'sound', "no input 'waveform'"),
    ('branch_weights', 'branches', "no output 'branch_weights'"),
])
def test_a_missing_input_or_output_is_named(tmp_path, old, new, words):
    import onnx

    path = write_tiny_model(tmp_path / 'tiny.onnx')
    model = onnx.load(path)
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]
    for value in (*model.graph.input, *model.graph.output):
        value.name = new if value.name == old else value.name
    path.write_bytes(model.SerializeToString())
    digest = sha256(path.read_bytes()).hexdigest()
    assert words in refusal(path, ModelFormatError, sha256=digest)


def test_labels_other_than_the_configured_ones_are_refused(tiny_path):
    assert load_model(tiny_path, labels=LABELS).labels == LABELS
    assert 'were expected' in refusal(tiny_path, ModelFormatError, labels=LABELS[::-1])


def test_a_required_provider_that_is_not_there_is_refused(tiny_path):
    text = refusal(tiny_path, ProviderError, require_provider=True,
                   providers=('NoSuchExecutionProvider', 'CPUExecutionProvider'))
    assert 'NoSuchExecutionProvider' in text and 'CPUExecutionProvider' in text
    assert 'no execution provider' in refusal(tiny_path, ProviderError, providers=())


def test_a_provider_that_is_not_there_is_told(tiny_path):
    model = load_model(tiny_path, providers=('NoSuchExecutionProvider',))
    assert model.providers == ('CPUExecutionProvider',)
    assert len(model.notices) == 1 and 'NoSuchExecutionProvider' in model.notices[0]


def test_weights_in_a_second_file_are_refused(tmp_path, monkeypatch):
    import onnx
    from onnx.external_data_helper import set_external_data

    path = write_tiny_model(tmp_path / 'tiny.onnx')
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) >= 4 * len(LABELS):
            set_external_data(tensor, 'weights.bin')
    onnx.save(model, path)
    assert (tmp_path / 'weights.bin').is_file()
    monkeypatch.chdir(tmp_path)
    digest = sha256(path.read_bytes()).hexdigest()
    assert 'External data' in refusal(path, ModelFormatError, sha256=digest)


def test_a_path_is_found_and_a_name_stands_for_a_model_of_the_package(tmp_path, monkeypatch):
    path = write_tiny_model(tmp_path / 'balanced.onnx')
    monkeypatch.setattr(model_file, 'models_folder', lambda: tmp_path)
    assert find_model(str(path)) == path
    assert find_model('') == find_model('balanced') == path
    with pytest.raises(ModelNotFound, match='balanced'):
        find_model('nonsense')
    path.unlink()
    with pytest.raises(ModelNotFound, match='holds none'):
        find_model('')


def test_code_in_its_source_tree_takes_the_models_of_the_tree():
    assert (models_folder().parent / 'package.xml').is_file()


def test_installed_code_takes_the_models_of_its_share_folder(tmp_path, monkeypatch):
    pytest.importorskip('ament_index_python')
    index = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    index.mkdir(parents=True)
    (index / 'physioser_ros').touch()
    monkeypatch.setattr(model_file, '__file__', str(tmp_path / 'lib/physioser_ros/inference/m.py'))
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert models_folder() == tmp_path / 'share' / 'physioser_ros' / 'models'
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'empty'))
    monkeypatch.setattr('sys.prefix', str(tmp_path / 'venv'))
    assert models_folder() == tmp_path / 'venv' / 'share' / 'physioser_ros' / 'models'


def test_every_error_of_loading_is_a_model_error():
    for kind in (ModelNotFound, ManifestError, ModelFormatError, ProviderError):
        assert issubclass(kind, ModelError)


def test_a_warmed_up_model_answers_as_a_cold_one(tiny_path, tiny):
    import numpy as np

    wave = np.sin(np.arange(16000, dtype=np.float32))
    warm = load_model(tiny_path, warm_up=True)
    assert np.array_equal(warm.run(wave).probabilities, tiny.run(wave).probabilities)


def test_metadata_are_read_as_json_alone(tmp_path):
    path = write_tiny_model(tmp_path / 'tiny.onnx', metadata=json.dumps([1]))
    assert 'JSON list' in refusal(path, ModelFormatError)
