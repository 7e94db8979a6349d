"""The table of expressions."""

import pytest

from physioser_ros.consumers.expressions import Expressions, intensity_of

TABLE = {'rest': {'brow': 0.0, 'mouth': 0.2},
         'expressions': {'happy': {'mouth': 1.0}, 'sad': {'brow': -1, 'mouth': -0.8}}}


@pytest.mark.parametrize('label, intensity, positions', [
    ('happy', 0.0, (0.0, 0.2)), ('happy', 1.0, (0.0, 1.0)), ('happy', 0.5, (0.0, 0.6)),
    ('sad', 1.0, (-1.0, -0.8)), ('sad', 0.5, (-0.5, -0.3)), ('unknown', 1.0, (0.0, 0.2)),
    ('', 0.0, (0.0, 0.2))])
def test_the_face_goes_from_rest_to_the_expression(label, intensity, positions):
    expressions = Expressions.from_dict(TABLE)
    assert expressions.joints == ('brow', 'mouth')
    assert expressions.positions(label, intensity) == pytest.approx(positions)


@pytest.mark.parametrize('confidence, intensity', [
    (0.0, 0.0), (0.3, 0.0), (0.6, 0.5), (0.9, 1.0), (1.0, 1.0)])
def test_confidence_becomes_intensity(confidence, intensity):
    assert intensity_of(confidence, 0.3, 0.9) == pytest.approx(intensity)


def test_the_table_of_the_package_stays_in_its_range():
    expressions = Expressions.load()
    assert {'angry', 'disgust', 'fear', 'happy', 'sad', 'surprise'} == set(expressions.targets)
    assert all(-1 <= value <= 1 for target in expressions.targets.values() for value in target)


@pytest.mark.parametrize('text, why', [
    ('', 'rest'), ('rest: {a: 0}', 'expressions'), ('{rest: {}, expressions: {}}', 'no joint'),
    ('{rest: {a: x}, expressions: {}}', 'rest is no mapping'),
    ('{rest: {a: 0}, expressions: [sad]}', 'expressions is no mapping'),
    ('{rest: {a: 0}, expressions: {sad: {b: 1}}}', 'sad moves b'),
    ('{rest: {a: 0}, expressions: {sad: {a: yes}}}', 'sad is no mapping'), ('{', 'YAML|line'),
    ('{rest: {a: .nan}, expressions: {}}', 'finite')])
def test_a_wrong_table_is_refused_with_its_name(tmp_path, text, why):
    path = tmp_path / 'table.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=why) as caught:
        Expressions.load(str(path))
    assert str(path) in str(caught.value)
