"""What `physioser hearing` measures is what it says, and the defaults hear what they must."""

import numpy as np
from places import ROOT
import pytest

from physioser_ros.benchmark.hearing import report
from physioser_ros.benchmark.hearing.cost import Ears
from physioser_ros.benchmark.hearing.listeners import Answers, ask, cut, Heard
from physioser_ros.benchmark.hearing.noises import at_level, NOISES
from physioser_ros.benchmark.hearing.score import false_utterances, score
from physioser_ros.benchmark.hearing.time_line import (
    boundaries, noise_line, quiet_line, read_sentences, speech_line, TimeLine)
from physioser_ros.benchmark.hearing.tuning import settings

RATE = 16000


def spoken(*stretches):
    """Return noise with the levels asked for, as pairs of seconds and dB of full scale."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.standard_normal(round(seconds * RATE)).astype(np.float32)
                           * 10 ** (level / 20) for seconds, level in stretches])


def line(seconds, *sentences):
    """Return a silent line with sentences from and to the seconds given."""
    return TimeLine('line', np.zeros(round(seconds * RATE), np.int16), tuple(
        (round(start * RATE), round(end * RATE)) for start, end in sentences))


def heard(start_s, end_s):
    return Heard(round(start_s * RATE), round(end_s * RATE), round(end_s * RATE))


def test_a_sentence_is_where_it_is_loud():
    waveform = spoken((0.5, -90), (0.2, -50), (1.0, -20), (0.2, -50), (0.5, -90))
    assert boundaries(waveform) == (round(0.5 * RATE), round(1.9 * RATE))


@pytest.mark.parametrize('stretches', [
    ((0.5, -50), (1.0, -20), (0.5, -50)),
    ((0.5, -90), (0.2, -45), (0.3, -90), (1.0, -20), (0.5, -90))], ids=['noise', 'breath'])
def test_uncertain_boundaries_are_refused(stretches):
    assert boundaries(spoken(*stretches)) is None


@pytest.mark.parametrize('name', NOISES)
def test_noises_are_finite_and_the_same_in_every_run(name):
    sound, again = (NOISES[name](1.5, np.random.default_rng(3)) for _ in range(2))
    assert sound.dtype == np.float32 and len(sound) == 1.5 * RATE
    assert np.isfinite(sound).all() and np.array_equal(sound, again)
    assert np.sqrt(np.mean(at_level(sound, -20.0) ** 2)) == pytest.approx(0.1, rel=1e-3)


def test_a_line_knows_where_its_sentences_are():
    sentences = [spoken((1.0, -26)), spoken((0.7, -26))]
    for made in (speech_line('clean', sentences), noise_line('tone', sentences, 2.0)):
        assert len(made.sentences) == 2
        for (start, end), sentence in zip(made.sentences, sentences):
            piece = made.samples[start:end] / 32768
            assert np.corrcoef(piece, sentence)[0, 1] > 0.99


def test_misses_cuts_pieces_and_false_utterances_are_counted():
    made = line(20, (2, 4), (6, 8), (10, 12), (14, 16))
    found = [heard(1.8, 4.6), heard(6.5, 7), heard(7.2, 8.4), heard(11.5, 12.5), heard(12.9, 16.2),
             heard(17, 18)]
    result = score(made, found)
    assert (result.sentences, result.missed, result.cut, result.opened) == (4, 1, 1, 1)
    assert result.worst_cut_ms == pytest.approx(500)
    assert result.pieces == pytest.approx(4 / 3)
    assert result.latency_s == pytest.approx(0.4)
    assert false_utterances(made, found) == [found[-1]] and result.false == 1


def test_longer_hang_over_costs_its_length_in_latency():
    made = line(60, *((5 * n + 2, 5 * n + 3) for n in range(11)))
    probabilities = np.zeros(60 * RATE // 160)
    for start, end in made.sentences:
        probabilities[start // 160:end // 160] = 1.0
    rows = {(row.parameter, row.value): row
            for row in settings([made], {'line': Answers(list(probabilities), 160, 0.85)})
            if row.parameter == 'segment.hangover_s'}
    slow, default = rows['segment.hangover_s', 1.2], rows['segment.hangover_s', 0.6]
    assert default.default and not slow.default
    assert slow.latency_s - default.latency_s == pytest.approx(0.6, abs=0.04)
    assert (default.missed, default.cut, default.false) == (0, 0, 0)


def test_the_tables_stand_between_the_marks_of_a_page(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(f'before\n{report.BEGIN}\nold\n{report.END}\nafter\n', encoding='utf-8')
    report.write('new', page)
    report.write('newer', page)
    assert page.read_text(encoding='utf-8') == (
        f'before\n{report.BEGIN}\n\nnewer\n\n{report.END}\nafter\n')
    page.write_text('none', encoding='utf-8')
    with pytest.raises(ValueError, match='has no lines'):
        report.write('new', page)


def test_nobody_speaks_in_a_quiet_room():
    ears = Ears()
    ears.listen(quiet_line(20.0).samples)
    assert ears.utterances == 0


@pytest.mark.parametrize('noise', ['', 'fan', 'servo sweep'])
def test_every_real_sentence_is_heard_from_its_first_sample(recordings, noise):
    made = speech_line('line', read_sentences(recordings, 12), noise)
    result = score(made, cut(made.samples, ask('cascade', made.samples)))
    assert (result.missed, result.cut, result.tail_cut) == (0, 0, 0)


@pytest.mark.parametrize('noise', NOISES)
def test_long_noise_is_no_voice_and_does_not_deafen(recordings, noise):
    made = noise_line(noise, read_sentences(recordings, 1), 20.0)
    result = score(made, cut(made.samples, ask('cascade', made.samples)))
    assert (result.missed, result.cut, result.opened, result.false) == (0, 0, 1, 0)


def test_the_picture_of_the_hangover_reads_the_table_of_the_page():
    from physioser_ros.benchmark.hearing.hangover import rows

    found = rows((ROOT / 'docs' / 'hearing.md').read_text(encoding='utf-8'))
    assert [value for value, *_ in found] == [0.2, 0.3, 0.4, 0.6, 0.8, 1.2]
    assert all(latency > value and pieces >= 1 for value, latency, pieces in found)
    with pytest.raises(ValueError, match='has no rows'):
        rows('| `segment.min_s` | 0.3 | 0.70 s | 1.05 |')
