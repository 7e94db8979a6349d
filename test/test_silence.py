"""Libraries that would tell others what runs here are told not to, before they are imported."""

import os
import subprocess
import sys

from places import ROOT
import pytest


@pytest.mark.parametrize('module', ['physioser_ros.inference.session',
                                    'physioser_ros.audio.vad.silero'])
def test_onnxruntime_keeps_no_file_about_this_machine(module, tmp_path):
    pytest.importorskip('onnxruntime')
    environment = {name: value for name, value in os.environ.items()
                   if name != 'ORT_DISABLE_TELEMETRY'}
    run = subprocess.run(
        [sys.executable, '-B', '-c', f'import {module}, onnxruntime'], cwd=ROOT,
        env={**environment, 'HOME': str(tmp_path)}, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()
    assert list(tmp_path.rglob('*')) == []
