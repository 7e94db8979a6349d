"""Print one line per utterance, as any other process of the robot hears it."""

import os
import sys
import threading
import time

import click
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from physioser_ros.nodes import conversions, topics
from physioser_ros.nodes.conversions import message_type, stamp_ns
from physioser_ros.nodes.listening import Join
from physioser_ros.nodes.process import Spinner, start_ros, StartError
from physioser_ros.nodes.qos import profile

POLL_S = 0.1
#: After a signal: what has arrived is printed, until nothing came for so long, in s.
QUIET_S = 0.2
DRAIN_S = 1.0


class Listener(Node):
    """A node that only subscribes, and hands complete answers on."""

    def __init__(self, on_answer, name='listen', **options):
        """
        Subscribe.

        :param on_answer: called with each complete
            :class:`physioser_ros.nodes.listening.Answer`, in the executor.
        :param name: name of the node.
        :param options: further arguments of Node.
        """
        super().__init__(name, **options)
        self._on_answer = on_answer
        self._join = Join()
        #: Time of the last message in the monotonic clock, in s.
        self.active_s = time.monotonic()
        #: Whether somebody speaks.
        self.voice = False
        #: Whether the recognizer was ever there.
        self.was_answered = False
        for topic, callback in ((topics.VOICE_DETECTED, self._on_voice),
                                (topics.UTTERANCE_INFO, self._on_utterance_info),
                                (topics.RESULT_INFO, self._on_result_info),
                                (topics.CLASSIFICATION, self._on_classification)):
            self.create_subscription(message_type(topic.type), topic.name, callback,
                                     profile(topic.qos))
        self.create_timer(POLL_S, self._poll)

    @property
    def is_idle(self):
        """Return whether nobody speaks and no answer is half here."""
        return not self.voice and not self._join.is_waiting

    def count_recognizers(self):
        """Return how many nodes publish classifications."""
        return self.count_publishers(self.resolve_topic_name(topics.CLASSIFICATION.name))

    def _on_voice(self, message):
        self.active_s = time.monotonic()
        self.voice = message.data

    def _on_utterance_info(self, message):
        self._add(message, utterance=conversions.info_values(message))

    def _on_result_info(self, message):
        self._add(message, result=conversions.info_values(message))

    def _on_classification(self, message):
        self._add(message, heard_ns=self.get_clock().now().nanoseconds,
                  classes=tuple((item.class_id, item.score) for item in message.results))

    def _add(self, message, **parts):
        self.active_s = time.monotonic()
        self._hand_on(self._join.add(stamp_ns(message.header), **parts))

    def _hand_on(self, answers):
        for answer in answers:
            self._on_answer(answer)

    def _poll(self):
        self.was_answered = self.was_answered or self.count_recognizers() > 0
        name = self.resolve_topic_name(topics.UTTERANCE_INFO.name)
        # Utterances from elsewhere may come without their info: then it is not waited for.
        self._join.wants_utterance = self.count_publishers(name) > 0
        self._hand_on(self._join.take_complete())


class Printer:
    """Prints answers until there were enough."""

    def __init__(self, count, end):
        """
        Prepare to print.

        :param count: number of lines after which `end` is called, 0 for never.
        :param end: called with the exit code.
        """
        self._count = count
        self._end = end
        self.printed = 0

    def __call__(self, answer):
        """Print one answer."""
        if self._count and self.printed >= self._count:
            return
        try:
            print(answer.line(), flush=True)
        except BrokenPipeError:
            # The reader, such as head, has seen enough. What is still buffered must go somewhere,
            # or Python complains of it at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self._end(0)
            return
        self.printed += 1
        if self.printed == self._count:
            self._end(0)


def watch_idle(listener, idle_s, end):
    """End with code 0 after `idle_s` without speech and answers, or when the nodes have left."""
    def check():
        gone = listener.was_answered and listener.count_recognizers() == 0
        idle = time.monotonic() - listener.active_s > idle_s and listener.is_idle
        if listener.was_answered and (gone or idle):
            end(0)
    listener.create_timer(POLL_S, check)


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.option('--count', default=0, metavar='N', help='End after N utterances.')
@click.option('--until-idle', 'idle_s', default=0.0, metavar='S',
              help='End after S seconds without speech, or when the recognizer has left.')
@click.pass_obj
def command(stops, count, idle_s):
    """Print one line per utterance: times, label, confidence, branch weights, latency."""
    try:
        start_ros()
    except StartError as error:
        raise click.ClickException(str(error)) from error
    printer = Printer(count, stops.end)
    listener = Listener(printer)
    if idle_s > 0:
        watch_idle(listener, idle_s, stops.end)
    executor = SingleThreadedExecutor()
    executor.add_node(listener)
    spinner = Spinner(executor, on_error=lambda: stops.end(1))
    spinner.start()
    code = stops.wait()
    _drain(listener)
    spinner.stop()
    listener.destroy_node()
    rclpy.try_shutdown()
    if printer.printed < count and idle_s > 0:
        code = 1
    sys.exit(code)


def _drain(listener):
    begun = time.monotonic()
    pause = threading.Event()
    while time.monotonic() < min(begun + DRAIN_S, max(begun, listener.active_s) + QUIET_S):
        pause.wait(0.02)


def main(stops, args=None):
    """
    Run the command; the arguments of ROS are left to rclpy.

    :param stops: the Stops that listens to signals already.
    :param args: command line, sys.argv by default.
    """
    arguments = remove_ros_args(sys.argv if args is None else args)[1:]
    command.main(arguments, 'listen', obj=stops)
