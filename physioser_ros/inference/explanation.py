"""What an answer hangs on, as plain values."""

from typing import Any, Dict, List

import numpy as np

from physioser_ros.inference.engine import Answered
from physioser_ros.inference.metadata import COMPONENTS, SAMPLE_RATE
from physioser_ros.inference.result import EmotionResult

#: Moments to name in each branch.
MOMENTS = 3


def explanation(answered: Answered, explained: EmotionResult) -> Dict[str, Any]:
    """
    Return what the answer to an utterance hangs on, of values that JSON knows.

    :param answered: the utterance, and what was answered
    :param explained: the same utterance with component saliency
    """
    result, state = answered.result, answered.state
    vap, ssl = explained.branch_weights
    saliency = zip(COMPONENTS, explained.component_saliency.tolist())
    return {
        'label': result.label,
        'confidence': _rounded(result.confidence),
        'probabilities': {label: _rounded(value) for label, value
                          in zip(result.labels, result.probabilities)},
        # Smoothing and hysteresis may have made another label of it.
        'model_label': explained.labels[0],
        'component_saliency': {name: _rounded(value) for name, value in saliency},
        'branch_weights': {'vap': _rounded(vap), 'ssl': _rounded(ssl)},
        'moments': {'vap': _moments(explained, explained.vap_frame_weights, 0),
                    'ssl': _moments(explained, explained.ssl_frame_weights, 1)},
        'duration_s': _rounded(len(answered.request.samples) / SAMPLE_RATE),
        'skipped_s': _rounded(explained.skipped_samples / SAMPLE_RATE),
        'speaker': {'id': answered.request.speaker_id,
                    'utterances_known': 0.0 if state is None else _rounded(state[0])},
        'answered_ahead': result.ahead,
    }


def _moments(explained: EmotionResult, weights: np.ndarray, branch: int) -> List[Dict[str, float]]:
    """Return the frames of most weight, in s from the utterance's first sample."""
    step_s = explained.frame_step_s[branch]
    start_s = explained.skipped_samples / SAMPLE_RATE
    order = np.argsort(-weights, kind='stable')[:MOMENTS].tolist()
    return [{'from_s': _rounded(start_s + index * step_s),
             'to_s': _rounded(start_s + (index + 1) * step_s),
             'weight': _rounded(weights[index])} for index in order]


def _rounded(value: float) -> float:
    return round(float(value), 6)
