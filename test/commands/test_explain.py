"""`physioser explain`: a picture and a page that needs nothing else."""

from base64 import b64decode
from html.parser import HTMLParser
import re

from click.testing import CliRunner
import numpy as np
import pytest
import soundfile
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.commands.bag_sounds import read_utterances
from physioser_ros.commands.bag_types import typestore
from physioser_ros.commands.main import main
from physioser_ros.features import QuartetConfig

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


def test_the_quartet_is_drawn_as_the_model_computes_it_or_says_that_it_is_not():
    import matplotlib.figure
    from physioser_ros.commands.explanation_planes import draw_planes

    waveform = np.random.default_rng(0).normal(size=16000).astype(np.float32)
    figures = [matplotlib.figure.Figure() for _ in range(2)]
    draw_planes(figures[0], waveform, QuartetConfig(bands=64, hop=320), 2.0)
    draw_planes(figures[1], waveform, None, 0.0)
    own, default = ([axes for axes in figure.axes if axes.get_title()] for figure in figures)
    assert own[0].images[0].get_array().shape == (64, 49)
    assert own[0].images[0].get_extent()[0] == pytest.approx(2.006)
    assert '8000' in [label.get_text() for label in own[0].get_yticklabels()]
    assert default[0].images[0].get_array().shape == (256, 97)
    assert '64 mel bands, frames of 32 ms every 20 ms' in figures[0].get_suptitle()
    assert 'does not tell how it computes its own' in figures[1].get_suptitle()


def test_the_options_of_the_quartet_stand_in_the_model_file():
    from physioser_ros.commands.explanation import quartet_of

    told = {'training': {'config': {'model': {'quartet': {'hop': 320}}}}}
    assert quartet_of(told) == QuartetConfig(hop=320)
    assert quartet_of({'training': {}}) is None
    told['training']['config']['model']['quartet']['new'] = 1
    with pytest.raises(ValueError, match="unexpected keyword argument 'new'"):
        quartet_of(told)


def test_a_folder_gets_an_index_and_its_bad_files_are_named(model, tmp_path):
    folder = tmp_path / 'some'
    (folder / 'below').mkdir(parents=True)
    soundfile.write(folder / 'a.wav', samples_for(3), 16000)
    soundfile.write(folder / 'below' / 'a.flac', samples_for(5), 16000)
    (folder / 'bad.wav').write_bytes(b'no sound')
    (folder / 'notes.txt').write_text('no recording')
    result = explain('--model', model, folder)
    assert result.exit_code == 1 and 'bad.wav: cannot be read' in result.stderr
    out = tmp_path / 'some.explained'
    names = ['a.wav.explained', 'below_a.flac.explained']
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ['index.html', *(f'{name}.{ending}' for name in names for ending in ('html', 'png'))])
    index = Links()
    index.feed((out / 'index.html').read_text(encoding='utf-8'))
    assert set(index.targets) == {f'{name}.{ending}' for name in names
                                  for ending in ('html', 'png')}
    assert LABELS[3] in (out / 'index.html').read_text()


def test_the_utterances_of_a_bag_are_explained_by_their_stamps(model, tmp_path):
    rosbag2 = pytest.importorskip(
        'rosbags.rosbag2', reason='no rosbags: pip install -r requirements/examples.in')
    store = typestore()
    kind = store.types['audio_common_msgs/msg/AudioDataStamped']
    samples = samples_for(2)
    message = kind(
        header=store.types['std_msgs/msg/Header'](
            stamp=store.types['builtin_interfaces/msg/Time'](sec=1_700_000_000, nanosec=5),
            frame_id='microphone'),
        audio=store.types['audio_common_msgs/msg/AudioData'](
            data=np.frombuffer(samples.astype('<i2').tobytes(), np.uint8)))
    with rosbag2.Writer(tmp_path / 'bag', version=8,
                        storage_plugin=rosbag2.StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/robot1/audio/utterance', kind.__msgtype__,
                                           typestore=store)
        writer.write(connection, 1, store.serialize_cdr(message, kind.__msgtype__))
    (read,) = read_utterances(tmp_path / 'bag')
    np.testing.assert_array_equal(read.samples, samples)
    result = explain('--model', model, tmp_path / 'bag')
    assert result.exit_code == 0, result.output
    name = 'robot1_audio_utterance_1700000000000000005.explained'
    assert (tmp_path / 'bag.explained' / f'{name}.html').is_file()
    wrong = explain('--model', model, tmp_path / 'bag', '--namespace', 'robot2')
    assert wrong.exit_code == 1 and 'has no topic audio/utterance' in wrong.stderr


def test_a_bad_file_a_bad_model_and_a_bad_folder_end_in_a_sentence(model, tmp_path):
    path = tmp_path / 'sound.wav'
    soundfile.write(path, samples_for(3), 16000)
    for arguments in ((tmp_path / 'none.wav', '--model', model),
                      (path, '--model', tmp_path / 'none.onnx'),
                      (path, '--model', model, '-o', path / 'below')):
        result = explain(*arguments)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
