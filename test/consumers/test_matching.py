"""Which utterance a text belongs to."""

import pytest

from physioser_ros.consumers.matching import MatchOptions, TextMatcher

S = 10**9
ANGRY, SAD = {'angry': 0.9, 'sad': 0.1}, {'sad': 0.8, 'angry': 0.2}


@pytest.fixture
def matcher():
    """Return a matcher that knows speech of 10 to 12 s and, without emotion, of 14 to 16 s."""
    matcher = TextMatcher(MatchOptions(delay_s=1.0, tolerance_s=2.0, wait_s=3.0))
    matcher.add(9 * S, start_ns=10 * S, end_ns=12 * S)
    matcher.add(9 * S, probabilities=ANGRY)
    matcher.add(13 * S, start_ns=14 * S, end_ns=16 * S)
    return matcher


def taken(matcher, now_s):
    """Return texts and stamps of their utterances in s."""
    return [(text, heard and heard.stamp_ns // S) for text, heard in matcher.take(now_s * S)]


@pytest.mark.parametrize('time_s, stamp_s', [
    (9, None), (11, 9), (13, 9), (14.5, 9), (15.5, 13), (17, 13), (19, 13), (19.5, None)])
def test_a_text_finds_the_speech_that_ended_its_usual_delay_before(matcher, time_s, stamp_s):
    heard = matcher.find(int(time_s * S))
    assert (heard and heard.stamp_ns // S) == stamp_s


def test_a_text_with_a_known_emotion_is_decided_at_once(matcher):
    matcher.hear('go away', 13 * S)
    assert taken(matcher, 13) == [('go away', 9)]
    assert taken(matcher, 13) == []


def test_a_text_waits_for_the_emotion_and_later_texts_wait_behind_it(matcher):
    matcher.hear('I miss her', 17 * S)
    matcher.hear('a lot', 18 * S)
    assert taken(matcher, 18) == []
    matcher.add(13 * S, probabilities=SAD)
    assert taken(matcher, 18) == [('I miss her', 13), ('a lot', 13)]


def test_a_text_that_waited_in_vain_goes_on_without_an_emotion(matcher):
    matcher.hear('hello', 17 * S)
    assert taken(matcher, 19) == []
    assert taken(matcher, 20) == [('hello', None)]


def test_the_order_of_emotion_and_times_does_not_matter():
    matcher = TextMatcher(MatchOptions())
    matcher.hear('early', 2 * S)
    matcher.add(0, probabilities=ANGRY)
    assert taken(matcher, 2) == []
    matcher.add(0, start_ns=0, end_ns=1 * S)
    assert taken(matcher, 2) == [('early', 0)]


def test_old_utterances_are_forgotten(matcher):
    for index in range(100, 140):
        matcher.add(index * S, start_ns=index * S, end_ns=index * S)
    assert matcher.find(13 * S) is None


@pytest.mark.parametrize('name', ['delay_s', 'tolerance_s', 'wait_s'])
def test_a_negative_time_is_refused(name):
    with pytest.raises(ValueError, match=f'{name} is -1'):
        MatchOptions(**{name: -1})
