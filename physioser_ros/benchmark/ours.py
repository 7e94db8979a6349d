"""What is timed of this package; each function returns what is called again and again."""

from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import numpy as np

from physioser_ros.benchmark.contestant import Absent
from physioser_ros.benchmark.sound import recording, REFERENCE_S, waveform

#: Side of the square matrices whose product gives the peak.
PEAK_SIZE = 1024
#: Samples of a block as the capture hands it over: 30 ms.
BLOCK_SAMPLES = 480


def fma_peak(threads: int) -> Tuple[Callable[[], Any], Dict[str, float]]:
    """Return a product of float32 matrices by numpy: the arithmetic that a core gets through."""
    del threads  # OpenBLAS has read the environment.
    left = np.random.default_rng(0).standard_normal((PEAK_SIZE, PEAK_SIZE)).astype(np.float32)
    right, out = left.T.copy(), np.empty_like(left)
    return lambda: np.matmul(left, right, out=out), {'flop': 2.0 * PEAK_SIZE ** 3}


def model(threads: int, path: str, sha256: str = '',
          seconds: float = REFERENCE_S) -> Callable[..., Any]:
    """
    Return one inference as the recogniser runs it, checks of its answer included.

    What it returns takes the length in s, so that one contestant can be timed at many.

    :param path: the ONNX file
    :param sha256: digest of a file that is in no manifest
    :param seconds: length of the utterance where none is given
    """
    from physioser_ros.inference import load_model

    loaded = load_model(path, sha256=sha256, intra_op_threads=threads)
    sounds: Dict[float, np.ndarray] = {}

    def run(length_s: float = seconds) -> Any:
        if length_s not in sounds:
            sounds[length_s] = waveform(length_s)
        return loaded.run(sounds[length_s])
    return run


def part(threads: int, path: str, name: str,
         seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """
    Return one part of a model file, fed with what it gets within the whole.

    :param name: one of :data:`physioser_ros.benchmark.parts.PARTS`
    """
    from physioser_ros.benchmark.parts import cut, read_graph
    from physioser_ros.inference.session import create_session

    content, feed = cut(read_graph(Path(path)), name, model_feed(path, seconds))
    session, _ = create_session(content, intra_op_threads=threads)
    return lambda: session.run(None, feed)


def model_feed(path: str, seconds: float) -> Dict[str, np.ndarray]:
    """Return the inputs of the model in a file for one utterance."""
    import onnxruntime

    feed = {'waveform': waveform(seconds)[np.newaxis],
            'component_mask': np.ones((1, 4), np.float32)}
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    for node in session.get_inputs():
        if node.name == 'speaker_state':
            feed[node.name] = np.zeros(node.shape, np.float32)
    return feed


def numpy_quartet(threads: int, options: Optional[Mapping[str, Any]] = None,
                  seconds: float = REFERENCE_S) -> Callable[[], Any]:
    """Return the quartet by scipy and numpy; `options` are those of `QuartetConfig`."""
    from physioser_ros.features import quartet, QuartetConfig

    del threads
    config, sound = QuartetConfig(**(options or {})), waveform(seconds)
    return lambda: quartet(sound, config.sample_rate, config)


def voice_activity(threads: int, name: str,
                   speech: str = '') -> Tuple[Callable[[], Any], Dict[str, float]]:
    """
    Return one detector over a recording.

    :param name: `webrtc`, `silero` or `cascade`
    :param speech: path of the recording, '' for the demonstration
    """
    from physioser_ros.audio.vad import create_vad

    del threads
    detector, samples = create_vad(name), recording(Path(speech) if speech else None)
    size = detector.frame_samples
    frames = [samples[start:start + size] for start in range(0, len(samples) - size, size)]

    def run() -> None:
        detector.reset()
        for frame in frames:
            detector.probability(frame)
    return run, {'sound_s': len(frames) * size / 16000}


def segmentation(threads: int, name: str = 'cascade',
                 speech: str = '') -> Tuple[Callable[[], Any], Dict[str, float]]:
    """Return voice activity and segmenter over a recording, block by block."""
    from physioser_ros.audio.block import AudioBlock
    from physioser_ros.audio.segmenter import Segmenter
    from physioser_ros.audio.segmenter_options import SegmenterOptions
    from physioser_ros.audio.vad import create_vad

    del threads
    samples, detector = recording(Path(speech) if speech else None), create_vad(name)
    blocks = [AudioBlock(samples=samples[start:start + BLOCK_SAMPLES], index=start,
                         stamp_ns=start * 62500, gap=False)
              for start in range(0, len(samples), BLOCK_SAMPLES)]

    def run() -> None:
        detector.reset()
        segmenter = Segmenter(SegmenterOptions(), detector)
        for block in blocks:
            segmenter.push(block)
        segmenter.flush()
    return run, {'sound_s': len(samples) / 16000}


def recorded_configuration(path: Path) -> Mapping[str, Any]:
    """
    Return the configuration that a model was trained with, as its metadata hold it.

    :raises Absent: the file does not say
    """
    from physioser_ros.benchmark.parts import read_graph
    from physioser_ros.inference import METADATA_KEY, parse_metadata

    texts = [entry.value for entry in read_graph(path).metadata_props
             if entry.key == METADATA_KEY]
    raw = parse_metadata(texts[0]).raw if texts else {}
    training = raw.get('training')
    config = training.get('config') if isinstance(training, dict) else None
    if not isinstance(config, dict):
        raise Absent(f'the metadata of {path.name} hold no training.config')
    return config.get('model', config)
