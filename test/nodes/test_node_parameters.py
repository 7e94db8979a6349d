"""Parameters on a running node, set from outside."""

import pytest
from tiny_model import LABELS, write_tiny_model

from physioser_ros.nodes import topics
from physioser_ros.nodes.parameters import EMOTION_RECOGNIZER, ParameterError

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')


@pytest.fixture
def recognizer(world, tiny_model):
    """Return an unconfigured recognizer."""
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer

    return world.add(EmotionRecognizer, {'model.path': tiny_model})


@pytest.fixture
def set_parameter(world):
    """Return a function that sets a parameter by the node's service and returns the result."""
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter

    def set_parameter(name, value):
        return world.call('emotion_recognizer/set_parameters', SetParameters, parameters=[
            Parameter(name, value=value).to_parameter_msg()]).results[0]
    return set_parameter


def test_descriptors_show_description_unit_range_and_choices(recognizer):
    for entry in EMOTION_RECOGNIZER:
        shown = recognizer.describe_parameter(entry.name)
        assert entry.description in shown.description
        assert entry.unit in shown.description
        if entry.minimum is not None and not entry.is_list:
            (limits,) = shown.integer_range or shown.floating_point_range
            assert (limits.from_value, limits.to_value) == (entry.minimum, entry.maximum)
        for choice in entry.choices:
            assert choice in shown.additional_constraints


@pytest.mark.parametrize('name, value, reason', [
    ('queue.policy', 'drop_all', "'queue.policy' cannot be 'drop_all': choose one of"),
    ('queue.depth', 65, 'out of range'),
    ('decision.min_confidence', -0.1, 'out of range'),
    ('decision.min_confidence', 'high', 'type'),
])
def test_a_refused_change_has_a_reason_and_changes_nothing(recognizer, set_parameter, name,
                                                           value, reason):
    before = recognizer.get_parameter(name).value
    result = set_parameter(name, value)
    assert not result.successful
    assert reason in result.reason
    assert recognizer.get_parameter(name).value == before


def test_a_fixed_parameter_is_refused_while_active_and_taken_over_at_the_next_activation(
        world, recognizer, set_parameter, tmp_path):
    labels = LABELS[:3]
    other = str(write_tiny_model(tmp_path / 'other.onnx', labels=labels))
    assert world.transition('emotion_recognizer', 'configure')
    assert world.transition('emotion_recognizer', 'activate')
    refused = set_parameter('model.path', other)
    assert not refused.successful
    assert refused.reason == ("'model.path' cannot change while the node is active: deactivate "
                              'it, set, activate again')
    assert world.transition('emotion_recognizer', 'deactivate')
    assert set_parameter('model.path', other).successful
    assert world.transition('emotion_recognizer', 'activate')
    classes = world.listen(topics.LABEL_INFO).wait().class_map
    assert [item.class_name for item in classes] == list(labels)


def test_a_live_change_reaches_the_engine(world, recognizer, set_parameter):
    assert world.transition('emotion_recognizer', 'configure')
    assert world.transition('emotion_recognizer', 'activate')
    received = world.listen(topics.LABEL_INFO)
    assert received.wait().threshold == 0
    assert set_parameter('decision.min_confidence', 0.25).successful
    assert received.wait(2).threshold == 0.25


@pytest.mark.parametrize('name, value, sentence', [
    ('decision.temperature', 2, "'decision.temperature' must be a double, not 2: write it with a "
                                'decimal point'),
    ('decision.min_confidence', 1.5, "'decision.min_confidence' cannot be 1.5: the range is 0.0 "
                                     'to 1.0'),
    ('queue.policy', 'none', 'choose one of drop_oldest, drop_newest'),
])
def test_a_given_value_that_cannot_be_used_is_refused_at_creation(ros, name, value, sentence):
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer
    from rclpy.parameter import Parameter

    with pytest.raises(ParameterError) as error:
        EmotionRecognizer(parameter_overrides=[Parameter(name, value=value)])
    assert sentence in str(error.value)
