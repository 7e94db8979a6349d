"""
What else could be installed for the purpose, or does the same work in another way.

Networks have random weights where trained ones are not at hand: their cost is the same. A peer
whose packages are missing is absent, and the page says so.
"""

from importlib.machinery import ModuleSpec
import sys
from types import ModuleType
from typing import Any, Callable, Mapping, Optional
import warnings

import numpy as np

from physioser_ros.benchmark.contestant import Absent
from physioser_ros.benchmark.sound import REFERENCE_S, SAMPLE_RATE, waveform

#: Labels of the made-up training set of the support vector machine, and its clips.
CLASSES, CLIPS = 8, 800


def opensmile_svm(threads: int, seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """
    Return the classical recipe: eGeMAPSv02 functionals and a support vector machine.

    The machine is fitted to made-up clips, as many as a small corpus has; it takes well under
    1 % of the time.
    """
    try:
        import opensmile
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC
    except ImportError as error:
        raise Absent(f'{error}: pip install opensmile scikit-learn') from error
    smile = opensmile.Smile(feature_set=opensmile.FeatureSet.eGeMAPSv02,
                            feature_level=opensmile.FeatureLevel.Functionals,
                            num_workers=threads)
    sound, random = waveform(seconds), np.random.default_rng(0)
    width = smile.process_signal(sound, SAMPLE_RATE).shape[1]
    machine = make_pipeline(StandardScaler(), SVC()).fit(
        random.standard_normal((CLIPS, width)), np.arange(CLIPS) % CLASSES)
    return lambda: machine.predict(smile.process_signal(sound, SAMPLE_RATE).to_numpy())


def speechbrain_encoder(threads: int, config: Mapping[str, Any],
                        seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """
    Return SpeechBrain's quaternion convolutions in the shapes of our encoder, ReLU between.

    :param config: configuration of the model, see `PhysioSERConfig.from_dict`
    """
    torch = _torch(threads)
    layers = _speechbrain_layer()
    from physioser_ros.model import PhysioSERConfig

    chosen = PhysioSERConfig.from_dict(config)
    encoder, quartet = chosen.encoder, chosen.quartet
    values = torch.randn(1, quartet.frames(round(seconds * SAMPLE_RATE)), quartet.rows, 4)
    blocks = []
    shape = values.shape
    for channels, (frequency, time) in zip(encoder.channels, encoder.strides):
        # It strides both axes alike; where ours do not, the surplus rows are dropped.
        block = layers(channels, (encoder.kernel, encoder.kernel), input_shape=shape,
                       stride=min(frequency, time)).eval()
        blocks.append((block, frequency // min(frequency, time), time // min(frequency, time)))
        shape = _through(torch, blocks[-1], torch.zeros(shape)).shape

    def run() -> Any:
        frames = values
        with torch.inference_mode():
            for block in blocks:
                frames = _through(torch, block, frames)
        return frames
    return run


def backbone_torch(threads: int, config: Mapping[str, Any],
                   seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """Return the frozen backbone alone in torch, log-mel included."""
    torch = _torch(threads)
    network, sound = _backbone(config), torch.from_numpy(waveform(seconds))[None]

    def run() -> Any:
        with torch.inference_mode():
            return network(sound, None)
    return run


def backbone_onnxruntime(threads: int, config: Mapping[str, Any],
                         seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """Return the frozen backbone alone as exported, log-mel included, float32."""
    torch = _torch(threads)
    from physioser_ros.inference.session import create_session

    sound = waveform(seconds)[None]
    network = _Frames(torch, _backbone(config)).module
    content = _export(torch, network, torch.from_numpy(sound))
    session, _ = create_session(content, intra_op_threads=threads)
    return lambda: session.run(None, {'waveform': sound})


def cut_backbone(threads: int, name: str, layer: int, utterances: int = 1,
                 seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """
    Return a backbone that ends at a layer, in the form in which a model file holds it.

    :param name: of the backbone in the registry
    :param layer: its last layer, 0 for the stem
    :param utterances: how many of the same length go through it at once
    """
    torch = _torch(threads)
    from physioser_ros.export.convolutions import widen
    from physioser_ros.inference.session import create_session
    from physioser_ros.model.latent import LatentTransform

    network = _backbone({'backbone': {'name': name, 'layers': [layer]}})
    sound = np.repeat(waveform(seconds)[None], utterances, 0)
    content = _export(torch, _Frames(torch, network, LatentTransform().averages).module,
                      torch.from_numpy(sound), widen)
    session, _ = create_session(content, intra_op_threads=threads)
    return lambda: session.run(None, {'waveform': sound})


def wav2vec2_torch(threads: int, seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """Return a network of the size of wav2vec2-base with random weights, in torch."""
    torch = _torch(threads)
    network, sound = _wav2vec2(), torch.from_numpy(waveform(seconds))[None]

    def run() -> Any:
        with torch.inference_mode():
            return network(sound).last_hidden_state
    return run


def wav2vec2_onnxruntime(threads: int, seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """Return the same network by onnxruntime, float32."""
    torch = _torch(threads)
    from physioser_ros.inference.session import create_session

    sound = waveform(seconds)[None]
    network = _Frames(torch, _wav2vec2()).module
    session, _ = create_session(_export(torch, network, torch.from_numpy(sound)),
                                intra_op_threads=threads)
    return lambda: session.run(None, {'waveform': sound})


def _torch(threads: int) -> Any:
    try:
        import torch
    except ImportError as error:
        raise Absent(f'{error}: install requirements/train.in') from error
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return torch


def _backbone(config: Mapping[str, Any]) -> Any:
    from physioser_ros.model import create_backbone, PhysioSERConfig

    chosen = PhysioSERConfig.from_dict(config).backbone
    try:
        return create_backbone(chosen.name, chosen.folder or None, layers=chosen.layers).eval()
    except RuntimeError as error:
        raise Absent(str(error)) from error


def _wav2vec2() -> Any:
    try:
        from transformers import Wav2Vec2Config, Wav2Vec2Model
    except ImportError as error:
        raise Absent(f'{error}: pip install transformers') from error
    # The defaults of the configuration are those of wav2vec2-base.
    return Wav2Vec2Model(Wav2Vec2Config()).eval()


class _Frames:
    """Wraps a network so that it returns its frames alone, or averages of them."""

    def __init__(self, torch: Any, network: Any, average: Any = None) -> None:
        class Module(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, waveform: Any) -> Any:
                options = {'average': average} if average else {}
                return self.network(waveform, **options)[0]
        self.module = Module().eval()


def _export(torch: Any, network: Any, sound: Any,
            change: Callable[[Any], Any] = lambda proto: None) -> bytes:
    """Return the network, changed in place, as an ONNX file for the one length of `sound`."""
    from physioser_ros.export.graph import OPSET

    with warnings.catch_warnings():
        # Of the exporter about itself.
        warnings.simplefilter('ignore')
        program = torch.onnx.export(network, (sound,), dynamo=True, opset_version=OPSET,
                                    input_names=['waveform'], verbose=False)
    proto = program.model_proto
    change(proto)
    return proto.SerializeToString()


def _through(torch: Any, block: Any, frames: Any) -> Any:
    layer, rows, times = block
    return torch.relu(layer(frames))[:, ::times, ::rows]


def _speechbrain_layer() -> Any:
    """
    Return SpeechBrain's QConv2d.

    Importing it imports torchaudio, which the layer does not use and which is tied to one
    release of torch: where it is missing, an empty module stands in, in this process only.
    """
    try:
        import torchaudio  # noqa: F401 (the import itself is what is tried)
    except (ImportError, OSError):
        for name in ('torchaudio', 'torchaudio.functional'):
            sys.modules[name] = _Nothing(name)
    try:
        from speechbrain.nnet.quaternion_networks.q_CNN import QConv2d
    except (ImportError, OSError, AttributeError) as error:
        raise Absent(f'{error}: pip install speechbrain') from error
    return QConv2d


class _Nothing(ModuleType):
    """A module that has every name and does nothing."""

    __version__ = '2.1.0'
    __path__: list = []

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__: Optional[ModuleSpec] = ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *args, **kwargs: []
