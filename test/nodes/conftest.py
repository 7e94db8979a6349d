"""A domain for the process, a world for each test."""

import os

import pytest


@pytest.fixture(scope='session')
def ros():
    """Initialise rclpy in a domain of this process, or skip where ROS 2 is not sourced."""
    rclpy = pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
    pytest.importorskip('audio_common_msgs.msg', reason='no message packages: tools/env.sh')
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    # Above 101 the ports run into those of outgoing connections.
    os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
    rclpy.init(signal_handler_options=rclpy.signals.SignalHandlerOptions.NO)
    yield rclpy
    rclpy.try_shutdown()


@pytest.fixture
def world(ros):
    """Return a World of its own for the test."""
    from ros_world import World

    created = World()
    yield created
    created.close()


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory):
    """Return the path of a tiny model, listed in the manifest beside it."""
    from tiny_model import write_tiny_model

    return str(write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.onnx'))
