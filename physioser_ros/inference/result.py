"""What one utterance's recognition gives."""

from dataclasses import dataclass
from typing import Any, Optional, Tuple

import numpy as np


@dataclass(frozen=True, eq=False)
class EmotionResult:
    """The answer to one utterance, without its sound and without any ROS type."""

    labels: Tuple[str, ...]
    """All labels of the model, the most probable first."""
    probabilities: Tuple[float, ...]
    """Their probabilities, descending, summing to 1."""
    label: str
    """The decision: the top label, one held against flicker, or 'uncertain'."""
    confidence: float
    """Probability of `label`; of the top label where `label` is 'uncertain'."""
    branch_weights: Tuple[float, float]
    """Attention of the fusion on the vocal (vap) and the latent (ssl) branch, summing to 1."""
    vap_frame_weights: np.ndarray
    """float32 (frames,): pooling weights of the vocal branch, summing to 1."""
    ssl_frame_weights: np.ndarray
    """float32 (frames,): pooling weights of the latent branch, summing to 1."""
    component_saliency: Optional[np.ndarray]
    """float32 (4,) for M, rho, f_inst, tau_g: drop in the top label's log-probability without
    that component; None where it was not asked for."""
    frame_step_s: Tuple[float, float]
    """Seconds from one frame to the next in the vocal and in the latent branch."""
    processing_s: float
    """Seconds that the model took."""
    queued_s: float
    """Seconds that the utterance waited before; 0 without a queue."""
    context: Any
    """What the caller handed in with the utterance, unchanged."""
    partial: bool
    """True for an early answer, before the utterance was over."""
    ahead: bool = False
    """True where the model had answered the same samples before the utterance was over."""
    skipped_samples: int = 0
    """Samples at the utterance's start that the model did not see, because the utterance was
    longer than the model's maximum; the frame weights start after them."""
