"""The behaviour tree of the example."""

import pytest

pytest.importorskip('py_trees', reason='no py_trees: pip install -r requirements/examples.in')

from physioser_ros.consumers import tree  # noqa: E402


@pytest.mark.parametrize('emotion, behavior', [
    ('', 'idle'), ('angry', 'give_space'), ('sad', 'comfort'), ('happy', 'idle')])
def test_the_tree_chooses_the_behavior_of_the_emotion(emotion, behavior):
    blackboard = tree.blackboard('test')
    root = tree.create_tree({'angry': 'give_space', 'sad': 'comfort'}, 'idle')
    blackboard.set(tree.EMOTION, emotion)
    root.tick_once()
    assert blackboard.get(tree.BEHAVIOR) == behavior


def test_behaviors_are_read_in_their_order():
    assert list(tree.parse_behaviors(['sad:comfort', 'angry:go:away']).items()) == [
        ('sad', 'comfort'), ('angry', 'go:away')]


@pytest.mark.parametrize('entries, why', [
    (['angry'], 'LABEL:BEHAVIOR'), ([':x'], 'LABEL:BEHAVIOR'), (['angry:'], 'LABEL:BEHAVIOR'),
    (['sad:a', 'sad:b'], "two entries for 'sad'")])
def test_an_entry_that_says_nothing_is_refused(entries, why):
    with pytest.raises(ValueError, match=why):
        tree.parse_behaviors(entries)
