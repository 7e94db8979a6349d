"""Start the microphone node and the recognizer, in one process or in two."""

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = 'physioser_ros'
AS_IN_FILE = 'empty: as in params_file'

#: Launch arguments that set one parameter each, when they are not empty.
PARAMETERS = {'source': 'source', 'device': 'device', 'file': 'file.path',
              'model': 'model.path'}


def arguments():
    """Return the declared arguments."""
    default_file = os.path.join(get_package_share_directory(PACKAGE), 'config', 'ser.yaml')
    return [
        DeclareLaunchArgument('namespace', default_value='',
                              description='Namespace of both nodes and all their topics.'),
        DeclareLaunchArgument('params_file', default_value=default_file,
                              description='YAML file with the parameters of both nodes.'),
        DeclareLaunchArgument('source', default_value='', choices=['', 'device', 'file', 'topic'],
                              description='Where the sound comes from; ' + AS_IN_FILE + '.'),
        DeclareLaunchArgument('device', default_value='',
                              description='Microphone: index or (part of a) name, see `ros2 run '
                                          'physioser_ros devices`; ' + AS_IN_FILE + '.'),
        DeclareLaunchArgument('file', default_value='',
                              description='Audio file to play instead of a microphone; '
                                          + AS_IN_FILE + '.'),
        DeclareLaunchArgument('model', default_value='',
                              description='Model file (.onnx); ' + AS_IN_FILE + '.'),
        DeclareLaunchArgument('log_level', default_value='info',
                              choices=['debug', 'info', 'warn', 'error', 'fatal'],
                              description='Least severity that is logged.'),
        DeclareLaunchArgument('composition', default_value='true', choices=['true', 'false'],
                              description='true: both nodes in one process; false: in two.'),
        DeclareLaunchArgument('autostart', default_value='true', choices=['true', 'false'],
                              description='true: configure and activate at start; false: leave '
                                          'that to a lifecycle manager.'),
        DeclareLaunchArgument('respawn', default_value='false', choices=['true', 'false'],
                              description='true: start again, after 2 s, what has ended; with '
                                          'on_autostart_failure: exit also what found no '
                                          'microphone.'),
    ]


def start(context):
    """Return the processes, with the arguments as they were given."""
    def given(name):
        return LaunchConfiguration(name).perform(context)

    # As text: a device '3' or a file '2024' would be taken for a number otherwise.
    overrides = {parameter: ParameterValue(given(argument), value_type=str)
                 for argument, parameter in PARAMETERS.items() if given(argument)}
    if given('file') and not given('source'):
        overrides['source'] = ParameterValue('file', value_type=str)
    overrides['autostart'] = given('autostart') == 'true'
    executables = ['ser'] if given('composition') == 'true' else [
        'emotion_recognizer', 'audio_capture']
    # No name is set: in the one process it would rename both nodes.
    return [Node(package=PACKAGE, executable=executable, namespace=given('namespace'),
                 parameters=[given('params_file'), overrides], output='screen',
                 ros_arguments=['--log-level', given('log_level')],
                 respawn=given('respawn') == 'true', respawn_delay=2.0)
            for executable in executables]


def generate_launch_description():
    """Describe what `ros2 launch physioser_ros ser.launch.py` starts."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=start)])
