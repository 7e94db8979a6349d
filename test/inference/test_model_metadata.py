"""Metadata: each value is checked, nothing is assumed."""

from hypothesis import given, strategies as st
import pytest
from tiny_model import LABELS, tiny_metadata

from physioser_ros.inference import ModelFormatError, parse_metadata


def text(**changes):
    import json

    return json.dumps({**tiny_metadata(), **changes})


def test_complete_metadata_are_taken():
    metadata = parse_metadata(text(speaker={'width': 3, 'prior_count': 4, 'max_count': 9}))
    assert metadata.labels == LABELS
    assert metadata.speaker.width == 3
    assert metadata.raw['backbone']['name'] == 'none'


def test_the_threshold_may_be_missing():
    assert parse_metadata(text(calibration={})).threshold == 0
    assert parse_metadata(text(calibration=None)).threshold == 0


@pytest.mark.parametrize('key, value', [
    ('format', None), ('format', '1'), ('format', True),
    ('name', ''), ('version', 3), ('licence', None),
    ('labels', []), ('labels', ['one']), ('labels', ['a', 'a']), ('labels', ['a', 3]),
    ('labels', 'ab'), ('labels', ['a', 'uncertain']), ('labels', ['a', '']),
    ('sample_rate', 44100), ('sample_rate', '16000'),
    ('min_samples', 0), ('min_samples', 1.5), ('min_samples', True), ('min_samples', 10 ** 9),
    ('max_samples', -1), ('max_samples', None),
    ('frame_step_s', None), ('frame_step_s', {'vap': 0.08}),
    ('frame_step_s', {'vap': 0, 'ssl': 0.08}),
    ('components', ['M', 'rho', 'tau_g', 'f_inst']), ('components', None),
    ('speaker', []), ('speaker', {'width': 0, 'prior_count': 1, 'max_count': 1}),
    ('speaker', {'width': 4, 'prior_count': 0, 'max_count': 1}),
    ('calibration', {'threshold': 1.5}), ('calibration', []), ('calibration', 'no'),
    ('calibration', {'threshold': float('nan')}), ('precision', 8),
])
def test_a_wrong_value_is_named(key, value):
    with pytest.raises(ModelFormatError, match=key):
        parse_metadata(text(**{key: value}))


def test_endless_nesting_is_refused():
    with pytest.raises(ModelFormatError):
        parse_metadata('[' * 200000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(['width', 'vap', 'ssl', 'threshold', 'prior_count', 'max_count']),
        inner, max_size=3), max_leaves=6)


@given(st.sampled_from(sorted(tiny_metadata())), JSON)
def test_any_value_is_taken_or_refused_in_a_sentence(key, value):
    try:
        metadata = parse_metadata(text(**{key: value}))
    except ModelFormatError as error:
        assert str(error)
    else:
        assert 1 <= metadata.min_samples <= metadata.max_samples
        assert len(set(metadata.labels)) == len(metadata.labels) >= 2


@given(st.text(max_size=50))
def test_any_text_is_refused_in_a_sentence(anything):
    with pytest.raises(ModelFormatError):
        parse_metadata(anything)
