"""The Foxglove layout shows topics that there are, and every panel of it."""

import json
from pathlib import Path
import re

import pytest

from physioser_ros.nodes.topics import PUBLISHED

PATH = Path(__file__).resolve().parent.parent.parent / 'config' / 'foxglove_layout.json'


def leaves(tree):
    """Return the panels in a split of the layout."""
    if isinstance(tree, str):
        return [tree]
    return leaves(tree['first']) + leaves(tree['second'])


#: Kinds of panel that Foxglove brings with it.
KINDS = {'DiagnosticSummary', 'Image', 'Plot', 'RawMessages', 'StateTransitions'}


def shown_paths(config):
    """Yield every topic or message path in a part of the layout."""
    if isinstance(config, dict):
        config = config.values()
    if isinstance(config, str):
        if config.startswith('/'):
            yield config
    elif not isinstance(config, (int, float)):
        for part in config:
            yield from shown_paths(part)


def field_type(kind, path):
    """Return the type of `path`, such as results[0].score, in messages of type `kind`."""
    from physioser_ros.nodes.conversions import message_type

    name = kind
    for step in path.split('.') if path else ():
        field, _, index = step.partition('[')
        name = message_type(name).get_fields_and_field_types()[field]
        if index:
            inside = re.fullmatch(r'sequence<(.+?)(, \d+)?>|(.+)\[\d*\]', name)
            assert inside, f'{path}: {field} is a {name}, no list'
            name = inside[1] or inside[3]
    return name


def test_every_panel_is_of_a_known_kind_and_every_path_leads_to_what_it_can_show():
    pytest.importorskip('vision_msgs.msg', reason='no message packages: source tools/env.sh')
    kinds = {'/' + topic.name.lstrip('/'): topic.type
             for table in PUBLISHED.values() for topic in table}
    for panel, config in json.loads(PATH.read_text())['configById'].items():
        kind = panel.partition('!')[0]
        assert kind in KINDS
        for path in shown_paths(config):
            topic, _, rest = path.partition('.')
            leads_to = field_type(kinds[topic], rest)
            if kind == 'Plot':
                assert leads_to in ('float', 'double', 'boolean', 'uint8'), path
            if kind == 'Image':
                assert leads_to == 'sensor_msgs/Image', path


def test_every_panel_has_its_place():
    layout = json.loads(PATH.read_text())
    assert sorted(leaves(layout['layout'])) == sorted(layout['configById'])


def test_every_topic_exists():
    shown = set(re.findall(r'"(/[a-z_/]+)[".\[]', PATH.read_text()))
    published = {'/' + topic.name.lstrip('/') for table in PUBLISHED.values() for topic in table}
    assert {'/emotion/classification', '/emotion/attention_map'} <= shown
    assert shown <= published
