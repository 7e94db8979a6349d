"""Every command and every piece of code in README and documentation is run, or says why not."""

import json
import re
import subprocess

from click.testing import CliRunner
import documented_commands
from documented_commands import blocks, PAGES
from places import ROOT
import pytest
import yaml

from physioser_ros.nodes.parameters import TABLES
from physioser_ros.nodes.topics import PUBLISHED, SERVICES, SUBSCRIBED

LANGUAGES = {'bash', 'python', 'yaml', 'json', 'text', '{toctree}'}
PARAMETERS = {node: {parameter.name: parameter for parameter in table}
              for node, table in TABLES.items()}
TOPICS = {topic.name for table in (PUBLISHED, SUBSCRIBED) for topics in table.values()
          for topic in topics} | {'behavior', 'expression', 'text', 'text_with_emotion'}
SERVICE_NAMES = {service[0] for table in SERVICES.values() for service in table}
#: Words with which a line is a command, for finding those that are not in a block of their own.
PROGRAMS = r'(physioser|ros2|make|colcon|rosdep|pip|docker|pactl|git|apt-get|cp|sed|\.)'


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    """Return a folder in which the commands find recordings, a bag and the configuration."""
    for package in ('torch', 'lightning', 'matplotlib', 'rosbags', 'py_trees'):
        pytest.importorskip(package)
    if not documented_commands.DEMONSTRATION.is_file():
        pytest.skip('the demonstration recording is not there: make setup')
    folder = tmp_path_factory.mktemp('reader')
    documented_commands.furnish(folder)
    return folder


def physioser(words, codes):
    """Run a subcommand in this process: torch is imported once for all of them."""
    from physioser_ros.commands.main import main

    result = CliRunner().invoke(main, words)
    assert result.exit_code in codes and (
        result.exception is None or isinstance(result.exception, SystemExit)), (
        f'{words}: {result.output}{result.exception!r}')


def ros2(words, codes):
    """Run what `ros2 run` would; of other verbs look up every name that they are given."""
    verb, *rest = words
    if verb == 'run':
        assert rest[0] == 'physioser_ros'
        assert f"'{rest[1]} = physioser_ros." in (ROOT / 'setup.py').read_text(), rest[1]
        if rest[1] in ('physioser', 'devices'):
            physioser(rest[2:] if rest[1] == 'physioser' else rest[1:], codes)
    elif verb == 'launch':
        launch(rest)
    elif verb == 'topic':
        names = [word.strip('/') for word in rest[1:] if re.fullmatch(r'/[a-z_/]+', word)]
        assert names and set(names) <= TOPICS, words
    elif verb == 'bag':
        names = {word.strip('/') for word in rest[1:] if word.startswith('/')}
        assert rest[0] in ('record', 'play') and names <= TOPICS, words
    elif verb == 'param':
        _, node, name, value = rest
        PARAMETERS[node.strip('/')][name].check(yaml.safe_load(value))
    elif verb == 'lifecycle':
        assert rest[0] in ('get', 'set') and rest[1].strip('/') in PARAMETERS, words
    elif verb == 'service':
        node, _, service = rest[1].strip('/').partition('/')
        assert node in PARAMETERS and f'~/{service}' in SERVICE_NAMES, words
    else:
        raise AssertionError(f'nobody has taught this test what `ros2 {verb}` does')


def launch(words):
    """Look up the launch file and its arguments; those of ser.launch.py go with all of them."""
    assert words[0] == 'physioser_ros'
    assert (ROOT / 'launch' / words[1]).is_file(), words[1]
    known = re.findall(r"DeclareLaunchArgument\('(\w+)'",
                       (ROOT / 'launch' / 'ser.launch.py').read_text())
    for word in words[2:]:
        assert word == '--show-args' or word.partition(':=')[0] in known, word


def bash(block, codes):
    """Run the commands of a block one by one."""
    for command in block.commands():
        words = command.split() if isinstance(command, str) else command
        if words[0] == 'physioser' and command is words:
            physioser(words[1:], codes)
        elif words[0] == 'ros2':
            ros2(words[1:], codes)
        else:
            text = command if isinstance(command, str) else subprocess.list2cmdline(command)
            done = subprocess.run(['bash', '-euo', 'pipefail', '-c', text], capture_output=True,
                                  text=True)
            assert done.returncode in codes, f'{text}: {done.stderr}'


def data(block):
    """Read YAML or JSON; parameters in it must exist and have a value that their node takes."""
    if block.language == 'json':
        json.loads(block.text)
        return
    content = yaml.safe_load(block.text)
    for node, values in content.items() if isinstance(content, dict) else ():
        if isinstance(values, dict) and 'ros__parameters' in values and node == '/**':
            for name, value in flat(values['ros__parameters']):
                table, = {own[name] for own in PARAMETERS.values() if name in own} or {None}
                assert table, f'no node has a parameter {name}'
                table.check(value)


def flat(values, prefix=''):
    """Return nested parameters as pairs of dotted name and value."""
    return [pair for name, value in values.items() for pair in (
        flat(value, f'{prefix}{name}.') if isinstance(value, dict)
        else [(prefix + name, value)])]


@pytest.mark.timeout(600)
@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_what_a_page_tells_to_type_works(page, world, monkeypatch):
    monkeypatch.chdir(world)
    variables = {}
    for block in blocks(page):
        if block.mark == 'not run':
            continue
        codes = (0, 1) if block.mark == 'may fail' else (0,)
        if block.mark == 'file':
            (world / block.reason).write_text(block.text + '\n')
        try:
            if block.language == 'bash':
                bash(block, codes)
            elif block.language == 'python':
                exec(compile(block.text, str(block), 'exec'), variables)
            elif block.language in ('yaml', 'json'):
                data(block)
        except Exception as error:
            raise AssertionError(f'{block}: {error}') from error


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_every_block_names_its_language_and_what_is_not_run_says_why(page):
    for block in blocks(page):
        assert block.language in LANGUAGES, f'{block}: {block.language!r}'
        assert block.mark != 'not run' or len(block.reason.split()) >= 3, f'{block}: no reason'
        if block.language == 'text':
            said = re.search(rf'(?m)^\$? ?{PROGRAMS} ', block.text)
            assert not said, f'{block}: a command, {said[0]}, in a block of text'
    indented = re.findall(rf'(?m)^(?: {{4}}|\t){PROGRAMS} .*$',
                          re.sub(r'(?ms)^```.*?^```', '', page.read_text(encoding='utf-8')))
    assert not indented, 'commands in an indented block are not found: fence them'


def test_the_reasons_for_not_running_are_shown():
    skipped = [block for page in PAGES for block in blocks(page) if block.mark == 'not run']
    print()
    for block in skipped:
        print(f'{block}: not run: {block.reason}')
    assert skipped
