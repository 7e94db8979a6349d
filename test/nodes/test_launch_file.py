"""The launch file, evaluated: which processes, with which arguments."""

from pathlib import Path

from launch_evaluation import evaluate
import pytest

pytest.importorskip('ament_index_python', reason='no ROS 2: source tools/env.sh')


@pytest.fixture(scope='module')
def launch_file(prefix):
    """Return the installed launch file."""
    return prefix / 'share' / 'physioser_ros' / 'launch' / 'ser.launch.py'


def test_the_index_the_launch_file_and_the_executables_are_installed(prefix, launch_file):
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages' / 'physioser_ros'
    assert index.is_file()
    assert launch_file.is_file()
    for name in ('ser', 'audio_capture', 'emotion_recognizer', 'listen', 'monitor', 'devices',
                 'physioser'):
        assert (prefix / 'lib' / 'physioser_ros' / name).is_file(), name


def test_every_argument_is_described(launch_file):
    declared, _ = evaluate(launch_file)
    assert [argument.name for argument in declared] == [
        'namespace', 'params_file', 'source', 'device', 'file', 'model', 'log_level',
        'composition', 'autostart', 'respawn']
    assert all(argument.description for argument in declared)


def test_the_default_is_one_process_on_the_installed_parameter_file(prefix, launch_file):
    _, (node,) = evaluate(launch_file)
    assert (node.package, node.executable) == ('physioser_ros', 'ser')
    (parameters,) = node.parameter_files()
    assert Path(parameters) == prefix / 'share' / 'physioser_ros' / 'config' / 'ser.yaml'
    assert Path(parameters).is_file()
    assert node.overrides() == {'autostart': True}
    assert node.ros_arguments == ['--log-level', 'info']
    assert not node.respawn


def test_two_processes_with_every_argument(launch_file):
    _, nodes = evaluate(launch_file, namespace='robot1', params_file='/my.yaml', device='3',
                        model='/m.onnx', composition='false', log_level='debug',
                        autostart='false', source='device')
    assert [node.executable for node in nodes] == ['emotion_recognizer', 'audio_capture']
    for node in nodes:
        assert node.namespace == 'robot1'
        assert node.parameter_files() == ['/my.yaml']
        assert node.overrides() == {'source': 'device', 'device': '3', 'model.path': '/m.onnx',
                                    'autostart': False}
        assert node.ros_arguments == ['--log-level', 'debug']


def test_what_has_ended_is_started_again_where_that_is_asked_for(launch_file):
    _, nodes = evaluate(launch_file, respawn='true', composition='false')
    assert [(node.respawn, node.respawn_delay) for node in nodes] == [(True, 2.0)] * 2


def test_a_file_implies_its_source(launch_file):
    _, (node,) = evaluate(launch_file, file='/speech.wav')
    assert node.overrides() == {'source': 'file', 'file.path': '/speech.wav', 'autostart': True}


@pytest.mark.parametrize('argument', ['source', 'log_level', 'composition', 'autostart',
                                      'respawn'])
def test_a_value_that_is_no_choice_is_refused(launch_file, argument):
    with pytest.raises(RuntimeError, match=argument):
        evaluate(launch_file, **{argument: 'nonsense'})
