"""`physioser explain`: a picture and a page that needs nothing else."""

from base64 import b64decode
from html.parser import HTMLParser
import re

from click.testing import CliRunner
import numpy as np
import pytest
import soundfile
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.commands.main import main

pytest.importorskip('matplotlib')


class Links(HTMLParser):
    """Collects tags and everything that a browser would have to fetch."""

    def __init__(self):
        super().__init__()
        self.tags, self.targets = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.targets += [value for name, value in attributes if name in ('src', 'href')]


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Return the path of a tiny model that hears at most two seconds."""
    return write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.onnx', max_samples=32000)


def explain(*arguments):
    """Run the command and return its result."""
    return CliRunner().invoke(main, ['explain', *map(str, arguments)])


def test_a_page_holds_the_picture_the_numbers_and_what_they_mean(model, tmp_path):
    path = tmp_path / 'a <b>.wav'
    soundfile.write(path, samples_for(3, duration_s=3.0), 16000)
    result = explain('--model', model, path, '-o', tmp_path / 'new' / 'folder')
    assert result.exit_code == 0, result.output
    picture, page = (tmp_path / 'new' / 'folder' / f'a <b>.explained.{ending}'
                     for ending in ('png', 'html'))
    assert result.stdout.splitlines() == [str(picture), str(page)]
    text = page.read_text(encoding='utf-8')
    links = Links()
    links.feed(text)
    (source,) = links.targets
    assert b64decode(source.split(',')[1]) == picture.read_bytes()
    assert picture.read_bytes().startswith(b'\x89PNG')
    assert 'a &lt;b&gt;.wav' in text and 'b' not in links.tags
    assert 'not by itself a faithful explanation' in text
    assert 'The first 1.00 s of the recording were not heard' in text
    for name in (*LABELS, 'rho', 'tau_g', 'vocal (vap)'):
        assert re.search(rf'<th scope="row">{re.escape(name)}</th><td>[-+]?\d', text)


def test_the_shortest_and_the_most_silent_recording_can_be_drawn(model, tmp_path):
    path = tmp_path / 'click.wav'
    soundfile.write(path, np.zeros(1, np.int16), 16000)
    result = explain('--model', model, path)
    assert result.exit_code == 0, result.output
    assert (tmp_path / 'click.explained.png').is_file()


def test_a_bad_file_a_bad_model_and_a_bad_folder_end_in_a_sentence(model, tmp_path):
    path = tmp_path / 'sound.wav'
    soundfile.write(path, samples_for(3), 16000)
    for arguments in ((tmp_path / 'none.wav', '--model', model),
                      (path, '--model', tmp_path / 'none.onnx'),
                      (path, '--model', model, '-o', path / 'below')):
        result = explain(*arguments)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
