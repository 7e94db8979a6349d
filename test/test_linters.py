"""The rules of the ament linters, checked by the tools that those run."""

import re
import shutil
import subprocess
import sys

from places import ROOT
import pytest


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_source_follows_the_style_of_ament_flake8():
    result = run(sys.executable, '-m', 'flake8', 'physioser_ros', 'test', 'tools', 'launch',
                 'setup.py')
    assert result.returncode == 0, result.stdout + result.stderr


def test_package_xml_is_well_formed():
    if shutil.which('xmllint') is None:
        pytest.skip('xmllint is not installed')
    result = run('xmllint', '--noout', '--nonet', 'package.xml')
    assert result.returncode == 0, result.stderr


def test_package_xml_and_the_version_file_agree():
    version = (ROOT / 'physioser_ros' / 'VERSION').read_text().strip()
    assert f'<version>{version}</version>' in (ROOT / 'package.xml').read_text()


def test_no_path_of_one_machine_is_in_the_source():
    files = run('git', 'ls-files').stdout.split()
    if not files:
        pytest.skip('not a git checkout')
    pattern = re.compile(r'(?<![\w.])/(home|root|Users)/\w')
    found = [name for name in files
             if name.endswith(('.py', '.sh', '.yaml', '.md'))
             and pattern.search((ROOT / name).read_text(encoding='utf-8'))]
    assert found == []
