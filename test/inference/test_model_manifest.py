"""The manifest: what sha256sum writes is read, what it would not write is refused."""

import subprocess

import pytest

from physioser_ros.inference import MANIFEST_NAME, ManifestError, read_manifest, write_manifest


def test_a_written_manifest_is_read_and_passes_sha256sum(tmp_path):
    for name in ('b.onnx', 'a model.onnx'):
        (tmp_path / name).write_bytes(name.encode())
    path = write_manifest(tmp_path, tmp_path.glob('*.onnx'))
    assert path.name == MANIFEST_NAME
    assert list(read_manifest(path)) == ['a model.onnx', 'b.onnx']
    subprocess.run(['sha256sum', '--check', '--strict', MANIFEST_NAME], cwd=tmp_path,
                   check=True, stdout=subprocess.DEVNULL)


def test_a_manifest_of_binary_mode_with_comments_is_read(tmp_path):
    path = tmp_path / MANIFEST_NAME
    path.write_text(f'# models\n\n{"A" * 64} *x.onnx\n')
    assert read_manifest(path) == {'x.onnx': 'a' * 64}


@pytest.mark.parametrize('content', [
    b'abc  x.onnx\n', b'a' * 64 + b'\n', b'a' * 63 + b'g  x.onnx\n', b'\xff\xfe',
    b'a' * 64 + b' x.onnx\n'])
def test_a_broken_manifest_is_refused(tmp_path, content):
    path = tmp_path / MANIFEST_NAME
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=MANIFEST_NAME):
        read_manifest(path)
