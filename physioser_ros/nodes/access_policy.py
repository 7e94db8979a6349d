"""
Write the SROS 2 policy of both nodes and their consumer out of the tables of topics and services.

`python3 -m physioser_ros.nodes.access_policy` writes config/sros2/policy.xml; `ros2 security
create_permission` turns that into the permissions of an enclave.
"""

from pathlib import Path
from xml.etree import ElementTree

from physioser_ros.nodes import topics

PATH = Path(__file__).resolve().parents[2] / 'config' / 'sros2' / 'policy.xml'

#: What every node of rclpy has: its parameters and its types, asked for by `ros2 param`.
_PARAMETERS = ('describe_parameters', 'get_parameter_types', 'get_parameters', 'list_parameters',
               'set_parameters', 'set_parameters_atomically')
#: The rest of a lifecycle node.
_LIFECYCLE = ('change_state', 'get_available_states', 'get_available_transitions', 'get_state',
              'get_transition_graph')
_TYPES = ('get_type_description',)
_EVERYBODY_PUBLISHES = ('/parameter_events', '/rosout', '~/transition_event')
_EVERYBODY_HEARS = ('/clock', '/parameter_events')

#: Published only where parameters ask for it, under names that hold the id of a voice.
OPTIONAL = {'emotion_recognizer': ('humans/voices/tracked', 'humans/voices/*/is_speaking',
                                   'humans/voices/*/expression')}
#: Heard only where parameters ask for it.
OPTIONAL_HEARD = {'emotion_recognizer': ('humans/voices/tracked',)}
#: A consumer of the answers needs no more than this.
CONSUMER_HEARS = (topics.CLASSIFICATION, topics.LABEL_INFO)


def published(node):
    """Return the topics that a node may publish, as a policy writes them."""
    return (*_EVERYBODY_PUBLISHES, *(topic.name for topic in topics.PUBLISHED[node]),
            *OPTIONAL.get(node, ()))


def heard(node):
    """Return the topics that a node may hear."""
    return (*_EVERYBODY_HEARS, *(topic.name for topic in topics.SUBSCRIBED[node]),
            *OPTIONAL_HEARD.get(node, ()))


def served(node):
    """Return the services that a node may answer."""
    return tuple(f'~/{name}' for name in (*_PARAMETERS, *_LIFECYCLE, *_TYPES)) + tuple(
        name for name, _, _ in topics.SERVICES[node])


def policy():
    """Return the policy as text."""
    root = ElementTree.Element('policy', version='0.2.0')
    enclaves = ElementTree.SubElement(root, 'enclaves')
    for node in topics.PUBLISHED:
        profile = _profile(enclaves, node)
        _rules(profile, 'topics', 'publish', 'topic', published(node))
        _rules(profile, 'topics', 'subscribe', 'topic', heard(node))
        _rules(profile, 'services', 'reply', 'service', served(node))
    consumer = _profile(enclaves, 'emotion_consumer')
    _rules(consumer, 'topics', 'publish', 'topic', ('/parameter_events', '/rosout'))
    _rules(consumer, 'topics', 'subscribe', 'topic',
           (*_EVERYBODY_HEARS, *(topic.name for topic in CONSUMER_HEARS)))
    _rules(consumer, 'services', 'reply', 'service',
           [f'~/{name}' for name in (*_PARAMETERS, *_TYPES)])
    ElementTree.indent(root, '  ')
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            + ElementTree.tostring(root, encoding='unicode') + '\n')


def _profile(enclaves, node):
    enclave = ElementTree.SubElement(enclaves, 'enclave', path=f'/physioser/{node}')
    profiles = ElementTree.SubElement(enclave, 'profiles')
    return ElementTree.SubElement(profiles, 'profile', ns='/', node=node)


def _rules(profile, group, rule, item, names):
    rules = ElementTree.SubElement(profile, group, {rule: 'ALLOW'})
    for name in sorted(names):
        ElementTree.SubElement(rules, item).text = name


if __name__ == '__main__':
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(policy(), encoding='utf-8')
