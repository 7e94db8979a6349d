"""Measuring recordings and writing an index that training reads."""

from click.testing import CliRunner
import numpy as np
import pytest

from physioser_ros.commands.corpora import command
from physioser_ros.corpora import get_corpus, parse
from physioser_ros.corpora.index import read_index
from physioser_ros.corpora.measure import measure, write_index

soundfile = pytest.importorskip('soundfile')


def tone(path, hz, *, rate=16000, seconds=0.5, amplitude=0.5):
    """Write a sine to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(rate * seconds)) / rate
    soundfile.write(path, amplitude * np.sin(2 * np.pi * hz * time), rate)


def test_a_recording_is_described_by_its_samples(tmp_path):
    tone(tmp_path / 'a.wav', 440, rate=44100)
    samples, facts = measure(tmp_path / 'a.wav')
    assert samples.dtype == np.int16 and samples.shape == (22050,)
    assert facts['duration_s'] == 0.5 and facts['sr_orig'] == 44100
    assert facts['rms_db'] == pytest.approx(-9.0, abs=0.1)
    assert facts['peak'] == pytest.approx(0.5, abs=1e-3)
    assert len(facts['sha1_pcm']) == 40


def test_silence_and_emptiness_have_finite_levels(tmp_path):
    soundfile.write(tmp_path / 'silence.wav', np.zeros(100), 8000)
    soundfile.write(tmp_path / 'empty.wav', np.zeros(0), 8000)
    assert measure(tmp_path / 'silence.wav')[1]['rms_db'] == -100.0
    assert measure(tmp_path / 'empty.wav')[1]['duration_s'] == 0.0


def test_channels_are_averaged(tmp_path):
    soundfile.write(tmp_path / 'a.wav', np.full((10, 2), [0.5, 0.25]), 8000)
    assert measure(tmp_path / 'a.wav')[1]['peak'] == 0.375


def test_the_index_is_readable_and_keeps_other_corpora(tmp_path):
    runner = CliRunner()
    for number, path in enumerate(('03a01Wa', '16b10Td', '08a02Na', '08a02Nb')):
        tone(tmp_path / f'emodb/wav/{path}.wav', 200 + 50 * min(number, 2))
    for number, path in enumerate(('01-01-01-01', '02-02-02-03')):
        tone(tmp_path / f'indowave/{path}.wav', 700 + 50 * number)
    output = tmp_path / 'index.csv'
    for name in ('emodb', 'indowave', 'emodb'):
        result = runner.invoke(command, ['index', name, str(tmp_path / name), '-o', str(output)])
        assert result.exit_code == 0, result.output
    index = read_index(tmp_path)
    assert list(index['path']) == ['emodb/wav/03a01Wa.wav', 'emodb/wav/08a02Na.wav',
                                   'emodb/wav/16b10Td.wav', 'indowave/01-01-01-01.wav',
                                   'indowave/02-02-02-03.wav']
    assert list(index['sex']) == ['m', 'f', 'f', 'm', 'f']
    # 08a02Nb holds the same sound as 08a02Na: a recording must not stand in two splits.
    assert '08a02Nb' in result.output and 'same sound' in result.output


def test_parts_of_a_long_recording_are_cut(tmp_path):
    corpus = get_corpus('pavoque')
    rate = 8000
    soundfile.write(tmp_path / 'pavoque-sad.flac', np.linspace(-0.5, 0.5, 4 * rate), rate)
    (tmp_path / 'pavoque-sad.yaml').write_text(
        '- {prompt: o1, text: Eins, style: sad, start: 0.5, end: 1.5}\n'
        '- {prompt: o2, text: Zwei, style: sad, start: 2.0, end: 3.25}\n', encoding='utf-8')
    rows = parse(corpus, tmp_path).rows
    written, left_out = write_index(rows, tmp_path, tmp_path / 'out' / 'index.csv')
    assert left_out == {}
    assert list(written['duration_s']) == [1.0, 1.25]
    whole, _ = soundfile.read(tmp_path / 'pavoque-sad.flac', dtype='int16')
    part, _ = soundfile.read(tmp_path / 'out' / written['path'][1], dtype='int16')
    np.testing.assert_array_equal(part, whole[2 * rate:int(3.25 * rate)])


def test_an_unreadable_recording_is_named_with_the_remedy(tmp_path):
    (tmp_path / '03a01Wa.wav').write_text('not sound')
    result = CliRunner().invoke(command, ['index', 'emodb', str(tmp_path), '-o',
                                          str(tmp_path / 'index.csv')])
    assert result.exit_code == 1
    assert '03a01Wa.wav cannot be read' in result.output and 'convert' in result.output


def test_commands_tell_what_is_there(tmp_path):
    runner = CliRunner()
    assert 'EmoDB (emodb)' in runner.invoke(command, ['list']).output
    shown = runner.invoke(command, ['show', 'ravdess'])
    assert shown.exit_code == 0 and 'CC BY-NC-SA 4.0' in shown.output
    assert runner.invoke(command, ['show', 'nothing']).exit_code == 2
    (tmp_path / '03a01Wa.wav').touch()
    checked = runner.invoke(command, ['check', 'emodb', str(tmp_path)])
    assert checked.exit_code == 1 and 'anger: 1 found, 127 published.' in checked.output
    lacking = runner.invoke(command, ['check', 'emodb', str(tmp_path / 'nowhere')])
    assert lacking.exit_code == 1 and 'no folder' in lacking.output


def test_an_index_written_by_hand_gets_what_is_measured(tmp_path):
    for number in (1, 2):
        tone(tmp_path / f'{number}.wav', 200 * number, seconds=0.5 * number)
    index = tmp_path / 'index.csv'
    head = 'path,corpus,language,speaker_id,emotion,emotion_norm,licence,licence_class'
    row = '{0}.wav,mine,en,mine_anna,joy,happy,our own,nc\n'
    index.write_text(f'{head}\n{row.format(1)}{row.format(2)}', encoding='utf-8')
    with pytest.raises(ValueError, match='lacks the columns duration_s, sha1_pcm; .*measure'):
        read_index(tmp_path)
    for count in (2, 0):
        result = CliRunner().invoke(command, ['measure', str(index)])
        assert result.exit_code == 0 and f'measured {count} recordings' in result.output
    assert list(read_index(tmp_path)['duration_s']) == [0.5, 1.0]
    assert read_index(tmp_path)['sha1_pcm'][0] == measure(tmp_path / '1.wav')[1]['sha1_pcm']

    whole = index.read_text(encoding='utf-8')
    index.write_text(f'{head}\n{row.format(1)}{row.format(3)}', encoding='utf-8')
    result = CliRunner().invoke(command, ['measure', str(index)])
    assert result.exit_code == 1 and '3.wav cannot be read' in result.output
    assert len(index.read_text(encoding='utf-8')) < len(whole), 'left as it was'
