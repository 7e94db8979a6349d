"""The consumers as processes: told what is heard, and ended by a signal."""

import signal
import sys

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')

from physioser_ros.consumers.dialogue import TEXT_WITH_EMOTION  # noqa: E402
from physioser_ros.consumers.gesture import EXPRESSION  # noqa: E402
from physioser_ros.nodes.topics import Topic  # noqa: E402

BEHAVIOR = Topic('behavior', 'std_msgs/String', 'latched', '')


@pytest.fixture
def start(world, spawn):
    """Return a function that starts a consumer in the world's namespace."""
    def start(name, *parameters):
        program = f'from physioser_ros.consumers.executables import {name}; {name}()'
        command = [sys.executable, '-c', program, '--ros-args', '-r', f'__ns:={world.namespace}']
        for parameter in parameters:
            command += ['-p', parameter]
        return spawn(name, command)
    return start


@pytest.mark.parametrize('name, topic, number', [
    ('behavior_tree', BEHAVIOR, signal.SIGINT), ('dialogue', TEXT_WITH_EMOTION, signal.SIGTERM),
    ('gesture', EXPRESSION, signal.SIGINT)])
def test_a_signal_ends_a_consumer_without_a_trace(world, start, name, topic, number):
    if name == 'behavior_tree':
        pytest.importorskip('py_trees')
    heard = world.listen(topic)
    process = start(name)
    heard.wait_matched()
    assert process.end(number) == 0
    assert 'Traceback' not in process.output


def test_a_wrong_parameter_ends_it_with_one_sentence(start):
    process = start('gesture', 'hold_s:=0.0')
    assert process.wait() == 1
    assert 'hold_s is 0.0, more than 0 is needed' in process.output
    assert 'Traceback' not in process.output


def test_a_wrong_argument_ends_it_with_one_sentence(start):
    process = start('gesture', 'no assignment')
    assert process.wait() == 1
    assert 'no assignment' in process.output
    assert 'Traceback' not in process.output
