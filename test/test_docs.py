"""What the documentation names must exist, and its pages must build without a warning."""

import re
import subprocess
import sys

from places import ROOT
import pytest

from physioser_ros.nodes.parameters import TABLES
from physioser_ros.nodes.topics import PUBLISHED, SERVICES, SUBSCRIBED

PAGES = sorted((ROOT / 'docs').glob('*.md'))

PARAMETERS = {parameter.name for table in TABLES.values() for parameter in table}
GROUPS = {name.partition('.')[0] for name in PARAMETERS if '.' in name}
TOPICS = {topic.name for table in (PUBLISHED, SUBSCRIBED) for topics in table.values()
          for topic in topics}
SERVICE_NAMES = {service[0] for table in SERVICES.values() for service in table}


def code(page):
    """Return what stands between single backticks on a page."""
    return re.findall(r'(?<!`)`([^`\n]+)`(?!`)', page.read_text(encoding='utf-8'))


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_parameters_topics_and_services_exist(page):
    wrong = []
    for text in code(page):
        name = text.partition(':')[0].strip()
        group, dot, _ = name.partition('.')
        if dot and group in GROUPS and re.fullmatch(r'[a-z_]+\.[a-z_0-9]+', name):
            wrong += [name] if name not in PARAMETERS else []
        elif re.fullmatch(r'(audio|audio_in|emotion)/[a-z_/]+[a-z]', text):
            wrong += [text] if text not in TOPICS else []
        elif text.startswith('~/'):
            wrong += [text] if text not in SERVICE_NAMES | TOPICS else []
    assert not wrong, f'{page.name} names what does not exist: {", ".join(wrong)}'


def test_the_site_builds_without_a_warning(tmp_path):
    for package in ('sphinx', 'myst_parser', 'furo'):
        pytest.importorskip(package)
    built = subprocess.run(
        [sys.executable, '-m', 'sphinx', '-q', '-W', '--keep-going', '-b', 'html',
         '-d', str(tmp_path / 'doctrees'), str(ROOT / 'docs'), str(tmp_path / 'html')],
        capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / 'html' / 'index.html').is_file()
