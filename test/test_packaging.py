"""The package builds as colcon builds it, with the setuptools of every supported Ubuntu."""

import json
import subprocess
import sys

from places import ROOT
import pytest

pytest.importorskip('setuptools')

QUERY = """
import json
from distutils.core import run_setup
import setuptools
distribution = run_setup('setup.py', stop_after='init')
print(json.dumps({'data': distribution.package_data['physioser_ros'],
                  'requirements': distribution.install_requires,
                  'extras': distribution.extras_require}))
"""


@pytest.fixture(params=['in the source', 'behind a link'])
def setup(request, tmp_path):
    """Return what setup.py says; colcon --symlink-install runs a link from its build folder."""
    folder = ROOT
    if request.param == 'behind a link':
        folder = tmp_path
        for name in ('setup.py', 'physioser_ros'):
            (folder / name).symlink_to(ROOT / name)
    done = subprocess.run([sys.executable, '-c', QUERY], cwd=folder, check=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def test_every_data_file_is_installed_without_recursive_patterns(setup):
    package = ROOT / 'physioser_ros'
    files = {str(path.relative_to(package)) for path in package.rglob('*.*')
             if path.suffix in ('.yaml', '.onnx', '.csv')}
    assert 'audio/silero_vad.onnx' in files
    assert files < set(setup['data'])
    assert not any('**' in pattern for pattern in setup['data'])


def test_the_requirements_are_found_and_none_hinders_the_scripts_of_a_workspace(setup):
    assert {'numpy', 'onnxruntime'} <= set(setup['extras']['run'])
    assert setup['requirements'] == ['setuptools']
