"""A loaded model: one waveform in, one readout a variant out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np

from physioser_ros.inference.errors import InferenceError, ModelFormatError
from physioser_ros.inference.metadata import COMPONENTS, ModelMetadata
from physioser_ros.inference.session import create_run_options

#: Probabilities and weights may miss the sum of 1 by this much (weights may be float16).
SUM_TOLERANCE = 1e-2

_OUTPUTS = ('probabilities', 'branch_weights', 'vap_frame_weights', 'ssl_frame_weights')
_FLOAT = 'tensor(float)'


@dataclass(frozen=True, eq=False)
class Readout:
    """The outputs of one run; a row is a variant of the component mask."""

    probabilities: np.ndarray
    """float64 (variants, classes), in the order of the metadata's labels; rows sum to 1."""
    branch_weights: np.ndarray
    """float32 (variants, 2): vocal (vap) and latent (ssl) branch; rows sum to 1."""
    vap_frame_weights: np.ndarray
    """float32 (variants, frames): pooling weights of the vocal branch; rows sum to 1."""
    ssl_frame_weights: np.ndarray
    """float32 (variants, frames): pooling weights of the latent branch; rows sum to 1."""
    speaker_state_next: Optional[np.ndarray]
    """float32 (1 + width,): what to remember of the speaker; None without adaptation."""


