"""The page and the kept file, from made-up findings; nothing here is measured."""

import json

import pytest

pytest.importorskip('matplotlib', reason='requirements/bench.in is not installed')
made_up = pytest.importorskip('made_up', reason='requirements/bench.in is not installed')

from physioser_ros.benchmark import answers_page, cuts, run, store, way  # noqa: E402
from physioser_ros.benchmark.answers import last_piece  # noqa: E402
from physioser_ros.benchmark.eight_bits import held_out  # noqa: E402
from physioser_ros.benchmark.findings import ModelFile  # noqa: E402
from physioser_ros.benchmark.page import text, write_page  # noqa: E402
from physioser_ros.benchmark.targets import verdicts  # noqa: E402


def test_every_target_has_its_figure_and_verdict():
    words = {(verdict.number, verdict.word) for verdict in verdicts(made_up.findings())}
    assert words == {(1, 'met'), (1, 'not measured'), (2, 'met'), (3, 'not measured'), (4, 'met'),
                     (5, 'met'), (6, 'met'), (2, 'missed')}


def test_what_8_bits_change_is_told_of_speakers_held_out(tmp_path):
    models = {name: ModelFile(name, precision, 16.2, {}, '', 'joint_x')
              for name, precision in (('balanced', 'int8'), ('accurate', 'float32'))}
    for fold, (same, clips) in enumerate(((1.0, 300), (0.96, 100))):
        folder = tmp_path / f'joint_x-fold{fold}-seed0'
        folder.mkdir()
        (folder / 'int8.json').write_text(json.dumps(
            {'same_label': same, 'ua_lost_points': 0.2, 'clips': clips}))
    found = made_up.findings()
    found.models, found.eight_bits = models, held_out(tmp_path, models)
    told, = (verdict for verdict in verdicts(found) if verdict.number == 3)
    assert (told.figure, told.word) == ('99.0% of 400, 0.20 points', 'met')
    found.eight_bits = held_out(None, models)
    told, = (verdict for verdict in verdicts(found) if verdict.number == 3)
    assert told.word == 'not measured'


def test_the_page_has_a_table_for_all_that_was_measured(tmp_path):
    page, *pictures = write_page(made_up.findings(), tmp_path / 'performance.md')
    written = page.read_text()
    for title in ('Targets', 'Presets', 'One thread', 'Two threads', 'Where to cut',
                  'From node to node',
                  'Time to the answer', 'Both nodes running', 'Growth', 'Small machines',
                  'Where one machine ends', 'Not measured', 'Machine'):
        assert f'{title}' in written
    assert ('| `balanced` | whisper-base 1, 2, 3 | float32 | 78.5% | 79.7% | 40.0 | 24.9 |'
            in written)
    assert '4 of 5' in written
    # 25 points more for 25 ms more.
    assert '| whisper-base, layer 3 | 30.0 | 0.75 (0.75 to 0.75) | 75.0% | +1.00 |' in written
    assert 'cost 0.95 (0.95 to 0.95)' in written
    assert len(pictures) == 4
    for picture in pictures:
        assert f'({picture.name})' in written
        assert picture.read_bytes().startswith(b'\x89PNG')


def test_a_page_of_nothing_but_the_machine_can_be_written():
    found = made_up.findings()
    found.one_thread = found.two_threads = found.cuts = found.latency = found.memory = None
    for table in (found.work, found.lengths, found.running, found.answers, found.captures,
                  found.robots):
        table.clear()
    written = text(found)
    assert '## Growth' not in written
    assert 'not measured' in written


def test_the_answer_is_ready_before_the_utterance_is_over():
    steps = way.steps(made_up.findings())
    over = next(step for step in steps if step.name.startswith('segment.hangover_s'))
    ahead = next(step for step in steps if step.name.startswith('decision'))
    assert ahead.end_ms == pytest.approx(300 + 16 + 50 * 0.032 / 20 + 46)
    assert ahead.end_ms < over.end_ms == steps[-1].start_ms
    assert steps[-1].ms == pytest.approx(4)


def test_what_does_not_fit_into_the_hang_over_is_left():
    found = made_up.findings()
    # 10 ms and 10 ms a second, on the line: four times slower, 3 s take 160 ms and 10 s 440.
    assert [answers_page.left_ms(found, length, 4) for length in (3.0, 10.0)] == pytest.approx(
        [16, 140 + 16])
    assert answers_page.longest_s(found, 4) == pytest.approx(6.5)


def test_the_recall_of_a_cut_is_the_mean_of_its_runs(tmp_path):
    for fold, value in enumerate((0.7, 0.8)):
        folder = tmp_path / f'cut_stem_backbone_only-fold{fold}-seed0'
        folder.mkdir()
        (folder / 'metrics.json').write_text(json.dumps({'test': {'mean': {'ua': value}}}))
    assert cuts.recalls(tmp_path) == {'stem': pytest.approx(0.75)}
    assert cuts.recalls(None) == {}


def test_kept_findings_come_back_as_they_were(tmp_path):
    found, path = made_up.findings(), tmp_path / 'kept.json'
    store.write(found, 'a key', path)
    back = store.read(path, 'a key')
    assert text(back) == text(found)
    assert store.encode(back) == store.encode(found)
    assert store.read(path, 'another key') is None
    assert store.read(tmp_path / 'nothing.json', 'a key') is None


@pytest.mark.parametrize('content', [
    'no JSON', '{}', '{"key": "a key", "found": {"kind": "Popen"}}',
    '{"key": "a key", "found": {"kind": "Noise", "others": 1}}'])
def test_a_file_that_holds_something_else_is_refused(tmp_path, content):
    path = tmp_path / 'kept.json'
    path.write_text(content)
    with pytest.raises(ValueError, match='holds no findings'):
        store.read(path, 'a key')


def test_only_what_is_missing_or_was_noisy_is_measured_again(tmp_path, monkeypatch):
    model = tmp_path / 'balanced.onnx'
    model.write_bytes(b'a model')
    given = run.Given({'balanced': model}, run.QUICK, kept=tmp_path / 'kept.json')
    done, busy = [], {'growth': 1.0}

    class Watch:
        load_average_before = 0.0

        def background_cores(self):
            return busy.get(done[-1], 0.0)
    monkeypatch.setattr(run, 'LoadWatch', Watch)
    monkeypatch.setattr(run, '_models', lambda given: made_up.findings().models)
    monkeypatch.setattr(run, '_config', lambda given, found: {})
    monkeypatch.setattr(run, '_ACTIONS', {
        group: lambda *_, group=group: done.append(group) for group in run.groups(run.STAGES)})
    first = run.measure(given, ['latency', 'growth'])
    assert done == ['growth', 'latency']
    assert not first.noise.quiet
    assert first.noise.reasons[0].startswith('growth: other processes kept 1.00 cores busy')
    busy.clear()
    assert run.measure(given, ['latency', 'growth', 'robots']).noise.quiet
    assert done == ['growth', 'latency', 'growth', 'robots']
    assert set(json.loads(given.kept.read_text())) == {'key', 'found'}


@pytest.mark.parametrize('length_s, left_s', [(3.0, 3.0), (10.0, 10.0), (12.0, 2.0), (15.0, 5.0)])
def test_speech_beyond_the_longest_utterance_leaves_its_last_piece(length_s, left_s):
    assert last_piece(length_s) == left_s
