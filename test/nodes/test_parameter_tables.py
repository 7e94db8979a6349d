"""The tables of parameters, and everything that is made of them."""

from pathlib import Path

import pytest
import yaml

from physioser_ros.audio.options import CaptureOptions
from physioser_ros.inference import DecisionOptions
from physioser_ros.nodes.capture_options import capture_options
from physioser_ros.nodes.parameters import Parameter, ParameterError, TABLES, unknown_names

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = [pytest.param(entry, id=f'{node}-{entry.name}')
           for node, table in TABLES.items() for entry in table]


@pytest.mark.parametrize('entry', ENTRIES)
def test_defaults_and_edges_are_allowed_and_what_is_beyond_is_not(entry):
    entry.check(list(entry.default) if entry.is_list else entry.default)
    edges = (entry.minimum, entry.maximum) if entry.minimum is not None else ()
    for edge in edges:
        entry.check([edge] if entry.is_list else edge)
    beyond = (entry.minimum - 1, entry.maximum + 1) if edges else ()
    for value in beyond:
        with pytest.raises(ParameterError, match='the range is'):
            entry.check([value] if entry.is_list else value)
    if entry.choices:
        with pytest.raises(ParameterError, match='choose one of'):
            entry.check('nonsense')


@pytest.mark.parametrize('entry', ENTRIES)
def test_a_wrong_type_is_refused_in_one_sentence(entry):
    wrong = {bool: 1, int: 1.5, float: 1, str: True}[entry.type]
    with pytest.raises(ParameterError) as error:
        entry.check([wrong] if entry.is_list else wrong)
    assert entry.name in str(error.value) and repr(wrong) in str(error.value)
    assert '\n' not in str(error.value)
    with pytest.raises(ParameterError, match='must be'):
        entry.check(entry.default[0] if entry.is_list else [entry.default])


def test_a_number_that_is_none_is_out_of_range():
    with pytest.raises(ParameterError, match='the range is 0.0 to 1.0 s'):
        Parameter('x', 0.5, 'X.', 's', 0.0, 1.0).check(float('nan'))


def test_names_are_unique_and_a_misspelt_one_is_recognised():
    for table in TABLES.values():
        names = [entry.name for entry in table]
        assert len(set(names)) == len(names)
    assert unknown_names(['model.path', 'use_sim_time', 'qos_overrides./x.publisher.depth']) == []
    assert unknown_names(['model.paht']) == [
        "there is no parameter 'model.paht', it is ignored: did you mean 'model.path'?"]


def test_defaults_are_those_of_the_rooms_behind():
    defaults = {entry.name: entry.default for table in TABLES.values() for entry in table}
    assert capture_options(defaults) == CaptureOptions()
    for name, value in vars(DecisionOptions()).items():
        assert defaults[f'decision.{name}'] == value, name


def test_every_parameter_of_the_capture_reaches_its_options():
    import dataclasses

    defaults = {entry.name: entry.default for entry in TABLES['audio_capture']}
    changes = {'source': 'topic', 'device': 'x', 'mix': 'mean', 'vad.backend': 'silero',
               'channels': (1,), 'gain_db': 3.0, 'device_fallback': True, 'block_ms': 20,
               'gate.robot_speaking': 'mute', 'gate.hold_off_s': 1.0, 'gate.timeout_s': 9.0,
               'watchdog.timeout_s': 3.0, 'watchdog.retry_s': (1.0, 4.0), 'dump_dir': '/x',
               'file.path': '/y', 'file.realtime': False, 'file.loop': True,
               'vad.aggressiveness': 1, 'device_sample_rate': 48000, 'partial.period_s': 1.0,
               'segment.hangover_s': 0.5}
    options = capture_options({**defaults, **changes})
    for field in dataclasses.fields(CaptureOptions):
        assert getattr(options, field.name) != getattr(CaptureOptions(), field.name), field.name
    assert (options.segment.hangover_s, options.segment.partial_period_s) == (0.5, 1.0)


def test_values_that_do_not_go_together_are_refused():
    defaults = {entry.name: entry.default for entry in TABLES['audio_capture']}
    with pytest.raises(ParameterError, match='stop_threshold'):
        capture_options({**defaults, 'segment.stop_threshold': 0.9})


def test_generated_files_are_current():
    pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
    from physioser_ros.nodes.parameter_files import texts

    for path, text in texts(ROOT).items():
        assert path.read_text(encoding='utf-8') == text, (
            f'{path.name} is out of date: python3 -m physioser_ros.nodes.parameter_files')


def test_the_parameter_file_holds_every_default_and_nothing_else():
    def flat(values, prefix=''):
        for name, value in values.items():
            if isinstance(value, dict):
                yield from flat(value, f'{prefix}{name}.')
            else:
                yield prefix + name, tuple(value) if isinstance(value, list) else value
    text = (ROOT / 'config' / 'ser.yaml').read_text(encoding='utf-8')
    given = dict(flat(yaml.safe_load(text)['/**']['ros__parameters']))
    defaults = {entry.name: entry.default for table in TABLES.values() for entry in table}
    assert given == defaults
    assert all(type(given[name]) is type(defaults[name]) for name in given)
