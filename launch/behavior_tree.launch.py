"""Start the recognizer and the behaviour-tree example: it reacts when an emotion lasts."""

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = 'physioser_ros'


def generate_launch_description():
    """Describe what `ros2 launch physioser_ros behavior_tree.launch.py` starts."""
    recognizer = os.path.join(get_package_share_directory(PACKAGE), 'launch', 'ser.launch.py')
    return LaunchDescription([
        # First: it declares the arguments, all of which pass through to it.
        IncludeLaunchDescription(PythonLaunchDescriptionSource(recognizer)),
        Node(package=PACKAGE, executable='behavior_tree', output='screen',
             namespace=LaunchConfiguration('namespace'),
             parameters=[LaunchConfiguration('params_file')],
             ros_arguments=['--log-level', LaunchConfiguration('log_level')]),
    ])
