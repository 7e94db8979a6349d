"""The experiment files that come with the package, and the command that counts parameters."""

from click.testing import CliRunner
from places import ROOT
import pytest
import yaml

from physioser_ros.commands.parts import command
from physioser_ros.model import PhysioSERConfig, VARIANTS

FOLDER = ROOT / 'config' / 'experiments'


def test_the_base_file_shows_every_option_at_its_default():
    written = yaml.safe_load((FOLDER / 'physioser.yaml').read_text())['model']
    expected = PhysioSERConfig().to_dict()
    # The training counts the emotions.
    del expected['classes']
    assert written == expected


@pytest.mark.parametrize('variant', VARIANTS)
def test_every_variant_has_its_file(variant):
    config = PhysioSERConfig.from_yaml(FOLDER / f'{variant}.yaml')
    assert config == PhysioSERConfig.from_dict({}, variant)


def test_parts_prints_every_part_and_the_total():
    result = CliRunner().invoke(command, [str(FOLDER / 'physioser.yaml')])
    assert result.exit_code == 0
    for word in ('encoder', 'fusion', 'classifier', '6 emotions', '1,980,550', '1.98 M'):
        assert word in result.output


def test_parts_takes_a_variant_and_a_number_of_emotions():
    result = CliRunner().invoke(command, ['--variant', 'backbone_only', '--classes', '8'])
    assert '8 emotions' in result.output
    assert 'encoder' not in result.output


def test_parts_refuses_what_it_does_not_know():
    result = CliRunner().invoke(command, ['--variant', 'tiny'])
    assert result.exit_code == 2
    assert 'expected one of physioser' in result.output
