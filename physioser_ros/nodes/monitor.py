"""A live view of both nodes in the terminal."""

import sys
import threading

import click
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.utilities import remove_ros_args
from rich.live import Live

from physioser_ros.nodes import topics
from physioser_ros.nodes.conversions import message_type
from physioser_ros.nodes.listen import Listener
from physioser_ros.nodes.monitor_view import View
from physioser_ros.nodes.process import Spinner, start_ros, StartError
from physioser_ros.nodes.qos import profile

FRAMES_A_SECOND = 8


class Monitor(Listener):
    """A listener that keeps the view up to date."""

    def __init__(self, **options):
        """
        Subscribe.

        :param options: further arguments of Node.
        """
        #: Guards the view, which another thread draws.
        self.lock = threading.Lock()
        self.view = View()
        super().__init__(self._on_whole_answer, name='monitor', **options)
        topic = topics.DIAGNOSTICS
        self.create_subscription(message_type(topic.type), topic.name, self._on_diagnostics,
                                 profile(topic.qos))

    def render(self):
        """Return the picture of now."""
        with self.lock:
            self.view.voice = self.voice
            return self.view.render()

    def _on_whole_answer(self, answer):
        with self.lock:
            self.view.answers.appendleft(answer)

    def _on_diagnostics(self, message):
        own = self.get_namespace().strip('/')
        for status in message.status:
            node = status.name.partition(':')[0]
            namespace, _, name = node.rpartition('/')
            if namespace == own and name in topics.PUBLISHED:
                with self.lock:
                    self.view.nodes[name] = (
                        status.level[0], status.message,
                        {item.key: item.value for item in status.values})


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.pass_obj
def command(stops):
    """Show level, voice activity, emotions, attention and latency, live."""
    try:
        start_ros()
    except StartError as error:
        raise click.ClickException(str(error)) from error
    monitor = Monitor()
    executor = SingleThreadedExecutor()
    executor.add_node(monitor)
    spinner = Spinner(executor, on_error=lambda: stops.end(1))
    spinner.start()
    with Live(get_renderable=monitor.render, refresh_per_second=FRAMES_A_SECOND):
        code = stops.wait()
    spinner.stop()
    monitor.destroy_node()
    rclpy.try_shutdown()
    sys.exit(code)


def main(stops, args=None):
    """
    Run the command; the arguments of ROS are left to rclpy.

    :param stops: the Stops that listens to signals already.
    :param args: command line, sys.argv by default.
    """
    arguments = remove_ros_args(sys.argv if args is None else args)[1:]
    command.main(arguments, 'monitor', obj=stops)
