"""`physioser bag-to-csv`: the answers in a ROS 2 bag as a table, without ROS."""

import csv
from pathlib import Path

import click

CLASSIFICATION = 'emotion/classification'
RESULT_INFO = 'emotion/result_info'
UTTERANCE_INFO = 'audio/utterance_info'

#: Column to topic and name of the value there.
VALUES = {
    'label': (RESULT_INFO, 'label'),
    'confidence': (RESULT_INFO, 'confidence'),
    'vap': (RESULT_INFO, 'branch.vap'),
    'ssl': (RESULT_INFO, 'branch.ssl'),
    'processing_ms': (RESULT_INFO, 'processing_ms'),
    'duration_s': (UTTERANCE_INFO, 'duration_s'),
    'speech_start_s': (UTTERANCE_INFO, 'speech_start_s'),
    'speech_end_s': (UTTERANCE_INFO, 'speech_end_s'),
    'flags': (UTTERANCE_INFO, 'flags'),
}


@click.command()
@click.argument('bag', type=click.Path(exists=True, path_type=Path))
@click.option('--output', '-o', type=click.File('w', lazy=True), default='-', metavar='FILE',
              help='Where the table goes; standard output by default.')
@click.option('--namespace', default=None, metavar='NAME',
              help='Namespace of the nodes; needed where several are in the bag.')
def command(bag, output, namespace):
    """
    Write the answers in BAG, the folder of a ROS 2 bag, as CSV: one row an utterance.

    A row is one message of emotion/classification: its stamp, what emotion/result_info and
    audio/utterance_info say about the same stamp (empty where they were not recorded), and the
    probability of every class. `speech_start_s` and `speech_end_s` count from the stamp.
    """
    messages = read_bag(bag, namespace)
    if not messages[CLASSIFICATION]:
        raise click.ClickException(f'{bag} holds no message of {CLASSIFICATION}')
    rows = [_row(stamp_ns, results, messages) for stamp_ns, results in messages[CLASSIFICATION]]
    # Classes by name: the same columns whatever the first answer was.
    classes = sorted({name for row in rows for name in row} - {'stamp', *VALUES})
    writer = csv.DictWriter(output, ['stamp', *VALUES, *classes], lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)


def read_bag(path, namespace=None):
    """
    Read the answers in a bag.

    :param path: folder of the bag.
    :param namespace: namespace of the nodes; None for the only one.
    :return: of CLASSIFICATION a list of (stamp in ns, probabilities by label) in the order of
        recording; of the other two topics a dict of stamp in ns to values by name.
    :raises click.ClickException: if it is no bag, or one with several namespaces.
    """
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.rosbag2 import ReaderError
    except ImportError as error:
        raise click.ClickException(
            'the library rosbags is missing: pip install rosbags') from error
    from physioser_ros.commands.bag_types import typestore

    try:
        with AnyReader([path], default_typestore=typestore()) as reader:
            return _read(reader, _prefix(reader, path, namespace))
    except (AnyReaderError, ReaderError, OSError) as error:
        raise click.ClickException(f'{path} cannot be read as a ROS 2 bag: {error}') from error


def _prefix(reader, path, namespace):
    found = sorted({connection.topic[:-len(CLASSIFICATION)] for connection in reader.connections
                    if connection.topic.endswith('/' + CLASSIFICATION)})
    if namespace is not None:
        prefix = f'/{namespace.strip("/")}/'.replace('//', '/')
        if prefix not in found:
            raise click.ClickException(
                f'{path} has no {prefix}{CLASSIFICATION}, it has those of {_names(found)}')
        return prefix
    if not found:
        raise click.ClickException(f'{path} has no topic {CLASSIFICATION}')
    if len(found) > 1:
        raise click.ClickException(f'{path} has the answers of {_names(found)}: choose one by '
                                   '--namespace')
    return found[0]


def _names(prefixes):
    return ', '.join(prefix.rstrip('/') or '/' for prefix in prefixes) or 'nobody'


def _read(reader, prefix):
    messages = {CLASSIFICATION: [], RESULT_INFO: {}, UTTERANCE_INFO: {}}
    wanted = {prefix + name: name for name in messages}
    connections = [item for item in reader.connections if item.topic in wanted]
    for connection, _, raw in reader.messages(connections=connections):
        message = reader.deserialize(raw, connection.msgtype)
        stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        name = wanted[connection.topic]
        if name == CLASSIFICATION:
            messages[name].append(
                (stamp_ns, {item.class_id: item.score for item in message.results}))
        else:
            messages[name][stamp_ns] = {
                item.key: item.value for status in message.status for item in status.values}
    return messages


def _row(stamp_ns, probabilities, messages):
    row = {'stamp': f'{stamp_ns // 10**9}.{stamp_ns % 10**9:09d}'}
    for column, (topic, name) in VALUES.items():
        row[column] = messages[topic].get(stamp_ns, {}).get(name, '')
    if probabilities and not row['label']:
        row['label'] = max(probabilities, key=probabilities.get)
        row['confidence'] = probabilities[row['label']]
    return {**row, **probabilities}
