"""Holes in the numbers of messages are counted, where rclpy tells numbers at all."""

import pytest

pytest.importorskip('rclpy')

from physioser_ros.nodes import lost  # noqa: E402


def info(number, publisher=1):
    return {'publication_sequence_number': number, 'publisher_gid': {'data': [publisher] * 16}}


def test_the_holes_of_each_publisher_are_counted():
    messages = lost.LostMessages()
    for number, publisher in ((5, 1), (6, 1), (9, 1), (1, 2), (2, 2)):
        messages.note(info(number, publisher))
    assert messages.count == 2
    messages.note({})
    assert messages.count == 2, 'a middleware that numbers nothing'


def test_a_callback_is_given_its_message_with_and_without_numbers(monkeypatch):
    messages, heard = lost.LostMessages(), []
    messages.watch(heard.append)('first', info(1))
    messages.watch(heard.append)('second', info(3))
    # As in humble, whose executor calls a subscription with the message alone.
    monkeypatch.setattr(lost, 'TOLD', False)
    messages.watch(heard.append)('third')
    assert heard == ['first', 'second', 'third'] and messages.count == 1
