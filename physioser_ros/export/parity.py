"""Whether a model file answers as the torch model does, measured in a process of its own."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

#: Largest difference of any number that the graph as it left the exporter may have.
EXACT = 1e-4
#: The same for a file whose weights are stored as float16.
STORED = 1e-3
#: Labels that torch finds equally probable but for so much count as the same.
TIE = 1e-4
#: Lengths in seconds at which noise and silence are compared.
LENGTHS_S = (0.3, 0.7, 1.0, 2.0, 3.3, 5.0, 10.0)


@dataclass(frozen=True)
class ParityReport:
    """How far a model file and the torch model are apart."""

    max_error: float
    """Largest absolute difference of any output at any length; NaN counts as infinite."""
    worst: str
    """Sound and output of it."""
    same_label: float
    """Share of the sounds whose label is the same, 0 to 1."""
    cases: int
    """Sounds compared."""

    def sentence(self):
        """Return the report as one line."""
        return (f'{self.cases} sounds: largest difference {self.max_error:.1e} ({self.worst}), '
                f'same label in {self.same_label:.1%}')


def measure(build, path, temperature=1.0, clips=()):
    """
    Compare a model file with the model that `build` returns, in a fresh process.

    A fresh process knows nothing of what the export changed, and finds what it left behind.

    :param build: callable without arguments that returns the trained `PhysioSER`; it must be
        importable by name (a function of a module, or a partial of one)
    :param path: model file; it is trusted
    :param temperature: of the calibration
    :param clips: float32 arrays (n,), recordings to compare beside noise and silence
    :return: `ParityReport`
    """
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        return pool.submit(_measure, build, Path(path), temperature, tuple(clips)).result()


def sounds(minimum, maximum, clips=()):
    """
    Yield name and waveform, float32 (n,), of what is compared.

    :param minimum: fewest samples
    :param maximum: most samples
    :param clips: recordings to add
    """
    rng = np.random.default_rng(0)
    lengths = {min(max(int(seconds * 16000), minimum), maximum) for seconds in LENGTHS_S}
    for samples in sorted(lengths | {minimum, maximum}):
        noise = rng.standard_normal(samples) * 0.1 * np.sin(np.arange(samples) / 2000)
        yield f'noise of {samples} samples', noise.astype(np.float32)
        yield f'silence of {samples} samples', np.zeros(samples, np.float32)
    for number, clip in enumerate(clips):
        clip = clip[:maximum]
        padded = np.pad(clip, (0, max(0, minimum - len(clip))))
        yield f'recording {number}', padded.astype(np.float32)


def masks():
    """Return the variants that are compared: all parts, and each one left out; float32 (5, 4)."""
    return np.concatenate([np.ones((1, 4)), 1 - np.eye(4)]).astype(np.float32)


def _measure(build, path, temperature, clips):
    """Return the report; runs in the fresh process."""
    from hashlib import sha256

    import torch

    from physioser_ros.export.graph import output_names, Recogniser
    from physioser_ros.inference import load_model

    torch.set_num_threads(1)
    file = load_model(path, sha256=sha256(path.read_bytes()).hexdigest())
    model = build()
    module = Recogniser(model, temperature)
    names = output_names(model)
    rng = np.random.default_rng(1)
    worst, where, same, count = 0.0, 'none', 0, 0
    metadata = file.metadata
    for name, waveform in sounds(metadata.min_samples, metadata.max_samples, clips):
        feed = {'component_mask': masks()}
        if metadata.speaker is not None:
            state = rng.standard_normal(1 + metadata.speaker.width) * 0.1
            feed['speaker_state'] = np.abs(state).astype(np.float32)
        with torch.inference_mode():
            wanted = module(torch.from_numpy(waveform)[None],
                            **{key: torch.from_numpy(value) for key, value in feed.items()})
        readout = file.run(waveform, **feed)
        for output, want in zip(names, wanted):
            error = _difference(getattr(readout, output), want.numpy())
            if error >= worst:
                worst, where = error, f'{output}, {name}'
        first = wanted[0][0]
        same += int(first[readout.probabilities[0].argmax()] >= first.max() - TIE)
        count += 1
    return ParityReport(worst, where, same / count, count)


def _difference(got, want):
    """Return the largest absolute difference, infinite where it has none."""
    if got.shape != want.shape:
        return float('inf')
    error = float(np.abs(got - want).max())
    return error if np.isfinite(error) else float('inf')