class Model:
    """
    A checked model file in an onnxruntime session.

    `run` may be called from several threads at the same time. Made by
    :func:`physioser_ros.inference.load_model`.
    """

    def __init__(self, session: Any, metadata: ModelMetadata, *, path: Path = Path(),
                 sha256: str = '', notices: Tuple[str, ...] = ()) -> None:
        """
        Take a session, compare its inputs and outputs with the metadata and try it.

        :param session: an onnxruntime `InferenceSession`
        :param metadata: validated metadata of the same file
        :param path: where it was read from
        :param sha256: its digest
        :param notices: sentences that the user should read, as on providers not in use
        :raises ModelFormatError: inputs, outputs or the answer to silence are not as expected
        """
        self.metadata = metadata
        self.path = path
        self.sha256 = sha256
        self.notices = notices
        self.providers: Tuple[str, ...] = tuple(session.get_providers())
        self._session = session
        self._under_way: Set[Any] = set()
        self._check_inputs()
        self._check_outputs()
        self._try()

    @property
    def labels(self) -> Tuple[str, ...]:
        """Return the labels, in the order of the probabilities."""
        return self.metadata.labels

    def run(self, waveform: np.ndarray, *, component_mask: Optional[np.ndarray] = None,
            speaker_state: Optional[np.ndarray] = None) -> Readout:
        """
        Run the model on one utterance.

        :param waveform: float32 (samples,), mono, 16 kHz, in [-1, 1]; shorter than the
            metadata's `min_samples` it is padded with zeros at its end
        :param component_mask: float32 (variants, 4), weight of M, rho, f_inst and tau_g in
            each variant; None = one variant with all of them
        :param speaker_state: float32 (1 + width,), what is remembered of the speaker; None =
            nothing; only for a model with speaker adaptation
        :returns: the readout, checked to be finite
        :raises ValueError: an argument has another type or shape, is not finite or is empty,
            or the waveform is longer than `max_samples`
        :raises InferenceError: the run failed, or its outputs are no answer (NaN, wrong shape)
        """
        feed = {'waveform': self._waveform(waveform),
                'component_mask': self._component_mask(component_mask)}
        if self.metadata.speaker is not None:
            feed['speaker_state'] = self._speaker_state(speaker_state)
        elif speaker_state is not None:
            raise ValueError('speaker_state was given, but the model has no speaker adaptation')
        return self._readout(self._fetch(feed), len(feed['component_mask']))

    def cancel(self) -> None:
        """End all runs that are under way in other threads; each raises InferenceError."""
        for options in list(self._under_way):
            options.terminate = True

    def warm_up(self) -> None:
        """
        Run once on as much silence as the model takes.

        So the first utterance is not slower, and what onnxruntime keeps for the longest one
        that it ever saw is there from the start and does not grow.
        """
        self.run(np.zeros(self.metadata.max_samples, np.float32))

    def padded(self, waveform: np.ndarray) -> np.ndarray:
        """Return `waveform`, (samples,), with zeros at its end up to `min_samples`."""
        return np.pad(waveform, (0, max(0, self.metadata.min_samples - len(waveform))))

    def _waveform(self, waveform: np.ndarray) -> np.ndarray:
        _check_array('waveform', waveform, (None,))
        count = len(waveform)
        if count == 0:
            raise ValueError('waveform has no sample')
        if count > self.metadata.max_samples:
            raise ValueError(f'waveform has {count} samples, the model takes at most '
                             f'{self.metadata.max_samples}; cut it')
        return np.ascontiguousarray(self.padded(waveform)[np.newaxis])

    def _component_mask(self, mask: Optional[np.ndarray]) -> np.ndarray:
        if mask is None:
            return np.ones((1, len(COMPONENTS)), np.float32)
        _check_array('component_mask', mask, (None, len(COMPONENTS)))
        if len(mask) == 0:
            raise ValueError('component_mask has no variant')
        return np.ascontiguousarray(mask)

    def _speaker_state(self, state: Optional[np.ndarray]) -> np.ndarray:
        size = 1 + self.metadata.speaker.width
        if state is None:
            return np.zeros(size, np.float32)
        _check_array('speaker_state', state, (size,))
        return np.ascontiguousarray(state)

    def _fetch(self, feed: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
        options = create_run_options()
        self._under_way.add(options)
        try:
            values = self._session.run(self._output_names(), feed, options)
        # onnxruntime's exceptions have no common base but Exception.
        except Exception as error:
            raise InferenceError(f'the run of the model failed: {error}') from error
        finally:
            self._under_way.discard(options)
        return dict(zip(self._output_names(), values))

    def _output_names(self) -> List[str]:
        adapts = self.metadata.speaker is not None
        return [*_OUTPUTS, 'speaker_state_next'] if adapts else list(_OUTPUTS)

    def _readout(self, outputs: Dict[str, np.ndarray], variants: int) -> Readout:
        widths = {'probabilities': len(self.labels), 'branch_weights': 2}
        for name in _OUTPUTS:
            _check_distribution(name, outputs[name], variants, widths.get(name))
        state = outputs.get('speaker_state_next')
        if state is not None and (state.shape != (1 + self.metadata.speaker.width,)
                                  or not np.isfinite(state).all()):
            raise InferenceError(f'the model gave a speaker_state_next of shape {state.shape} '
                                 f'that is not finite or not of its width')
        probabilities = np.clip(outputs['probabilities'].astype(np.float64), 0, 1)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return Readout(probabilities, *(outputs[name] for name in _OUTPUTS[1:]), state)

    def _check_inputs(self) -> None:
        expected = {'waveform': (1, None), 'component_mask': (None, len(COMPONENTS))}
        if self.metadata.speaker is not None:
            expected['speaker_state'] = (1 + self.metadata.speaker.width,)
        _check_graph('input', self._session.get_inputs(), expected)
        extra = {node.name for node in self._session.get_inputs()} - set(expected)
        if extra:
            raise ModelFormatError(f'it wants the inputs {sorted(extra)}, which are unknown; '
                                   f'expected {sorted(expected)}')

    def _check_outputs(self) -> None:
        expected = {'probabilities': (None, len(self.labels)), 'branch_weights': (None, 2),
                    'vap_frame_weights': (None, None), 'ssl_frame_weights': (None, None)}
        if self.metadata.speaker is not None:
            expected['speaker_state_next'] = (1 + self.metadata.speaker.width,)
        _check_graph('output', self._session.get_outputs(), expected)

    def _try(self) -> None:
        """Run on the shortest silence in two variants: shapes that the graph leaves open."""
        try:
            self.run(np.zeros(self.metadata.min_samples, np.float32),
                     component_mask=np.ones((2, len(COMPONENTS)), np.float32))
        except InferenceError as error:
            raise ModelFormatError(f'it does not answer to silence: {error}') from error


def _check_array(name: str, array: np.ndarray, shape: Tuple[Optional[int], ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        kind = getattr(array, 'dtype', type(array).__name__)
        raise ValueError(f'{name} is {kind}, expected a numpy array of float32')
    if array.ndim != len(shape) or any(size is not None and size != actual
                                       for size, actual in zip(shape, array.shape)):
        wanted = ', '.join('any' if size is None else str(size) for size in shape)
        raise ValueError(f'{name} has the shape {array.shape}, expected ({wanted})')
    if not np.isfinite(array).all():
        raise ValueError(f'{name} holds NaN or infinite values')


def _check_distribution(name: str, values: np.ndarray, variants: int,
                        width: Optional[int]) -> None:
    if (not isinstance(values, np.ndarray) or values.ndim != 2 or len(values) != variants
            or values.shape[1] == 0 or width not in (None, values.shape[1])):
        raise InferenceError(
            f'the model gave {name} of the shape {np.shape(values)}, expected '
            f'({variants}, {width or "frames"})')
    if not np.isfinite(values).all():
        raise InferenceError(f'the model gave {name} with NaN or infinite values')
    if values.min() < -SUM_TOLERANCE or abs(values.sum(axis=1) - 1).max() > SUM_TOLERANCE:
        raise InferenceError(f'the model gave {name} that are negative or do not sum to 1')


def _check_graph(kind: str, nodes: List[Any],
                 expected: Dict[str, Tuple[Optional[int], ...]]) -> None:
    found = {node.name: node for node in nodes}
    for name, shape in expected.items():
        node = found.get(name)
        if node is None:
            raise ModelFormatError(f'it has no {kind} {name!r}, only {sorted(found)}')
        if node.type != _FLOAT:
            raise ModelFormatError(f'its {kind} {name!r} is {node.type}, expected {_FLOAT}')
        # A size that is no number is left open by the graph, which always fits.
        fits = len(node.shape) == len(shape) and all(
            wanted is None or not isinstance(actual, int) or actual == wanted
            for wanted, actual in zip(shape, node.shape))
        if not fits:
            wanted = ', '.join('any' if size is None else str(size) for size in shape)
            raise ModelFormatError(
                f'its {kind} {name!r} has the shape {node.shape}, expected ({wanted})')
