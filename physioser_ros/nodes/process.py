"""The life of a process with nodes: start, spin, signals and an orderly end."""

import re
import sys
import threading
import traceback

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from physioser_ros.inference.heap import keep_large_blocks_apart
from physioser_ros.nodes.conversions import check_messages, MessageError
from physioser_ros.nodes.parameters import ParameterError

#: Time for an orderly end, in s; what still hangs in native code then is left behind.
PATIENCE_S = 1.7


class StartError(RuntimeError):
    """ROS cannot be started with the arguments given; the text says why."""


def start_ros(args=None):
    """
    Check the message packages and initialise rclpy, without its signal handlers.

    :param args: command line, sys.argv by default.
    :raises StartError: for a foreign message package, an argument or a parameter file that
        cannot be used.
    """
    try:
        check_messages()
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except MessageError as error:
        raise StartError(str(error)) from error
    except RuntimeError as error:
        # The errors of rcl say what is wrong, between where in its sources and in ours.
        text = re.sub(r', at \S+:\d+', '', str(error)).replace('failed to initialize rcl: ', '')
        raise StartError(text) from error


def run(create_nodes, stops, args=None):
    """
    Run nodes in one process and one executor until a signal or their own end.

    The main thread waits for signals and the executor spins in another: so a signal is noticed
    at once, whatever a callback does.

    :param create_nodes: called with the function that ends the process (it takes the exit
        code); returns the nodes in the order in which they are started.
    :param stops: the Stops that listens to signals already.
    :param args: command line, sys.argv by default.
    :return: exit code: 0 after SIGINT, SIGTERM or the end of a file; 1 where a node could not
        be created or where its autostart failed and on_autostart_failure is 'exit'.
    """
    keep_large_blocks_apart()
    # An inference or a device that is being opened cannot be interrupted: it is left behind.
    call_off = stops.limit(PATIENCE_S)
    try:
        start_ros(args)
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    nodes = []
    try:
        nodes += create_nodes(stops.end)
    except ParameterError as error:
        rclpy.logging.get_logger('physioser_ros').fatal(str(error))
        rclpy.try_shutdown()
        return 1
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    executor.create_task(_start, nodes, stops)
    spinner = Spinner(executor, on_error=lambda: stops.end(1))
    spinner.start()
    code = stops.wait()
    _end(nodes, spinner)
    call_off()
    return code


class Spinner:
    """An executor in a thread of its own."""

    def __init__(self, executor, on_error):
        """
        Prepare to spin.

        :param executor: the executor; it belongs to the spinner from now on.
        :param on_error: called without arguments after an exception out of the executor.
        """
        self._executor = executor
        self._on_error = on_error
        self._stopping = False
        self._thread = threading.Thread(target=self._spin, name='executor', daemon=True)

    def start(self):
        """Start to spin."""
        self._thread.start()

    def stop(self):
        """Finish the callback under way and stop."""
        self._stopping = True
        # A task is the one thing that makes spin_once return in every distribution.
        self._executor.create_task(lambda: None)
        self._thread.join()
        self._executor.shutdown(timeout_sec=0)

    def _spin(self):
        try:
            while not self._stopping:
                self._executor.spin_once()
        # Callbacks are guarded; this is an error of the executor, and deaf is worse than gone.
        except Exception:
            traceback.print_exc()
            self._on_error()


def _start(nodes, stops):
    for node in nodes:
        if stops.asked:
            return
        if not node.parameters['autostart'] or node.autostart():
            continue
        if node.parameters['on_autostart_failure'] == 'exit':
            stops.end(1)
            return


def _end(nodes, spinner):
    spinner.stop()
    # The source of sound last, as it was started last; so stop in the opposite order.
    for node in reversed(nodes):
        node.close()
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()
