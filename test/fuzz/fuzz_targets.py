"""
Everything that comes from outside, as functions of bytes.

Each target takes any bytes, hands them to the code that reads them first, and returns where the
code took them or refused them in words. Whatever else it raises is a fault.
"""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from places import ROOT
import soundfile
import yaml


class Utterance:
    """A message of `audio/utterance` and its declared format."""

    def __init__(self, folder):
        from tiny_model import write_tiny_model

        from physioser_ros.inference import Decision, DecisionOptions, load_model, Recognizer

        self._recognizer = Recognizer(load_model(write_tiny_model(folder / 'tiny.onnx')),
                                      Decision(DecisionOptions()))

    @staticmethod
    def seeds():
        """Return messages: format, channels, rate, coding and sound."""
        sound = np.arange(800, dtype='<i2').tobytes()
        return [b'S16LE\0\x01\0\x80\x3e\0\0WAVE\0' + sound, b'F32LE\0\x02\0\x44\xac\0\0mp3\0x',
                b'\0\0\0\0\0\0\0\0']

    def run(self, data):
        """Read a message, and recognise what it holds if it is sound."""
        from physioser_ros.nodes import conversions

        sample_format, _, rest = data.partition(b'\0')
        numbers, rest = rest[:6].ljust(6, b'\0'), rest[6:]
        coding, _, sound = rest.partition(b'\0')
        info = SimpleNamespace(
            sample_format=sample_format.decode(errors='replace'),
            channels=int.from_bytes(numbers[:2], 'little', signed=True),
            sample_rate=int.from_bytes(numbers[2:], 'little'),
            coding_format=coding.decode(errors='replace'))
        message = SimpleNamespace(audio=SimpleNamespace(data=sound))
        try:
            _, channels = conversions.check_stream_format(info)
            conversions.samples_of(message, channels)
        except conversions.FormatError:
            pass
        try:
            samples = conversions.samples_of(message)
        except conversions.FormatError:
            return
        result = self._recognizer.recognize(samples)
        assert np.isfinite(result.probabilities).all()


class AudioFile:
    """An audio file as source."""

    def __init__(self, folder):
        self._path = folder / 'sound'

    @staticmethod
    def seeds():
        """Return small files of several formats."""
        found = []
        for kind, subtype in (('WAV', 'PCM_16'), ('WAV', 'FLOAT'), ('FLAC', 'PCM_16'),
                              ('OGG', 'VORBIS'), ('AIFF', 'PCM_24')):
            file = io.BytesIO()
            soundfile.write(file, np.linspace(-0.5, 0.5, 600), 16000, subtype=subtype,
                            format=kind)
            found.append(file.getvalue())
        return found

    def run(self, data):
        """Play the file to its end, at most 100 blocks of it."""
        from physioser_ros.audio.converter import Converter, RefusedBlock
        from physioser_ros.audio.errors import AudioError
        from physioser_ros.audio.sources import FileSource, SourceEnd

        self._path.write_bytes(data)
        source = FileSource(self._path, lambda: 0, realtime=False)
        converter = Converter()
        try:
            source.configure()
            source.start()
            for _ in range(100):
                try:
                    blocks = converter.convert(source.read(0.1))
                except RefusedBlock:
                    continue
                assert all(block.samples.dtype == np.int16 for block in blocks)
        except (AudioError, SourceEnd):
            pass
        finally:
            source.stop()


class ModelMetadata:
    """The metadata in a model file."""

    def __init__(self, folder):
        pass

    @staticmethod
    def seeds():
        """Return metadata that are taken."""
        from tiny_model import tiny_metadata

        return [json.dumps(tiny_metadata(speaker=speaker)).encode() for speaker in (False, True)]

    @staticmethod
    def run(data):
        """Parse them."""
        from physioser_ros.inference.errors import ModelFormatError
        from physioser_ros.inference.metadata import parse_metadata

        try:
            parse_metadata(data.decode(errors='surrogateescape'))
        except ModelFormatError:
            pass


