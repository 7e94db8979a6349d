"""`physioser bag-to-csv` on bags that rosbags itself wrote."""

import csv
import io
from pathlib import Path

from click.testing import CliRunner
import pytest

from physioser_ros.commands.bag_types import DEFINITIONS, typestore
from physioser_ros.commands.main import main

rosbag2 = pytest.importorskip(
    'rosbags.rosbag2', reason='no rosbags: pip install -r requirements/examples.in')
MCAP, SQLITE3 = rosbag2.StoragePlugin.MCAP, rosbag2.StoragePlugin.SQLITE3

ROOT = Path(__file__).resolve().parent.parent.parent

STAMPS = (1_700_000_000_000_000_001, 1_700_000_003_500_000_000)
PROBABILITIES = ({'sad': 0.1 + 0.2, 'angry': 0.7 - 1e-12}, {'angry': 0.6, 'sad': 0.4})


def write_bag(path, plugin, namespaces=('',), with_info=True):
    """Write a bag with two answers in each namespace, the second one without its info."""
    store = typestore()

    def make(kind, **fields):
        return store.types[kind](**fields)

    def header(stamp_ns):
        stamp = make('builtin_interfaces/msg/Time', sec=stamp_ns // 10**9,
                     nanosec=stamp_ns % 10**9)
        return make('std_msgs/msg/Header', stamp=stamp, frame_id='microphone')

    def info(stamp_ns, values):
        pairs = [make('diagnostic_msgs/msg/KeyValue', key=key, value=value)
                 for key, value in values.items()]
        status = make('diagnostic_msgs/msg/DiagnosticStatus', level=0, name='', message='',
                      hardware_id='', values=pairs)
        return make('diagnostic_msgs/msg/DiagnosticArray', header=header(stamp_ns),
                    status=[status])

    def classification(stamp_ns, probabilities):
        results = [make('vision_msgs/msg/ObjectHypothesis', class_id=label, score=score)
                   for label, score in probabilities.items()]
        return make('vision_msgs/msg/Classification', header=header(stamp_ns), results=results)

    with rosbag2.Writer(path, version=8, storage_plugin=plugin) as writer:
        for namespace in namespaces:
            def record(topic, message, time_ns):
                kind = message.__msgtype__
                connection = connections.get(topic) or writer.add_connection(
                    f'{namespace}/{topic}', kind, typestore=store)
                connections[topic] = connection
                writer.write(connection, time_ns, store.serialize_cdr(message, kind))
            connections = {}
            if with_info:
                record('audio/utterance_info', info(STAMPS[0], {
                    'duration_s': '2.5', 'speech_start_s': '0.5', 'speech_end_s': '1.9',
                    'flags': 'gated,split'}), STAMPS[0])
                record('emotion/result_info', info(STAMPS[0], {
                    'label': 'uncertain', 'confidence': '0.7', 'branch.vap': '0.4',
                    'branch.ssl': '0.6', 'processing_ms': '12.5'}), STAMPS[0])
            for stamp_ns, probabilities in zip(STAMPS, PROBABILITIES):
                record('emotion/classification', classification(stamp_ns, probabilities),
                       stamp_ns + 1)
    return path


def convert(*arguments):
    """Run the command and return its result."""
    return CliRunner().invoke(main, ['bag-to-csv', *map(str, arguments)])


@pytest.mark.parametrize('plugin', [MCAP, SQLITE3])
def test_a_row_is_an_utterance_joined_by_its_stamp(tmp_path, plugin):
    result = convert(write_bag(tmp_path / 'bag', plugin))
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert rows[0] == {
        'stamp': '1700000000.000000001', 'label': 'uncertain', 'confidence': '0.7', 'vap': '0.4',
        'ssl': '0.6', 'processing_ms': '12.5', 'duration_s': '2.5', 'speech_start_s': '0.5',
        'speech_end_s': '1.9', 'flags': 'gated,split', 'angry': repr(0.7 - 1e-12),
        'sad': repr(0.1 + 0.2)}
    assert rows[1]['stamp'] == '1700000003.500000000'
    assert (rows[1]['label'], rows[1]['confidence'], rows[1]['vap']) == ('angry', '0.6', '')
    assert len(rows) == 2


def test_the_table_goes_into_a_file(tmp_path):
    bag = write_bag(tmp_path / 'bag', MCAP, with_info=False)
    assert convert(bag, '--output', tmp_path / 'answers.csv').exit_code == 0
    assert len((tmp_path / 'answers.csv').read_text().splitlines()) == 3


def test_of_several_namespaces_one_is_chosen(tmp_path):
    bag = write_bag(tmp_path / 'bag', MCAP, ('/a', '/b/c'))
    unclear = convert(bag)
    assert (unclear.exit_code, unclear.stdout) == (1, '')
    assert 'has the answers of /a, /b/c: choose one by --namespace' in unclear.stderr
    assert convert(bag, '--namespace', 'b/c').stdout == convert(bag, '--namespace', '/a').stdout
    assert 'no /d/emotion/classification' in convert(bag, '--namespace', 'd').stderr


def test_what_is_no_bag_or_an_empty_one_is_refused(tmp_path):
    assert convert(tmp_path).exit_code == 1
    assert 'cannot be read as a ROS 2 bag' in convert(tmp_path).stderr
    bag = write_bag(tmp_path / 'bag', MCAP, ())
    assert 'has no topic emotion/classification' in convert(bag).stderr
    assert convert(tmp_path / 'nowhere').exit_code == 2


@pytest.mark.parametrize('name', DEFINITIONS)
def test_the_definitions_are_those_that_are_built(name):
    package, _, kind = name.split('/')
    path = ROOT / 'tools' / 'interfaces' / package / 'msg' / f'{kind}.msg'
    assert DEFINITIONS[name].split() == path.read_text().split()
