"""What the documentation names must exist, and its pages must build without a warning."""

from html.parser import HTMLParser
import re
import subprocess
import sys
from urllib.parse import unquote, urlsplit

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
    pages = {path.relative_to(tmp_path / 'html').as_posix(): Links.of(path)
             for path in (tmp_path / 'html').glob('*.html')}
    assert {page.with_suffix('.html').name for page in PAGES} <= set(pages)
    said = [f'{name} leads to {target}, which is not there' for name, page in pages.items()
            for target in page.targets if not reached(tmp_path / 'html', name, target, pages)]
    assert not said, '\n'.join(said)


class Links(HTMLParser):
    """Collects where a page leads to, and the places in it that can be led to."""

    @classmethod
    def of(cls, path):
        """Return what was collected from the file `path`."""
        page = cls()
        page.targets, page.places = set(), {''}
        page.feed(path.read_text(encoding='utf-8'))
        return page

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places.add(attributes.get('id'))
        if tag in ('a', 'img', 'link', 'script'):
            self.targets |= {attributes.get('href'), attributes.get('src')} - {None}


def reached(folder, name, target, pages):
    """Return whether a link is one to elsewhere, or leads to a file and a place in it."""
    link = urlsplit(target)
    if link.scheme or link.netloc:
        return True
    path = unquote(link.path) or name
    if path in pages:
        return unquote(link.fragment) in pages[path].places
    return (folder / path).is_file()


@pytest.mark.parametrize('page', [ROOT / 'README.md', ROOT / 'models' / 'README.md', *PAGES],
                         ids=lambda page: page.stem)
def test_the_files_that_a_page_leads_to_exist(page):
    text = re.sub(r'(?ms)^ *```.*?^ *```', '', page.read_text(encoding='utf-8'))
    targets = re.findall(r'\]\(([^)\s]+)\)', text) + [
        f'{name}.md' for name in re.findall(r'\{doc\}`([\w/]+)`', text)]
    said = [target for target in targets if not urlsplit(target).scheme and target[0] != '#'
            and not (page.parent / unquote(urlsplit(target).path)).is_file()]
    assert not said, f'{page.name} leads to {", ".join(said)}'
