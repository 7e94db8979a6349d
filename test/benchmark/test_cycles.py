"""Both nodes through their lifecycle, as `physioser soak cycles` takes them."""

import subprocess
import sys

from places import ROOT
import pytest

pytest.importorskip('psutil', reason='no requirements/bench.in')


def test_the_command_takes_both_nodes_round_and_writes_the_table(ros, tiny_model, tmp_path):
    page = tmp_path / 'page.md'
    page.write_text('before\n<!-- table: cycles -->\nold\n<!-- end -->\nafter\n')
    run = subprocess.run(
        [sys.executable, '-m', 'physioser_ros.commands.main', 'soak', 'cycles', '--model',
         tiny_model, '--cycles', '1', '--report', page],
        cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    text = page.read_text()
    assert 'old' not in text and text.startswith('before') and text.endswith('after\n')
    for way in ('configure to cleanup', 'activate, deactivate'):
        for node in ('audio_capture', 'emotion_recognizer'):
            assert f'| {way} | {node} | 1 |' in text
