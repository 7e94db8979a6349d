"""docs/privacy.md says of every topic what it reveals."""

from fnmatch import fnmatch
import re

from places import ROOT

from physioser_ros.nodes import topics


def test_every_topic_stands_on_the_page():
    page = (ROOT / 'docs' / 'privacy.md').read_text(encoding='utf-8')
    rows = [line for line in page.splitlines() if line.startswith('|')]
    named = [name for row in rows for name in re.findall(r'`([^`]+)`', row.split('|')[1])]
    missing = [topic.name for published in topics.PUBLISHED.values() for topic in published
               if not any(fnmatch(topic.name, name) for name in named)]
    assert not missing
