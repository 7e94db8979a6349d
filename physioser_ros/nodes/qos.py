"""Quality of service: the profiles, and endpoints that can be overridden and that complain."""

from functools import partial

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos import qos_check_compatible, qos_policy_name_from_kind, QoSCompatibility
from rclpy.qos_overriding_options import QoSOverridingOptions

from physioser_ros.nodes.conversions import message_type

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:
    # Humble has them in another module.
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks


def _profile(reliable, latched, depth):
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE)


#: Arguments of the profiles: reliable, latched, depth.
PROFILES = {
    'results': (True, False, 10),
    # As many as queue.depth allows: what many people say at once is dropped there, and counted.
    'utterances': (True, False, 64),
    'newest': (True, False, 1),
    'newest_lossy': (False, False, 1),
    'latched': (True, True, 1),
    'stream': (False, False, 50),
}


def profile(name):
    """Return a new QoSProfile; rclpy writes overrides into the one that it is given."""
    return _profile(*PROFILES[name])


def describe(name):
    """Return a profile in words, for the documentation."""
    reliable, latched, depth = PROFILES[name]
    return ', '.join(('reliable' if reliable else 'best effort',
                      'latched' if latched else 'volatile', f'depth {depth}'))


def publish_on(node, topic, on_incompatible):
    """
    Create a lifecycle publisher whose QoS can be overridden by parameters.

    :param node: the LifecycleNode.
    :param topic: entry of :mod:`physioser_ros.nodes.topics`.
    :param on_incompatible: called with one sentence when a subscription cannot be served.
    """
    return node.create_lifecycle_publisher(
        message_type(topic.type), topic.name, profile(topic.qos),
        qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        event_callbacks=PublisherEventCallbacks(
            incompatible_qos=partial(_report, node, topic, True, on_incompatible)))


def subscribe_to(node, topic, callback, on_incompatible):
    """Create a subscription in the same way; `callback` takes one message."""
    return node.create_subscription(
        message_type(topic.type), topic.name, callback, profile(topic.qos),
        qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        event_callbacks=SubscriptionEventCallbacks(
            incompatible_qos=partial(_report, node, topic, False, on_incompatible)))


def subscribers(published):
    """
    Return how many subscribers each topic has, as values for the diagnostics.

    :param published: dict of publishers by topic.
    """
    return {f'subscribers.{topic.name}': publisher.get_subscription_count()
            for topic, publisher in published.items()}


def _report(node, topic, is_publisher, on_incompatible, event):
    name = node.resolve_topic_name(topic.name)
    publishers = node.get_publishers_info_by_topic(name)
    subscriptions = node.get_subscriptions_info_by_topic(name)
    own, others = (publishers, subscriptions) if is_publisher else (subscriptions, publishers)
    culprits = sorted({
        f'{other.node_namespace.rstrip("/")}/{other.node_name}'
        for other in others for mine in own
        if mine.node_name == node.get_name() and mine.node_namespace == node.get_namespace()
        and not _compatible(*((mine, other) if is_publisher else (other, mine)))})
    who = ', '.join(culprits) or 'another node'
    policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
    if is_publisher:
        on_incompatible(f'{who} subscribes to {name} with a {policy} that is not offered and '
                        'will hear nothing: change its QoS, or this one by qos_overrides')
    else:
        on_incompatible(f'{who} publishes {name} with a {policy} that is less than asked for '
                        'and will not be heard: change its QoS, or this one by qos_overrides')


def _compatible(publisher, subscription):
    verdict, _ = qos_check_compatible(publisher.qos_profile, subscription.qos_profile)
    return verdict != QoSCompatibility.ERROR
