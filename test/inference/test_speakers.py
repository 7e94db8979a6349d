"""The memory of speakers: bounded in number and in time."""

import pytest

from physioser_ros.inference import SpeakerMemory


def test_what_is_remembered_is_recalled_of_the_same_speaker():
    memory = SpeakerMemory()
    memory.remember('a', 1, 0.0)
    memory.remember('', 2, 0.0)
    assert memory.recall('a', 1.0) == 1
    assert memory.recall('', 1.0) == 2
    assert memory.recall('b', 1.0) is None


@pytest.mark.parametrize('later_s, known', [(60.0, True), (60.1, False), (-1.0, True),
                                            (-1.1, False)])
def test_a_speaker_is_forgotten_after_a_while_and_when_time_goes_back(later_s, known):
    memory = SpeakerMemory(forget_s=60.0)
    memory.remember('a', 1, 100.0)
    assert (memory.recall('a', 100.0 + later_s) == 1) is known
    assert len(memory) == int(known)


def test_the_speaker_not_heard_for_longest_makes_room():
    memory = SpeakerMemory(max_speakers=2)
    for time_s, speaker in enumerate(['a', 'b', 'a', 'c']):
        memory.remember(speaker, speaker, time_s)
    assert [memory.recall(speaker, 4.0) for speaker in 'abc'] == ['a', None, 'c']


def test_who_has_left_is_forgotten_when_another_one_speaks():
    memory = SpeakerMemory(forget_s=60.0)
    for time_s, speaker in ((0.0, 'a'), (50.0, 'b'), (100.0, 'c')):
        memory.remember(speaker, speaker, time_s)
    assert len(memory) == 2
    assert [memory.recall(speaker, 100.0) for speaker in 'abc'] == [None, 'b', 'c']


def test_reset_forgets_one_or_all():
    memory = SpeakerMemory()
    for speaker in 'abc':
        memory.remember(speaker, speaker, 0.0)
    memory.reset('b')
    memory.reset('unknown')
    assert [memory.recall(speaker, 0.0) for speaker in 'abc'] == ['a', None, 'c']
    memory.reset()
    assert len(memory) == 0


def test_age_is_never_negative():
    memory = SpeakerMemory()
    memory.remember('a', 1, 10.0)
    assert memory.age_s('a', 12.5) == 2.5
    assert memory.age_s('a', 9.5) == 0.0
    assert memory.age_s('b', 0.0) == float('inf')


@pytest.mark.parametrize('options', [{'forget_s': 0}, {'forget_s': float('nan')},
                                     {'max_speakers': 0}])
def test_an_option_out_of_range_is_named(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        SpeakerMemory(**options)
