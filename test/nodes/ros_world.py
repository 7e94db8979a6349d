"""
A small world for node tests: real nodes, a real executor in a thread, real middleware.

Every test has a namespace of its own and every process of pytest a domain, so that nothing is
heard of another test. All waiting is on conditions, never on time.
"""

from itertools import count
import os
import threading
import time

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from physioser_ros.nodes.conversions import message_type
from physioser_ros.nodes.process import Spinner
from physioser_ros.nodes.qos import profile, SubscriptionEventCallbacks

TIMEOUT_S = 60.0
#: How often a server is asked until it answers, so that it is known to know who asks.
GREETINGS = 10

_numbers = count()


def wait_until(condition, what, timeout_s=TIMEOUT_S, pause_s=0.005):
    """Return the first true value of `condition()`, or fail naming `what` was waited for."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f'waited {timeout_s} s in vain for {what}'
        time.sleep(pause_s)


class Received(list):
    """Messages of a topic, and how many publishers the subscription is matched with."""

    def __init__(self, name):
        super().__init__()
        self._name = name
        self._publishers = 0

    def on_matched(self, event):
        """Take note of a change of the matches."""
        self._publishers = event.current_count

    def wait_matched(self, count=1):
        """Wait until so many publishers are matched."""
        wait_until(lambda: self._publishers >= count, f'{count} publishers of {self._name}')

    def wait_left(self):
        """Wait until every publisher has left."""
        wait_until(lambda: self._publishers == 0, f'the last publisher of {self._name} to leave')

    def wait(self, count=1):
        """Wait until so many messages came; return the last of them."""
        wait_until(lambda: len(self) >= count, f'{count} messages on {self._name}')
        return self[count - 1]

    def until(self, count):
        """Wait until so many messages came; return the list."""
        wait_until(lambda: len(self) >= count, f'{count} messages on {self._name}')
        return self


class World:
    """A namespace with an observer node and the nodes under test."""

    def __init__(self):
        self.namespace = f'/test_{os.getpid()}_{next(_numbers)}'
        self.executor = SingleThreadedExecutor()
        self.failed = threading.Event()
        self.observer = Node('observer', namespace=self.namespace)
        self.nodes = []
        self._clients = {}
        self.executor.add_node(self.observer)
        self._spinner = Spinner(self.executor, self.failed.set)
        self._spinner.start()

    def close(self):
        """Stop everything; fail if the executor died."""
        self._spinner.stop()
        for node in reversed(self.nodes):
            node.close()
        for node in [*self.nodes, self.observer]:
            node.destroy_node()
        assert not self.failed.is_set(), 'the executor ended with an exception'

    def add(self, kind, parameters=None, **options):
        """Create a node of class `kind` in this namespace, with parameters by name."""
        overrides = [Parameter(name, value=value) for name, value in (parameters or {}).items()]
        node = kind(namespace=self.namespace, parameter_overrides=overrides, **options)
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def listen(self, topic, qos=None):
        """Return a Received list that fills with the messages of a topic."""
        received = Received(topic.name)
        self.observer.create_subscription(
            message_type(topic.type), topic.name, received.append, qos or profile(topic.qos),
            event_callbacks=SubscriptionEventCallbacks(matched=received.on_matched))
        return received

    def speak(self, topic):
        """Return a publisher of a topic."""
        return self.observer.create_publisher(
            message_type(topic.type), topic.name, profile(topic.qos))

    def connected(self, node, received):
        """
        Wait until both sides of every topic know each other.

        :param node: the node that publishes.
        :param received: dict of Received lists by topic.
        """
        for topic, messages in received.items():
            messages.wait_matched()
            name = self.observer.resolve_topic_name(topic.name)
            for publisher in node.publishers:
                if publisher.topic_name == name:
                    self.matched(publisher)

    def matched(self, publisher, subscribers=1):
        """Wait until a publisher has its subscribers."""
        wait_until(lambda: publisher.get_subscription_count() >= subscribers,
                   f'{subscribers} subscribers of {publisher.topic_name}')

    def call(self, service, service_type, **fields):
        """Call a service such as 'audio_capture/reset' and return its response."""
        client = self._client(service, service_type)
        future = client.call_async(service_type.Request(**fields))
        wait_until(future.done, f'the answer of {service}')
        return future.result()

    def _client(self, service, service_type):
        """Return a client whom the server knows as well; what comes before that is lost."""
        if service in self._clients:
            return self._clients[service]
        client = self._clients[service] = self.observer.create_client(service_type, service)
        assert client.wait_for_service(TIMEOUT_S), f'no service {service}'
        node = service.rpartition('/')[0]
        greeting = f'{node}/get_state'
        if greeting not in self._clients:
            self._clients[greeting] = self.observer.create_client(GetState, greeting)
        asked = self._clients[greeting]
        # Endpoints are made known in their order: when this later one is answered, so is ours.
        for _ in range(GREETINGS):
            future, until = asked.call_async(GetState.Request()), time.monotonic() + 1
            while time.monotonic() < until:
                if future.done():
                    return client
                time.sleep(0.005)
        return client

    def transition(self, node, label):
        """Ask a node for a lifecycle transition by its label; return whether it succeeded."""
        return self.call(f'{node}/change_state', ChangeState,
                         transition=Transition(label=label)).success

    def state(self, node):
        """Return the label of the lifecycle state of a node."""
        return self.call(f'{node}/get_state', GetState).current_state.label


def diagnostics_of(messages, node):
    """Return the statuses of a node (fully qualified name) out of messages of /diagnostics."""
    prefix = node.lstrip('/') + ':'
    return [status for message in messages for status in message.status
            if status.name.startswith(prefix)]


def values_of(status):
    """Return the values of a DiagnosticStatus by key."""
    return {item.key: item.value for item in status.values}
