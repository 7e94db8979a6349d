"""The charts show the numbers that they were given."""

import matplotlib
from matplotlib.figure import Figure
import numpy as np
import pytest

from physioser_ros import pictures


@pytest.fixture
def drawn(monkeypatch):
    """Return a list that collects each figure that is written, in place of writing it."""
    found = []
    monkeypatch.setattr(Figure, 'savefig', lambda self, *_, **__: found.append(self))
    return found


def lines(axes):
    """Return the points of each labelled line."""
    return {line.get_label(): np.array(line.get_xydata()).round(6).tolist()
            for line in axes.lines if not line.get_label().startswith('_')}


def test_a_confusion_matrix_leaves_out_labels_that_do_not_occur(drawn):
    pictures.confusion('x.png', {'one': np.array([[3, 1, 0], [0, 0, 0], [0, 2, 2]])}, 'abc')
    (axes,) = drawn[0].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ['a', 'c']
    assert [text.get_text() for text in axes.texts] == ['3', '1', '2', '2']
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25, 0], [0, 0.5, 0.5]])


def test_reliability_is_the_share_of_right_answers_in_each_bin(drawn):
    confidence = np.array([0.15] * 6 + [0.95] * 8 + [0.55] * 2)
    right = np.array([True] * 3 + [False] * 3 + [True] * 6 + [False] * 2 + [True] * 2)
    pictures.reliability('x.png', {'model': (confidence, right)})
    assert lines(drawn[0].axes[0])['model'] == [[0.15, 0.5], [0.95, 0.75]], 'two clips say nothing'


def test_bars_end_at_their_values_and_intervals_at_their_bounds(drawn):
    pictures.bars('x.png', {'more': (0.02, -0.01, 0.05), 'less': (-0.1, -0.1, -0.1)}, xlabel='UA')
    (axes,) = drawn[0].axes
    assert [bar.get_width() for bar in axes.patches] == [0.02, -0.1]
    assert [text.get_text() for text in axes.texts] == ['+0.020', '-0.100']


def test_learning_curves_draw_every_loss_and_nothing_else(drawn):
    log = {'epoch': [1, 2], 'step': [5, 10], 'seconds': [1.0, 1.0], 'learning_rate': [0.1, 0.0],
           'loss_class': [2.0, 1.0], 'loss_new': [3.0, 2.0]}
    pictures.learning_curves('x.png', {'a': log, 'b': log, 'c': log})
    assert len(drawn[0].axes) == 3
    assert lines(drawn[0].axes[0]) == {'answer': [[1, 2], [2, 1]], 'loss_new': [[1, 3], [2, 2]]}


def test_several_lines_can_be_told_apart_without_colour(drawn):
    pictures.curves('x.png', {str(n): [(0, n), (1, n)] for n in range(5)}, xlabel='SNR in dB',
                    ylabel='UA')
    looks = {(str(line._unscaled_dash_pattern), line.get_marker())
             for line in drawn[0].axes[0].lines}
    assert len(looks) == 5


def test_equal_numbers_give_an_equal_file_whatever_the_backend(tmp_path):
    backend = matplotlib.get_backend()
    files = [pictures.risk_coverage(tmp_path / f'{n}.png', {'a': ([0.5, 1.0], [0.0, 0.5])})
             for n in range(2)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert matplotlib.get_backend() == backend
