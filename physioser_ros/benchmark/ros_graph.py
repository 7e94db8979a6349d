"""The nodes under test as processes of their own, and a client that talks to them."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import psutil

from physioser_ros.benchmark.contestant import Absent

#: Longest time for a node to become active and be discovered, in s.
ACTIVE_S = 60.0
#: Longest time for an answer.
ANSWER_S = 30.0
END_S = 5.0

_MIB = 2 ** 20


class NodeProcess:
    """One executable of the package, run from this very source."""

    def __init__(self, name: str, namespace: str, parameters: Mapping[str, Any],
                 log: Path, node: str = '') -> None:
        """
        Start it.

        :param name: a function of `physioser_ros.nodes.executables`
        :param namespace: of its nodes
        :param parameters: values by name
        :param log: file for what it writes
        :param node: name of its node, '' for the usual one
        """
        start = f'from physioser_ros.nodes.executables import {name}; {name}()'
        command = [sys.executable, '-c', start, '--ros-args', '-r', f'__ns:={namespace}',
                   '--log-level', 'warn']
        if node:
            command += ['-r', f'__node:={node}']
        for parameter, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            command += ['-p', f'{parameter}:={text}']
        self.name, self._log = name, log
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join([root, *filter(None, [os.environ.get('PYTHONPATH')])])
        with log.open('w') as file:
            self._process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'})
        self._watched = psutil.Process(self._process.pid)

    def check(self) -> None:
        """Raise Absent if it has ended; the text is the last line that it wrote."""
        if self._process.poll() is not None:
            lines = self._log.read_text(errors='replace').strip().splitlines()
            raise Absent(f'{self.name} ended with exit code {self._process.returncode}: '
                         f'{lines[-1][:300] if lines else "it wrote nothing"}')

    @property
    def cpu_s(self) -> float:
        """Return its CPU time so far in s."""
        times = self._watched.cpu_times()
        return times.user + times.system

    @property
    def resident_mib(self) -> float:
        """Return its resident memory in MiB."""
        return self._watched.memory_info().rss / _MIB

    def sleeps(self) -> int:
        """Return how often its threads went to sleep by themselves so far; Linux, else 0."""
        count = 0
        for path in Path('/proc', str(self._process.pid), 'task').glob('*/status'):
            try:
                lines = path.read_text().splitlines()
            except OSError:
                # The thread has ended meanwhile.
                continue
            count += sum(int(line.split()[1]) for line in lines
                         if line.startswith('voluntary_ctxt_switches'))
        return count

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def end(self) -> Optional[int]:
        """End it as Ctrl-C does; return its exit code, None where it had to be killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None

    def close(self) -> None:
        """End it."""
        self.end()


class Heard(list):
    """Messages of one topic as (time of arrival in s, message)."""

    def __init__(self) -> None:
        super().__init__()
        self.publishers = 0

    def on_matched(self, event: Any) -> None:
        """Take note of how many publishers are there."""
        self.publishers = event.current_count


class Client:
    """A node in this process that publishes sound and hears answers."""

    def __init__(self) -> None:
        """
        Join a domain of this process, on this machine alone.

        :raises Absent: ROS 2 or the message packages are not in the environment
        """
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
        # Above 101 the ports run into those of outgoing connections.
        os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
        try:
            import rclpy
            from rclpy.executors import SingleThreadedExecutor
            from rclpy.signals import SignalHandlerOptions

            from physioser_ros.nodes.conversions import check_messages

            check_messages()
        except ImportError as error:
            raise Absent(f'{error}: source ROS 2 and the workspace, then run again') from error
        self.namespace = f'/bench_{os.getpid()}'
        self._rclpy = rclpy
        # Ctrl-C ends the command, not ROS under it.
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node('bench', namespace=self.namespace)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)

    def publisher(self, topic: Any) -> Any:
        """Return a publisher of an entry of :mod:`physioser_ros.nodes.topics`."""
        from physioser_ros.nodes.conversions import message_type
        from physioser_ros.nodes.qos import profile

        return self.node.create_publisher(message_type(topic.type), topic.name,
                                          profile(topic.qos))

    def hear(self, topic: Any, namespace: str = '') -> Heard:
        """
        Return the list into which the messages of a topic go.

        :param topic: an entry of :mod:`physioser_ros.nodes.topics`
        :param namespace: of the nodes, '' for that of this client
        """
        from physioser_ros.nodes.conversions import message_type
        from physioser_ros.nodes.qos import profile, SubscriptionEventCallbacks

        heard = Heard()
        self.node.create_subscription(
            message_type(topic.type), f'{namespace}/{topic.name}' if namespace else topic.name,
            lambda message: heard.append((time.perf_counter(), message)), profile(topic.qos),
            event_callbacks=SubscriptionEventCallbacks(matched=heard.on_matched))
        return heard

    def until(self, condition: Callable[[], Any], what: str, processes: Sequence[NodeProcess],
              timeout_s: float = ANSWER_S) -> None:
        """
        Take messages until a condition holds.

        :raises Absent: a process ended, or it took too long
        """
        deadline = time.monotonic() + timeout_s
        while not condition():
            self._executor.spin_once(timeout_sec=0.1)
            for process in processes:
                process.check()
            if time.monotonic() > deadline:
                raise Absent(f'waited {timeout_s:.0f} s in vain for {what}')

    def spin_for(self, seconds: float) -> None:
        """Take messages for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Leave."""
        self._executor.shutdown(timeout_sec=0)
        self.node.destroy_node()
        self._rclpy.try_shutdown()


def usage(processes: Sequence[NodeProcess], wait: Callable[[], None]) -> Tuple[float, float]:
    """
    Return what processes use while `wait` runs.

    :returns: share of one core, and how often a second their threads went to sleep
    """
    started_s = time.monotonic()
    cpu_s = sum(process.cpu_s for process in processes)
    sleeps = sum(process.sleeps() for process in processes)
    wait()
    elapsed_s = time.monotonic() - started_s
    return ((sum(process.cpu_s for process in processes) - cpu_s) / elapsed_s,
            (sum(process.sleeps() for process in processes) - sleeps) / elapsed_s)


def fields(message: Any) -> Dict[str, str]:
    """Return the key-value pairs of a DiagnosticArray with one status."""
    return {entry.key: entry.value for entry in message.status[0].values}


def stamp(message: Any) -> Tuple[int, int]:
    """Return the stamp of a message with a header."""
    return message.header.stamp.sec, message.header.stamp.nanosec
