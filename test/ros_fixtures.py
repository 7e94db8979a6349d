"""ROS for the tests of every room: a domain for the process, a world for each test."""

import os
from pathlib import Path
import sys

from places import ROOT
import pytest
from tiny_model import write_tiny_model

# ros_world, launch_evaluation and processes live beside the tests of the nodes.
sys.path.append(str(ROOT / 'test' / 'nodes'))


@pytest.fixture(scope='session')
def ros():
    """Initialise rclpy in a domain of this process, or skip where ROS 2 is not sourced."""
    rclpy = pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
    for package in ('audio_common_msgs', 'vision_msgs'):
        pytest.importorskip(f'{package}.msg', reason='no message packages: tools/env.sh')
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
def prefix():
    """Return the folder into which colcon has installed the package."""
    pytest.importorskip('ament_index_python', reason='no ROS 2: source tools/env.sh')
    from ament_index_python.packages import get_package_prefix, PackageNotFoundError

    try:
        return Path(get_package_prefix('physioser_ros'))
    except (PackageNotFoundError, OSError):
        # Unknown to the index, or no index in the environment.
        pytest.skip('physioser_ros is not built: make setup, source tools/env.sh')


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory):
    """Return the path of a tiny model, listed in the manifest beside it."""
    return str(write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.onnx'))


@pytest.fixture(scope='session')
def model(tiny_model):
    """Return the path of the default model, or of a tiny one where there is none."""
    from physioser_ros.inference import find_model, ModelError

    try:
        return str(find_model(''))
    except ModelError:
        return tiny_model


@pytest.fixture
def spawn(tmp_path):
    """Return a function that starts a command as a `Process`; the test's end kills it."""
    from processes import Process

    started = []

    def spawn(name, command):
        started.append(Process(command, tmp_path / f'{name}_{len(started)}.log'))
        return started[-1]
    yield spawn
    for process in started:
        process.kill()
