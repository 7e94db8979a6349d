"""Every sample comes out once, and the cuts are where the rules say."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from scripted_vad import blocks, ScriptedVoiceActivity, sound

from physioser_ros.audio.block import (
    AnticipatedUtterance, AudioBlock, PartialUtterance, Rejected, SpeechEnded, SpeechStarted,
    Utterance)
from physioser_ros.audio.segmenter import Segmenter
from physioser_ros.audio.segmenter_options import SegmenterOptions

OPTIONS = SegmenterOptions(pre_roll_s=0.2, start_s=0.03, rise_s=0.3, hangover_s=0.3, min_s=0.1,
                           max_s=2.0, split_window_s=0.5)


def events_of(stream, options=OPTIONS, flush=True):
    segmenter = Segmenter(options, ScriptedVoiceActivity())
    events = [event for block in stream for event in segmenter.push(block)]
    return events + (segmenter.flush() if flush else [])


def utterances(events):
    return [event for event in events if isinstance(event, Utterance)]


def pieces(events):
    """Return (index, count) of everything that came out, in order."""
    found = []
    for event in events:
        if isinstance(event, Utterance):
            found.append((event.index, len(event.samples)))
        elif isinstance(event, Rejected):
            found.append((event.index, event.count))
    return found


def assert_complete(events, samples, start=0):
    """Assert that utterances and rejected sound make up the input exactly."""
    place = start
    for index, count in pieces(events):
        assert index == place
        place += count
    assert place == start + len(samples)
    for utterance in utterances(events):
        offset = utterance.index - start
        assert np.array_equal(utterance.samples, samples[offset:offset + len(utterance.samples)])
        assert utterance.start_ns == 1_000_000_000 + offset * 62500


stretches = st.lists(
    st.tuples(st.floats(0.01, 1.5), st.sampled_from([0, 0.2, 0.4, 0.55, 0.7, 1.0])),
    min_size=1, max_size=12)
partitions = st.lists(st.integers(1, 2000), min_size=1, max_size=20)


@given(stretches, partitions, partitions)
def test_utterances_and_rejected_sound_are_the_input_for_any_partition(script, one, other):
    samples = sound(*script)
    first, second = (events_of(blocks(samples, sizes)) for sizes in (one, other))
    assert_complete(first, samples)
    assert_complete(second, samples)
    assert [(item.index, len(item.samples), item.flags) for item in utterances(first)] == [
        (item.index, len(item.samples), item.flags) for item in utterances(second)]


@given(stretches, partitions, st.data())
def test_nothing_is_lost_around_gates_gaps_and_resets(script, sizes, data):
    samples = sound(*script)
    segmenter = Segmenter(OPTIONS, ScriptedVoiceActivity())
    events, shift = [], 0
    expected = []
    for block in blocks(samples, sizes):
        what = data.draw(st.sampled_from(['', '', '', 'drop', 'mute', 'gap', 'discard', 'flush']))
        if what == 'gap':
            shift += 777
        block = AudioBlock(block.samples, block.index + shift, block.stamp_ns, what == 'gap')
        expected.append((block.index, block.end_index))
        if what == 'discard':
            events += segmenter.discard()
        if what == 'flush':
            events += segmenter.flush()
        events += segmenter.push(block, what if what in ('drop', 'mute') else '')
    events += segmenter.flush()
    out = np.concatenate([np.arange(index, index + count) for index, count in pieces(events)])
    wanted = np.concatenate([np.arange(*span) for span in expected])
    assert np.array_equal(out, wanted)


@given(stretches)
def test_voice_begins_and_ends_in_turn(script):
    events = events_of(blocks(sound(*script), [480]))
    voice = [isinstance(event, SpeechStarted) for event in events
             if isinstance(event, (SpeechStarted, SpeechEnded))]
    assert voice == [place % 2 == 0 for place in range(len(voice))]
    assert len(voice) % 2 == 0


@pytest.mark.parametrize('tail_s, kept', [(0.1, 1600), (0.5, 4800)])
def test_an_utterance_has_its_pre_roll_and_its_tail(tail_s, kept):
    samples = sound((1.0, 0), (0.5, 1.0), (1.0, 0))
    [utterance] = utterances(events_of(blocks(samples, [480]), replace(OPTIONS, tail_s=tail_s)))
    assert utterance.index == 16000 - 3200
    assert utterance.speech_start == 3200
    assert utterance.speech_end == 3200 + 8000
    assert len(utterance.samples) == 3200 + 8000 + kept
    assert utterance.flags == frozenset()
    assert utterance.speech_probability == pytest.approx(1.0)
    assert utterance.duration_s == pytest.approx(0.7 + kept / 16000)


def test_a_rise_that_becomes_sure_late_begins_where_it_rose():
    samples = sound((1.0, 0), (0.2, 0.55), (0.3, 0.9), (1.0, 0))
    [utterance] = utterances(events_of(blocks(samples, [480])))
    assert utterance.index + utterance.speech_start == 16000


def test_speech_is_followed_back_to_a_soft_beginning_but_not_across_a_silence():
    script = ((1.0, 0), (0.1, 0.3), (0.4, 0), (0.3, 0.2), (0.1, 0), (0.3, 0.2), (0.5, 1.0),
              (1.0, 0))
    [utterance] = utterances(events_of(blocks(sound(*script), [480])))
    assert utterance.index + utterance.speech_start == 24000


def test_a_knock_leaves_the_next_sentence_its_pre_roll():
    script = ((1.0, 0), (0.05, 1.0), (0.35, 0), (0.5, 1.0), (1.0, 0))
    [utterance] = utterances(events_of(blocks(sound(*script), [480])))
    assert utterance.speech_start == 3200


@pytest.mark.parametrize('seconds, found', [(0.2, 0), (1.0, 1)])
def test_a_rise_that_never_becomes_sure_counts_only_if_it_lasts(seconds, found):
    samples = sound((1.0, 0), (seconds, 0.55), (1.0, 0))
    assert len(utterances(events_of(blocks(samples, [480])))) == found


@pytest.mark.parametrize('seconds, probability, found', [
    (0.5, 0.5, 0), (0.5, 0.9, 1), (0.9, 0.5, 1)])
def test_what_is_both_brief_and_doubtful_is_no_speech(seconds, probability, found):
    samples = sound((1.0, 0), (0.1, 0.9), (seconds, probability), (1.0, 0))
    events = events_of(blocks(samples, [480]))
    assert len(utterances(events)) == found
    assert any(isinstance(event, Rejected) and event.reason == 'short'
               for event in events) != bool(found)


def test_a_last_piece_without_speech_is_no_utterance():
    # The end of the speech comes right before the longest length, the cut into the silence.
    samples = sound((1.0, 0), (1.6, 1.0), (1.0, 0))
    events = events_of(blocks(samples, [480]))
    assert [utterance.flags for utterance in utterances(events)] == [{'split'}]


def test_short_speech_is_rejected_and_said_so():
    events = events_of(blocks(sound((1.0, 0), (0.05, 1.0), (1.0, 0)), [480]))
    assert utterances(events) == []
    assert [event.reason for event in events if isinstance(event, Rejected)
            and event.reason != 'silence'] == ['short']


def test_a_pause_shorter_than_the_hang_over_does_not_cut():
    samples = sound((0.5, 1.0), (0.25, 0), (0.5, 1.0), (1.0, 0))
    assert len(utterances(events_of(blocks(samples, [480])))) == 1


def test_long_speech_is_split_at_its_least_probable_point_and_flagged():
    samples = sound((1.7, 1.0), (0.05, 0.4), (1.0, 1.0), (1.0, 0))
    first, second = utterances(events_of(blocks(samples, [480])))
    assert first.flags == second.flags == {'split'}
    assert first.index + len(first.samples) == second.index
    # The cut is behind the last of the least probable frames.
    assert second.index == pytest.approx(1.75 * 16000, abs=160)


def test_a_forced_end_in_mid_speech_is_truncated():
    [utterance] = utterances(events_of(blocks(sound((0.5, 0), (0.5, 1.0)), [480])))
    assert utterance.flags == {'forced', 'truncated'}


def test_a_gap_closes_the_utterance_and_marks_both_sides():
    before, after = sound((0.5, 1.0)), sound((0.5, 1.0), (1.0, 0))
    stream = blocks(before, [480]) + [
        AudioBlock(block.samples, block.index + 1000, block.stamp_ns, place == 0)
        for place, block in enumerate(blocks(after, [480], start=8000))]
    first, second = utterances(events_of(stream))
    assert first.flags == {'gap', 'truncated'}
    assert second.flags == {'gap'}
    assert second.index == 9000


def test_speech_long_after_a_gap_does_not_touch_it():
    stream = blocks(sound((0.5, 0)), [480]) + [
        AudioBlock(block.samples, block.index, block.stamp_ns, place == 0)
        for place, block in enumerate(
            blocks(sound((2.0, 0), (0.5, 1.0), (1.0, 0)), [480], start=9000))]
    [utterance] = utterances(events_of(stream))
    assert utterance.flags == frozenset()


@pytest.mark.parametrize('before, after', [
    ('vad', 'continuous'), ('continuous', 'vad'), ('push_to_talk', 'continuous')])
def test_every_beginning_has_its_end_when_the_trigger_changes_in_between(before, after):
    segmenter = Segmenter(replace(OPTIONS, trigger=before), ScriptedVoiceActivity())
    segmenter.press(before == 'push_to_talk')
    events = [event for block in blocks(sound((0.5, 1.0)), [480])
              for event in segmenter.push(block)]
    assert segmenter.speaking
    segmenter.configure(replace(OPTIONS, trigger=after))
    events += segmenter.flush()
    begun, ended = (sum(isinstance(event, kind) for event in events)
                    for kind in (SpeechStarted, SpeechEnded))
    assert begun == ended == (before != 'continuous')


def test_the_robots_own_voice_is_dropped_and_the_person_after_it_is_not():
    samples = sound((1.0, 1.0), (0.5, 1.0), (1.0, 0))
    segmenter, events = Segmenter(OPTIONS, ScriptedVoiceActivity()), []
    for block in blocks(samples, [480]):
        events += segmenter.push(block, 'drop' if block.index < 16000 else '')
    [utterance] = utterances(events)
    assert utterance.index >= 16000


def test_a_robot_that_interrupts_mutes_or_drops_the_person():
    samples = sound((0.5, 1.0), (0.5, 1.0), (1.0, 0))
    kept = {}
    for mode in ('drop', 'mute'):
        segmenter, events = Segmenter(OPTIONS, ScriptedVoiceActivity()), []
        for block in blocks(samples, [480]):
            events += segmenter.push(block, mode if 8000 <= block.index < 16000 else '')
        kept[mode] = utterances(events)
    assert kept['drop'] == []
    assert kept['mute'][0].flags >= {'gated'}


def test_a_button_begins_and_ends_an_utterance():
    options = replace(OPTIONS, trigger='push_to_talk')
    segmenter, events = Segmenter(options, ScriptedVoiceActivity()), []
    for block in blocks(sound((2.0, 0)), [160]):
        segmenter.press(8000 <= block.index < 16000)
        events += segmenter.push(block)
    [utterance] = utterances(events)
    assert utterance.index == 8000 - 3200
    assert utterance.end_index == 16160


def test_continuous_windows_have_one_length_and_say_no_voice():
    options = replace(OPTIONS, trigger='continuous', window_s=1.0)
    events = events_of(blocks(sound((3.5, 0)), [480]), options)
    assert [len(item.samples) for item in utterances(events)] == [16000, 16000, 16000, 8000]
    assert not any(isinstance(event, SpeechStarted) for event in events)


def test_partial_utterances_grow_while_somebody_speaks():
    options = replace(OPTIONS, partial_period_s=0.25)
    events = events_of(blocks(sound((0.5, 0), (1.0, 1.0), (1.0, 0)), [480]), options)
    partial = [event.utterance for event in events if isinstance(event, PartialUtterance)]
    [final] = utterances(events)
    lengths = [len(item.samples) for item in partial]
    assert len(partial) >= 3 and lengths == sorted(set(lengths))
    assert {item.start_ns for item in partial} == {final.start_ns}


@given(stretches, partitions)
def test_a_silence_that_lasts_ends_the_utterance_that_was_anticipated(script, sizes):
    options = replace(OPTIONS, tail_s=0.1, partial_period_s=0.05)
    early, spoken = [], 0
    for event in events_of(blocks(sound(*script, (0.5, 0)), sizes), options, flush=False):
        if isinstance(event, AnticipatedUtterance):
            assert event.utterance.speech_end > spoken
            spoken = event.utterance.speech_end
            early.append(event.utterance)
        elif isinstance(event, PartialUtterance) and early:
            # Never less of what was anticipated already.
            assert len(event.utterance.samples) > len(early[-1].samples)
        elif isinstance(event, Utterance):
            if 'split' not in event.flags:
                assert early[-1].start_ns == event.start_ns
                assert np.array_equal(early[-1].samples, event.samples)
                assert early[-1].speech_probability == event.speech_probability
            early, spoken = [], 0
        elif isinstance(event, Rejected) and event.reason == 'short':
            assert not early


@pytest.mark.parametrize('changes', [
    {'anticipate': False}, {'tail_s': 0.3}, {'trigger': 'continuous'}])
def test_nothing_is_anticipated_where_that_is_useless_or_not_wanted(changes):
    options = replace(OPTIONS, **{'tail_s': 0.1, **changes})
    events = events_of(blocks(sound((0.5, 1.0), (2.0, 0)), [480]), options)
    assert not any(isinstance(event, AnticipatedUtterance) for event in events)


def test_the_rest_of_the_hang_over_may_be_the_next_pre_roll():
    samples = sound((0.5, 1.0), (0.35, 0), (0.5, 1.0), (1.0, 0))
    first, second = utterances(events_of(blocks(samples, [480]), replace(OPTIONS, tail_s=0.1)))
    assert first.end_index == 8000 + 1600
    assert second.index == 8000 + 5600 - 3200


def test_new_options_take_effect_and_keep_the_open_utterance():
    segmenter, events = Segmenter(OPTIONS, ScriptedVoiceActivity()), []
    stream = blocks(sound((0.5, 1.0), (0.2, 0), (0.5, 1.0), (1.0, 0)), [480])
    for place, block in enumerate(stream):
        if place == 10:
            segmenter.configure(replace(OPTIONS, hangover_s=0.1))
        events += segmenter.push(block)
    assert len(utterances(events)) == 2


@pytest.mark.parametrize('changes, text', [
    ({'trigger': 'shout'}, 'segment.trigger'), ({'pre_roll_s': -1}, 'segment.pre_roll_s'),
    ({'hangover_s': 9}, 'segment.hangover_s'), ({'stop_threshold': 0.9}, 'stop_threshold'),
    ({'window_s': 61.0}, 'segment.window_s')])
def test_an_option_out_of_range_is_named(changes, text):
    with pytest.raises(ValueError, match=text):
        SegmenterOptions(**changes)
