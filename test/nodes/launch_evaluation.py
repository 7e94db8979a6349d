"""
Evaluate a launch file, to know what it would start.

Uses the real `launch` where it is installed. Elsewhere small stand-ins record what the file
describes. Of `launch_ros` only the description of a node is needed, and that is always recorded.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
import importlib.util
import sys
from types import ModuleType
from typing import Dict, List


@dataclass
class RecordedNode:
    """The arguments of launch_ros.actions.Node."""

    package: str
    executable: str
    namespace: str = ''
    parameters: List = field(default_factory=list)
    output: str = 'log'
    ros_arguments: List[str] = field(default_factory=list)
    respawn: bool = False
    respawn_delay: float = 0.0

    def parameter_files(self):
        """Return the paths among the parameters."""
        return [item for item in self.parameters if isinstance(item, str)]

    def overrides(self):
        """Return the single parameters by name."""
        return {name: getattr(value, 'value', value) for item in self.parameters
                if isinstance(item, dict) for name, value in item.items()}


class RecordedValue:
    """Stands for launch_ros.parameter_descriptions.ParameterValue."""

    def __init__(self, value, value_type=None):
        assert value_type is None or isinstance(value, value_type)
        self.value = value


class Description:
    """Stands for launch.LaunchDescription."""

    def __init__(self, entities):
        self.entities = list(entities)


class Argument:
    """Stands for launch.actions.DeclareLaunchArgument."""

    def __init__(self, name, *, default_value=None, description='', choices=None):
        self.name, self.default_value = name, default_value
        self.description, self.choices = description, choices

    def visit(self, context):
        """Fill in the default and check the choices."""
        value = context.launch_configurations.setdefault(self.name, self.default_value)
        if self.choices is not None and value not in self.choices:
            raise RuntimeError(f'{self.name} is {value!r}, expected one of {self.choices}')


class Function:
    """Stands for launch.actions.OpaqueFunction."""

    def __init__(self, *, function):
        self.function = function

    def visit(self, context):
        """Call the function."""
        return self.function(context)


class Configuration:
    """Stands for launch.substitutions.LaunchConfiguration."""

    def __init__(self, name):
        self.name = name

    def perform(self, context):
        """Return the value of the argument."""
        return context.launch_configurations[self.name]


class Context:
    """Stands for launch.LaunchContext."""

    def __init__(self):
        self.launch_configurations: Dict[str, str] = {}


STAND_INS = {
    'launch': {'LaunchDescription': Description, 'LaunchContext': Context},
    'launch.actions': {'DeclareLaunchArgument': Argument, 'OpaqueFunction': Function},
    'launch.substitutions': {'LaunchConfiguration': Configuration},
}
RECORDERS = {
    'launch_ros': {},
    'launch_ros.actions': {'Node': RecordedNode},
    'launch_ros.parameter_descriptions': {'ParameterValue': RecordedValue},
}


@contextmanager
def launch_modules():
    """Put the stand-ins that are needed into sys.modules."""
    wanted = dict(RECORDERS)
    spec = importlib.util.find_spec('launch')
    # A folder called launch on the path is found too, but it is no module.
    if spec is None or spec.origin is None:
        wanted.update(STAND_INS)
    before = {name: sys.modules.get(name) for name in wanted}
    for name, contents in wanted.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(contents)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def evaluate(path, **given):
    """
    Evaluate a launch file.

    :param path: the file.
    :param given: launch arguments by name, as text.
    :return: the declared arguments and the recorded nodes.
    """
    with launch_modules():
        spec = importlib.util.spec_from_file_location('launch_file', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        context = sys.modules['launch'].LaunchContext()
        context.launch_configurations.update(given)
        declared, nodes = [], []
        for entity in module.generate_launch_description().entities:
            if hasattr(entity, 'choices'):
                declared.append(entity)
            nodes += entity.visit(context) or []
    return declared, nodes
