"""The behaviour tree of the example: one branch an emotion. Needs py_trees, knows no ROS."""

import operator

from py_trees.behaviours import CheckBlackboardVariableValue, SetBlackboardVariable
from py_trees.blackboard import Client
from py_trees.common import Access
from py_trees.common import ComparisonExpression
from py_trees.composites import Selector, Sequence

#: Where the emotion that holds stands on the blackboard; '' for none.
EMOTION = '/emotion/sustained'
#: Where the example's leaves leave the name of the behaviour that they chose.
BEHAVIOR = '/emotion/behavior'


def parse_behaviors(entries):
    """
    Return behaviours by label.

    :param entries: texts such as 'angry:give_space'.
    :raises ValueError: for one that is no such text, or a label that comes twice.
    """
    behaviors = {}
    for entry in entries:
        label, colon, behavior = entry.partition(':')
        if not (label and colon and behavior):
            raise ValueError(f'behaviors has the entry {entry!r}, LABEL:BEHAVIOR is needed')
        if label in behaviors:
            raise ValueError(f'behaviors has two entries for {label!r}, one is needed')
        behaviors[label] = behavior
    return behaviors


def emotion_is(label):
    """Return a condition that succeeds while the emotion `label` holds, for any tree."""
    return CheckBlackboardVariableValue(
        name=f'{label}?', check=ComparisonExpression(EMOTION, label, operator.eq))


def choose(behavior):
    """Return a leaf that chooses a behaviour by its name; put a subtree of yours in its place."""
    return SetBlackboardVariable(
        name=behavior, variable_name=BEHAVIOR, variable_value=behavior, overwrite=True)


def create_tree(behaviors, otherwise):
    """
    Return the root of the example's tree.

    :param behaviors: dict of label to name of the behaviour.
    :param otherwise: behaviour while no emotion holds.
    """
    root = Selector(name='react', memory=False)
    for label, behavior in behaviors.items():
        branch = Sequence(name=f'when {label}', memory=False)
        branch.add_children([emotion_is(label), choose(behavior)])
        root.add_child(branch)
    root.add_child(choose(otherwise))
    return root


def blackboard(name):
    """Return a client of the blackboard that writes the emotion and reads the behaviour."""
    client = Client(name=name)
    client.register_key(key=EMOTION, access=Access.WRITE)
    client.register_key(key=BEHAVIOR, access=Access.READ)
    client.set(EMOTION, '')
    return client
