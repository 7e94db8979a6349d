"""The robot does not hear itself."""

import pytest

from physioser_ros.audio.gate import OwnVoiceGate

S = 1_000_000_000


def test_sound_is_covered_from_the_first_word_to_the_end_of_the_hold_off():
    gate = OwnVoiceGate('drop', hold_off_s=0.5, timeout_s=30)
    gate.set_speaking(True, 10 * S)
    gate.set_speaking(False, 12 * S)
    covered = [gate.covers(start, start + S // 100)
               for start in (9 * S, 10 * S, 12 * S, int(12.49 * S), int(12.51 * S))]
    assert covered == [False, True, True, True, False]


def test_a_block_that_waited_is_judged_by_when_it_was_captured():
    gate = OwnVoiceGate()
    gate.set_speaking(True, 10 * S)
    gate.set_speaking(False, 11 * S)
    gate.set_speaking(True, 20 * S)
    assert gate.covers(int(10.5 * S), int(10.53 * S))
    assert not gate.covers(15 * S, 16 * S)


def test_a_voice_that_never_ends_is_not_believed_for_ever():
    gate = OwnVoiceGate('mute', timeout_s=5)
    gate.set_speaking(True, 10 * S)
    assert gate.covers(14 * S, 15 * S) and not gate.stuck_at(14 * S)
    assert not gate.covers(16 * S, 17 * S) and gate.stuck_at(16 * S)
    gate.set_speaking(False, 20 * S)
    assert not gate.stuck_at(21 * S)


def test_repeated_messages_change_nothing():
    gate = OwnVoiceGate(hold_off_s=0)
    for _ in range(3):
        gate.set_speaking(True, 10 * S)
    gate.set_speaking(False, 11 * S)
    gate.set_speaking(False, 99 * S)
    assert not gate.covers(12 * S, 13 * S)


def test_ignoring_ignores_and_an_unknown_mode_is_named():
    gate = OwnVoiceGate('ignore')
    gate.set_speaking(True, 0)
    assert not gate.covers(1, 2)
    with pytest.raises(ValueError, match="'loud'.*drop, mute, ignore"):
        OwnVoiceGate('loud')