class Manifest:
    """The SHA256SUMS beside a model."""

    def __init__(self, folder):
        self._path = folder / 'SHA256SUMS'

    @staticmethod
    def seeds():
        """Return manifests."""
        return [b'0' * 64 + b'  a.onnx\n', b'# text\n\n' + b'aF' * 32 + b' *b c.onnx\n']

    def run(self, data):
        """Read it."""
        from physioser_ros.inference import ManifestError
        from physioser_ros.inference.manifest import read_manifest

        self._path.write_bytes(data)
        try:
            assert all(len(digest) == 64 for digest in read_manifest(self._path).values())
        except ManifestError:
            pass


class Index:
    """The index.csv of a data folder."""

    def __init__(self, folder):
        self._folder = folder

    @staticmethod
    def seeds():
        """Return an index of two rows."""
        head = ('path,corpus,language,speaker_id,emotion,emotion_norm,duration_s,licence,'
                'licence_class,sha1_pcm\n')
        return [(head + 'a/1.flac,a,de,a_1,wut,angry,1.5,CC0-1.0,permissive,00ff\n'
                 'a/2.flac,a,de,a_2,ruhe,neutral,0.5,CC0-1.0,permissive,11ee\n').encode()]

    def run(self, data):
        """Read it."""
        from physioser_ros.corpora.index import CorpusIndexError, read_index

        (self._folder / 'index.csv').write_bytes(data)
        try:
            read_index(self._folder)
        except CorpusIndexError:
            pass


class Experiment:
    """An experiment file."""

    def __init__(self, folder):
        self._path = folder / 'experiment.yaml'

    @staticmethod
    def seeds():
        """Return the experiments of the package."""
        return [path.read_bytes() for path in
                sorted((ROOT / 'config' / 'experiments').glob('*.yaml'))[:6]]

    def run(self, data):
        """Read it."""
        from physioser_ros.training.options import ExperimentError, read_experiment

        self._path.write_bytes(data)
        try:
            read_experiment(self._path)
        except ExperimentError:
            pass


class Parameters:
    """A parameter file, its values as the nodes check them."""

    def __init__(self, folder):
        pass

    @staticmethod
    def seeds():
        """Return the parameter file of the package."""
        return [(ROOT / 'config' / 'ser.yaml').read_bytes(),
                b'/**:\n  ros__parameters:\n    queue.depth: 4\n    channels: [0]\n']

    @staticmethod
    def run(data):
        """Check every value that it gives to a parameter, and each at every parameter."""
        from physioser_ros.nodes.parameters import ParameterError, TABLES

        try:
            content = yaml.safe_load(data)
        except (yaml.YAMLError, ValueError, RecursionError):
            # The parser is that of rcl, which refuses it before there is a node.
            return
        for value in _leaves(content):
            for table in TABLES.values():
                for parameter in table:
                    try:
                        parameter.check(value)
                    except ParameterError:
                        pass


def _leaves(content, depth=0):
    if isinstance(content, dict) and depth < 8:
        for value in content.values():
            yield from _leaves(value, depth + 1)
    else:
        yield content


class ParameterFile:
    """A parameter file, as rcl reads it before there is a node."""

    def __init__(self, folder):
        self._path = folder / 'parameters.yaml'

    @staticmethod
    def seeds():
        """Return the parameter file of the package, and every kind of value."""
        return Parameters.seeds() + [
            b'/**:\n  ros__parameters: {a: [true, no], b: 1.5, c: {d: [x, "y"], e: [.nan, 1e3]}}\n'
            b'/robot/node:\n  ros__parameters:\n    f: !!binary aGVsbG8=\n    g: &h [1, -2]\n']

    def run(self, data):
        """Start ROS with it; who does so for the nodes makes a sentence of a RuntimeError."""
        from rclpy import Context, init
        from rclpy.signals import SignalHandlerOptions

        self._path.write_bytes(data)
        context = Context()
        try:
            init(args=['node', '--ros-args', '--params-file', str(self._path)], context=context,
                 signal_handler_options=SignalHandlerOptions.NO)
        except RuntimeError:
            pass
        finally:
            context.try_shutdown()


#: Targets by name.
TARGETS = {'utterance': Utterance, 'audio': AudioFile, 'metadata': ModelMetadata,
           'manifest': Manifest, 'index': Index, 'experiment': Experiment,
           'parameters': Parameters, 'parameter-file': ParameterFile}


def create(name, folder):
    """Return the target `name`, with `folder` for its files."""
    return TARGETS[name](Path(folder))
