"""The entry point knows its subcommands and what to say when something is missing."""

import click
from click.testing import CliRunner
import pytest

from physioser_ros.commands import main as entry


@pytest.mark.parametrize('name', entry.SUBCOMMANDS)
def test_every_subcommand_in_the_table_exists_and_explains_itself(name):
    result = CliRunner().invoke(entry.main, [name, '--help'])
    assert result.exit_code == 0, result.output
    assert len(result.output) > 200


def test_a_package_that_is_missing_is_a_sentence_with_the_remedy(monkeypatch):
    @click.command()
    def command():
        import no_such_package  # noqa: F401

    monkeypatch.setattr(entry.LazyGroup, 'get_command', lambda self, ctx, name: command)
    result = CliRunner().invoke(entry.main, ['train'])
    assert result.exit_code == 1
    assert 'needs the package no_such_package' in result.output
    assert 'requirements/train.in' in result.output


def test_a_command_that_does_not_exist_is_wrong_usage():
    assert CliRunner().invoke(entry.main, ['dance']).exit_code == 2
