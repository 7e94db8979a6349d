"""The queue: bounded, in order, and finals never give way to partials."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from physioser_ros.inference.request_queue import Request, RequestQueue

SAMPLES = np.zeros(1, np.int16)


def request(name, partial=False, utterance=None, submitted_s=0.0):
    return Request(SAMPLES, name, partial, '', utterance, 0.0, submitted_s)


def names(requests):
    return [item.context for item in requests]


def put(queue, *args, **kwargs):
    waits, dropped = queue.put(request(*args, **kwargs))
    return waits, [(item.context, reason) for item, reason in dropped]


def test_requests_leave_in_the_order_in_which_they_came():
    queue = RequestQueue(4)
    for name in 'abc':
        put(queue, name)
    assert [queue.take(0.0)[0].context for _ in 'abc'] == ['a', 'b', 'c']
    assert queue.take(0.0) == (None, [])


@pytest.mark.parametrize('policy, waits, dropped, left', [
    ('drop_oldest', True, 'a', ['b', 'c']), ('drop_newest', False, 'c', ['a', 'b'])])
def test_a_full_queue_drops_as_the_policy_says(policy, waits, dropped, left):
    queue = RequestQueue(2, policy)
    put(queue, 'a')
    put(queue, 'b')
    assert put(queue, 'c') == (waits, [(dropped, 'queue_full')])
    assert names(queue.clear()) == left


@pytest.mark.parametrize('policy', ['drop_oldest', 'drop_newest'])
def test_a_final_takes_the_place_of_a_waiting_partial(policy):
    queue = RequestQueue(2, policy)
    put(queue, 'a')
    put(queue, 'p', partial=True, utterance=2)
    assert put(queue, 'b') == (True, [('p', 'queue_full')])
    assert names(queue.clear()) == ['a', 'b']


def test_a_partial_never_takes_the_place_of_a_final():
    queue = RequestQueue(1)
    put(queue, 'a')
    assert put(queue, 'p', partial=True) == (False, [('p', 'queue_full')])
    assert names(queue.clear()) == ['a']


def test_the_newest_partial_of_an_utterance_is_the_one_that_waits():
    queue = RequestQueue(4)
    put(queue, 'p1', partial=True, utterance=1)
    put(queue, 'q1', partial=True, utterance=2)
    assert put(queue, 'p2', partial=True, utterance=1) == (True, [('p1', 'superseded')])
    assert put(queue, 'p', utterance=1) == (True, [('p2', 'superseded')])
    assert names(queue.clear()) == ['q1', 'p']


def test_a_partial_that_comes_after_its_final_is_superseded():
    queue = RequestQueue(4)
    put(queue, 'p', utterance=1)
    assert put(queue, 'p1', partial=True, utterance=1) == (False, [('p1', 'superseded')])
    assert put(queue, 'q1', partial=True, utterance=2) == (True, [])


def test_without_a_key_a_partial_follows_the_final_before_it():
    queue = RequestQueue(4)
    put(queue, 'a')
    assert put(queue, 'p', partial=True) == (True, [])
    assert names(queue.clear()) == ['a', 'p']


def test_what_waited_too_long_is_dropped():
    queue = RequestQueue(4, max_age_s=2.0)
    put(queue, 'a', submitted_s=0.0)
    put(queue, 'b', submitted_s=1.0)
    put(queue, 'c', submitted_s=3.0)
    taken, dropped = queue.take(3.5)
    assert taken.context == 'c'
    assert [(item.context, reason) for item, reason in dropped] == [
        ('a', 'too_old'), ('b', 'too_old')]


@pytest.mark.parametrize('options', [{'depth': 0}, {'policy': 'drop_all'}, {'max_age_s': -1},
                                     {'max_age_s': float('nan')}])
def test_an_option_out_of_range_is_refused(options):
    with pytest.raises(ValueError):
        RequestQueue(**options)


STEPS = st.lists(st.one_of(
    st.just('take'),
    st.tuples(st.booleans(), st.sampled_from([None, 1, 2, 3]))), max_size=40)


@settings(max_examples=200)
@given(STEPS, st.integers(1, 4), st.sampled_from(['drop_oldest', 'drop_newest']))
def test_every_request_ends_once_and_finals_come_first(steps, depth, policy):
    queue, came, ended, taken = RequestQueue(depth, policy), 0, [], []
    for step in steps:
        if step == 'take':
            item, dropped = queue.take(0.0)
            assert dropped == []
            if item is not None:
                taken.append(item.context)
            continue
        partial, utterance = step
        waits, dropped = queue.put(request(came, partial, utterance))
        for item, reason in dropped:
            assert reason in ('superseded', 'queue_full')
            if not item.partial:
                assert reason == 'queue_full' and not partial
                assert all(not other.partial for other in queue._line)
        assert waits is (came not in [item.context for item, _ in dropped])
        ended += [item.context for item, _ in dropped]
        came += 1
        assert len(queue) <= depth
        keys = [item.utterance for item in queue._line if item.partial]
        assert len(keys) == len(set(keys))
    assert taken == sorted(taken)
    assert sorted(ended + taken + names(queue.clear())) == list(range(came))
