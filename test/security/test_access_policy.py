"""The SROS 2 policy: the file is what the tables say, and the nodes do nothing beside it."""

from xml.etree import ElementTree

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from physioser_ros.nodes import access_policy, topics  # noqa: E402,I100
from physioser_ros.nodes.audio_capture import AudioCapture  # noqa: E402
from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer  # noqa: E402

#: Everything that can be switched on and needs no other package.
ALL = {
    'audio_capture': (AudioCapture, {'source': 'topic', 'publish_stream': True,
                                     'partial.period_s': 1.0}),
    'emotion_recognizer': (EmotionRecognizer, {'publish.attention_image': True,
                                               'publish.saliency': True}),
}


def allowed(node, group, rule):
    """Return the names of a rule in the file, without the leading slash of the absolute ones."""
    root = ElementTree.fromstring(access_policy.PATH.read_text(encoding='utf-8'))
    return {entry.text for profile in root.iter('profile') if profile.get('node') == node
            for rules in profile.iter(group) if rules.get(rule) == 'ALLOW' for entry in rules}


def test_the_policy_is_that_of_the_tables():
    assert access_policy.PATH.read_text(encoding='utf-8') == access_policy.policy(), (
        'python3 -m physioser_ros.nodes.access_policy')


@pytest.mark.parametrize('name', ALL)
def test_a_running_node_needs_no_more_than_the_policy_allows_and_no_less(
        name, world, tiny_model):
    kind, parameters = ALL[name]
    if name == 'emotion_recognizer':
        parameters = {**parameters, 'model.path': tiny_model}
    node = world.add(kind, parameters)
    for label in ('configure', 'activate'):
        assert world.transition(name, label), node.problem
    space, own = world.namespace, f'{world.namespace}/{name}'

    def names(found):
        return {topic.replace(own, '~', 1) if topic.startswith(f'{own}/') else
                topic.replace(f'{space}/', '', 1) for topic, _ in found}
    published = names(node.get_publisher_names_and_types_by_node(name, space))
    heard = names(node.get_subscriber_names_and_types_by_node(name, space))
    served = names(node.get_service_names_and_types_by_node(name, space))
    asked = node.get_client_names_and_types_by_node(name, space)
    optional = set(access_policy.OPTIONAL.get(name, ()))
    assert published == allowed(name, 'topics', 'publish') - optional
    # Heard only under simulated time, or for the voices of other packages.
    sometimes = {'/clock', '/parameter_events', topics.VOICE_DETECTED.name,
                 *access_policy.OPTIONAL_HEARD.get(name, ())}
    assert heard <= allowed(name, 'topics', 'subscribe') <= heard | sometimes
    # Distributions differ in the services that every node has.
    assert served <= allowed(name, 'services', 'reply')
    assert {entry for entry, _, _ in topics.SERVICES[name]} <= served
    assert not asked


def test_no_service_takes_a_text_that_could_be_a_path():
    kinds = {kind for services in topics.SERVICES.values() for _, kind, _ in services}
    assert kinds <= {'std_srvs/SetBool', 'std_srvs/Trigger'}
