"""The launch files of the consumers, evaluated: the recognizer, and the consumer beside it."""

from dataclasses import dataclass, field
import importlib.util
from pathlib import Path
import sys
from types import ModuleType
from typing import Dict, List

import pytest

pytest.importorskip('ament_index_python', reason='no ROS 2: source tools/env.sh')

LAUNCH = Path(__file__).resolve().parent.parent.parent / 'launch'


@dataclass
class Configuration:
    """Stands for launch.substitutions.LaunchConfiguration."""

    name: str


@dataclass
class Include:
    """Stands for launch.actions.IncludeLaunchDescription."""

    path: str
    launch_arguments: Dict = field(default_factory=dict)


@dataclass
class RecordedNode:
    """Stands for launch_ros.actions.Node."""

    package: str
    executable: str
    output: str
    namespace: Configuration
    parameters: List
    ros_arguments: List


STAND_INS = {
    'launch': {'LaunchDescription': list},
    'launch.actions': {'IncludeLaunchDescription': Include},
    'launch.launch_description_sources': {'PythonLaunchDescriptionSource': str},
    'launch.substitutions': {'LaunchConfiguration': Configuration},
    'launch_ros': {},
    'launch_ros.actions': {'Node': RecordedNode},
}


@pytest.mark.parametrize('name', ['behavior_tree', 'dialogue', 'gesture'])
def test_a_consumer_starts_beside_the_recognizer_and_shares_its_arguments(name, monkeypatch):
    import ament_index_python.packages

    monkeypatch.setattr(ament_index_python.packages, 'get_package_share_directory',
                        lambda package: str(LAUNCH.parent))
    for module, contents in STAND_INS.items():
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
        vars(sys.modules[module]).update(contents)
    spec = importlib.util.spec_from_file_location('launch_file', LAUNCH / f'{name}.launch.py')
    file = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(file)
    recognizer, consumer = file.generate_launch_description()
    assert recognizer.path == str(LAUNCH / 'ser.launch.py')
    assert Path(recognizer.path).is_file()
    # What is not given here is what was given on the command line.
    assert recognizer.launch_arguments == {}
    assert (consumer.package, consumer.executable) == ('physioser_ros', name)
    assert f"'{name} = physioser_ros.consumers.executables:{name}'" in (
        LAUNCH.parent / 'setup.py').read_text()
    configurations = [consumer.namespace, *consumer.parameters, *consumer.ros_arguments[1:]]
    declared = (LAUNCH / 'ser.launch.py').read_text()
    assert [item.name for item in configurations] == ['namespace', 'params_file', 'log_level']
    assert all(f"DeclareLaunchArgument('{item.name}'" in declared for item in configurations)
