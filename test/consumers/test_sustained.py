"""When an emotion begins and ends: utterance by utterance."""

import pytest

from physioser_ros.consumers.sustained import SustainedEmotion, SustainedOptions

OPTIONS = SustainedOptions(start_confidence=0.5, start_count=3, start_s=8.0, stop_confidence=0.3,
                           stop_count=2, forget_s=30.0)


def heard(text, step_s=2.0, options=OPTIONS, emotions=('angry', 'sad')):
    """Return the labels that hold after each utterance of `text`, such as 'angry:0.8 sad:0.6'."""
    emotion = SustainedEmotion(options, emotions)
    labels = []
    for index, item in enumerate(text.split()):
        label, _, value = item.partition(':')
        probabilities = {label: float(value), 'neutral': 1 - float(value)}
        labels.append(emotion.hear(probabilities, 100.0 + index * step_s))
    return labels


@pytest.mark.parametrize('utterances, held', [
    ('angry:0.8 angry:0.8', ['', '']),
    ('angry:0.8 angry:0.8 angry:0.8', ['', '', 'angry']),
    ('angry:0.8 angry:0.4 angry:0.8 angry:0.8', [''] * 4),
    ('angry:0.8 sad:0.8 angry:0.8 sad:0.8', [''] * 4),
    ('happy:0.9 happy:0.9 happy:0.9', [''] * 3),
    ('angry:0.8 angry:0.8 angry:0.8 angry:0.35 angry:0.35 angry:0.35', ['', ''] + ['angry'] * 4),
    ('angry:0.8 angry:0.8 angry:0.8 angry:0.1 angry:0.1', ['', '', 'angry', 'angry', '']),
    ('angry:0.8 angry:0.8 angry:0.8 angry:0.1 angry:0.4 angry:0.1',
     ['', '', 'angry', 'angry', 'angry', 'angry']),
    ('angry:0.8 angry:0.8 angry:0.8 sad:0.8 sad:0.8 sad:0.8',
     ['', '', 'angry', 'angry', '', 'sad']),
])
def test_an_emotion_begins_after_sure_utterances_and_survives_weak_ones(utterances, held):
    assert heard(utterances) == held


@pytest.mark.parametrize('step_s, held', [
    (2.0, ['', '']), (8.0, ['', 'angry']), (30.0, ['', 'angry']), (31.0, ['', '']),
    (-2.0, ['', '']),
])
def test_time_makes_a_beginning_too_unless_it_is_long_or_runs_backwards(step_s, held):
    assert heard('angry:0.8 angry:0.8', step_s) == held


def test_one_emotion_takes_the_place_of_another_at_once():
    options = SustainedOptions(start_count=1, stop_count=5)
    assert heard('angry:0.8 sad:0.8', options=options) == ['angry', 'sad']


def test_a_silence_forgets():
    emotion = SustainedEmotion(SustainedOptions(start_count=1), ['angry'])
    assert emotion.hear({'angry': 0.9}, 1.0) == 'angry'
    emotion.forget()
    assert emotion.label == ''
    assert emotion.hear({}, 2.0) == ''


@pytest.mark.parametrize('name, value', [
    ('start_confidence', 0.2), ('start_confidence', 1.5), ('stop_confidence', -0.1),
    ('start_count', 0), ('stop_count', 0), ('start_s', -1.0), ('forget_s', 0.0),
    ('start_confidence', float('nan')),
])
def test_an_option_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f'{name} (is )?{value}'):
        SustainedOptions(**{name: value})
