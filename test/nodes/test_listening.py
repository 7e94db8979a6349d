"""Putting the messages of an utterance together, without ROS."""

import os
import subprocess
import sys

import pytest

from physioser_ros.nodes.listening import clock_text, Join

RESULT = {'label': 'happy', 'confidence': '0.71', 'branch.vap': '0.4', 'branch.ssl': '0.6',
          'processing_ms': '80.0'}
UTTERANCE = {'speech_start_s': '0.5', 'speech_end_s': '2.0', 'flags': 'gap'}


def parts():
    """Return the three messages of one utterance in the order in which they are published."""
    return [{'utterance': UTTERANCE}, {'result': RESULT},
            {'classes': (('happy', 0.71), ('sad', 0.29)), 'heard_ns': 12_700_000_000}]


@pytest.mark.parametrize('order', [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_answer_is_complete_in_any_order_of_its_messages(order):
    join = Join()
    given = [join.add(10**10, **parts()[index]) for index in order]
    assert given[:2] == [[], []]
    (answer,) = given[2]
    assert answer.latency_s == pytest.approx(0.7)
    assert answer.branches == (0.4, 0.6)
    assert answer.line() == ('10.50 s - 12.00 s  happy     0.71  vap 0.40  ssl 0.60  '
                             'latency   700 ms  model   80 ms  gap')
    assert not join.is_waiting


def test_messages_of_two_utterances_are_not_mixed():
    join = Join()
    for part in parts()[:2]:
        join.add(1, **part)
    assert join.add(2, **parts()[2]) == []
    assert join.is_waiting
    (answer,) = join.add(1, **parts()[2])
    assert answer.stamp_ns == 1


def test_without_a_publisher_of_utterance_info_it_is_not_waited_for():
    join = Join()
    join.add(1, **parts()[1])
    join.add(1, **parts()[2])
    join.wants_utterance = False
    (answer,) = join.take_complete()
    assert 'latency     ?' in answer.line()


def test_what_is_never_answered_is_given_up():
    join = Join()
    for stamp in range(1000):
        join.add(stamp, **parts()[0])
    assert len(join._open) <= 64


def test_stamps_of_a_simulation_are_shown_in_seconds():
    assert clock_text(1_500_000_000) == '1.50 s'
    assert clock_text(1_700_000_000_250_000_000).endswith('.25')


def test_a_reader_that_has_seen_enough_ends_the_listener_without_a_trace():
    pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
    program = '\n'.join((
        'import sys',
        'from types import SimpleNamespace',
        'from physioser_ros.nodes.listen import Printer',
        'codes = []',
        'printer = Printer(0, codes.append)',
        'while not codes:',
        '    printer(SimpleNamespace(line=lambda: "a line"))',
        'sys.exit(codes[0])'))
    # Unbuffered, there would be nothing left to complain of.
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONUNBUFFERED'}
    process = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b''
    assert process.wait(60) == 0
    process.stderr.close()
