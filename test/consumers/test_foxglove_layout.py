"""The Foxglove layout shows topics that there are, and every panel of it."""

import json
from pathlib import Path
import re

from physioser_ros.nodes.topics import PUBLISHED

PATH = Path(__file__).resolve().parent.parent.parent / 'config' / 'foxglove_layout.json'


def leaves(tree):
    """Return the panels in a split of the layout."""
    if isinstance(tree, str):
        return [tree]
    return leaves(tree['first']) + leaves(tree['second'])


def test_every_panel_has_its_place():
    layout = json.loads(PATH.read_text())
    assert sorted(leaves(layout['layout'])) == sorted(layout['configById'])


def test_every_topic_exists():
    shown = set(re.findall(r'"(/[a-z_/]+)[".\[]', PATH.read_text()))
    published = {'/' + topic.name.lstrip('/') for table in PUBLISHED.values() for topic in table}
    assert {'/emotion/classification', '/emotion/attention_map'} <= shown
    assert shown <= published
