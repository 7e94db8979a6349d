"""`physioser predict`: the same answers as the engine, and one sentence per bad file."""

import csv
import json

from click.testing import CliRunner
import numpy as np
import pytest
import soundfile
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.commands.main import main
from physioser_ros.inference import Decision, load_model, Recognizer


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Return the path of a tiny model."""
    return write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.onnx')


@pytest.fixture
def wav(tmp_path):
    """Return a maker of WAV files whose label is known."""
    def make(index, name=None, rate=16000, channels=1, **options):
        samples = samples_for(index, **options)
        path = tmp_path / (name or f'{LABELS[index]}.wav')
        soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), rate)
        return path
    return make


def predict(*arguments):
    """Run the command and return its result."""
    return CliRunner().invoke(main, ['predict', *map(str, arguments)])


def test_a_line_tells_file_time_label_confidence_and_branches(model, wav):
    path = wav(3, duration_s=1.5)
    result = predict('--model', model, path)
    assert result.exit_code == 0
    assert result.stdout == f'{path}  0.00-1.50 s  happy 0.92  vap 0.47 ssl 0.53\n'


def test_json_is_the_result_of_the_recognizer(model, wav):
    path = wav(2)
    run = predict('--model', model, '--json', '--saliency', path)
    record = json.loads(run.stdout)
    expected = Recognizer(load_model(model), Decision(), saliency=True).recognize(samples_for(2))
    assert record['label'] == 'fear'
    assert list(record['probabilities'].items()) == list(
        zip(expected.labels, expected.probabilities))
    assert (record['branch_weights']['vap'],
            record['branch_weights']['ssl']) == expected.branch_weights
    assert record['vap_frame_weights'] == expected.vap_frame_weights.tolist()
    assert list(record['component_saliency']) == ['M', 'rho', 'f_inst', 'tau_g']
    assert (record['start_s'], record['end_s'], record['skipped_s']) == (0, 1, 0)


@pytest.mark.parametrize('rate, channels', [(16000, 2), (48000, 1), (44100, 2)])
def test_other_rates_and_channels_are_converted(model, wav, rate, channels):
    # The square wave is 50 Hz at 16 kHz; resampled it stays one of the same amplitude.
    path = wav(3, rate=rate, channels=channels, duration_s=3.0)
    record = json.loads(predict('--model', model, '--json', path).stdout)
    assert record['label'] in LABELS
    assert record['end_s'] == pytest.approx(3.0 * 16000 / rate, abs=1e-3)


def test_a_bad_file_is_told_and_the_others_are_answered(model, wav, tmp_path):
    text = tmp_path / 'notes.wav'
    text.write_text('this is no sound')
    empty = tmp_path / 'empty.wav'
    soundfile.write(empty, np.zeros(0, np.int16), 16000)
    broken = tmp_path / 'nan.wav'
    soundfile.write(broken, np.full(16000, np.nan, np.float32), 16000, subtype='FLOAT')
    missing = tmp_path / 'missing.wav'
    good = wav(5)
    result = predict('--model', model, missing, text, empty, broken, tmp_path, good)
    assert result.exit_code == 1
    assert result.stdout.startswith(f'{good}  0.00-1.00 s  sad')
    complaints = result.stderr.splitlines()
    assert len(complaints) == 5
    for complaint, path in zip(complaints, (missing, text, empty, broken, tmp_path)):
        assert complaint.startswith(f'physioser predict: {path}: ')


def test_of_a_long_file_the_unheard_start_is_told(model, wav):
    result = predict('--model', model, wav(5, duration_s=12.0))
    assert result.exit_code == 0
    assert 'first 2.0 s were not heard' in result.stderr


def test_a_recording_of_hours_is_refused(model, wav, monkeypatch):
    monkeypatch.setattr('physioser_ros.commands.recordings.LONGEST_S', 2)
    result = predict('--model', model, wav(5, duration_s=3.0))
    assert result.exit_code == 1 and 'lasts 3 s' in result.stderr


def test_an_unsure_answer_is_uncertain(model, wav):
    assert '  uncertain 0.92' in predict('--model', model, '--min-confidence', 0.95,
                                         wav(3)).stdout


def test_a_model_that_cannot_be_used_ends_the_command(model, wav, tmp_path):
    result = predict('--model', tmp_path / 'none.onnx', wav(1))
    assert result.exit_code == 1
    assert result.stdout == '' and len(result.stderr.splitlines()) == 1
    assert 'none.onnx' in result.stderr
    result = predict('--model', model, '--sha256', '0' * 64, wav(1))
    assert result.exit_code == 1 and 'SHA-256' in result.stderr


def test_wrong_usage_is_exit_code_2(model):
    assert predict('--model', model).exit_code == 2
    assert predict('--nonsense', 'x.wav').exit_code == 2


def test_segmenting_a_file_without_speech_gives_no_answer(model, tmp_path):
    path = tmp_path / 'silence.wav'
    soundfile.write(path, np.zeros(48000, np.int16), 16000)
    result = predict('--model', model, '--segment', path)
    assert (result.exit_code, result.stdout) == (0, '')
    assert result.stderr == f'physioser predict: {path}: no speech was found\n'


def test_segmenting_tells_bad_files_and_goes_on(model, tmp_path):
    text = tmp_path / 'notes.wav'
    text.write_text('this is no sound')
    missing = tmp_path / 'missing.wav'
    result = predict('--model', model, '--segment', missing, text)
    assert (result.exit_code, result.stdout) == (1, '')
    assert [line.split(': ')[:2] for line in result.stderr.splitlines()] == [
        ['physioser predict', str(missing)], ['physioser predict', str(text)]]


def test_segmenting_gives_the_utterances_of_the_node(model, tmp_path, recordings):
    with open(recordings / 'index.csv', newline='') as file:
        row = next(csv.DictReader(file))
    clip, rate = soundfile.read(recordings / row['path'], dtype='int16', always_2d=True)
    silence = np.zeros((2 * rate, 1), np.int16)
    path = tmp_path / 'two.wav'
    soundfile.write(path, np.concatenate([silence, clip[:, :1], silence, clip[:, :1], silence]),
                    rate)
    run = predict('--model', model, '--segment', '--json', path)
    records = [json.loads(line) for line in run.stdout.splitlines()]
    clip_s = len(clip) / rate
    assert run.exit_code == 0 and len(records) >= 2
    assert 1 < records[0]['start_s'] < 2 + clip_s
    assert 3 + clip_s < records[-1]['start_s'] < records[-1]['end_s'] < 6 + 2 * clip_s
    for before, after in zip(records, records[1:]):
        assert before['end_s'] <= after['start_s']
