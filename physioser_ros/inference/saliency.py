"""
How much each part of the quartet carries the answer, by occlusion.

One batch of five variants: all parts, and four times all but one. The saliency of a part is the
drop in the winning label's log-probability without it, in nats: positive where it speaks for
the label, negative where it speaks against. The norms of quaternion channels would say nothing,
for one Hamilton product mixes them.
"""

import numpy as np

from physioser_ros.inference.metadata import COMPONENTS

#: Floor of a probability in the logarithm.
SMALLEST_PROBABILITY = 1e-7


def occlusion_masks() -> np.ndarray:
    """Return float32 (5, 4): all parts first, then one part taken out a row."""
    count = len(COMPONENTS)
    return np.concatenate([np.ones((1, count)), 1 - np.eye(count)]).astype(np.float32)


def component_saliency(probabilities: np.ndarray) -> np.ndarray:
    """
    Return the saliency of each part.

    :param probabilities: float (5, classes), answers to `occlusion_masks`
    :returns: float32 (4,), drop in log-probability in nats, for M, rho, f_inst, tau_g
    :raises ValueError: there are not five rows
    """
    if len(probabilities) != len(COMPONENTS) + 1:
        raise ValueError(f'probabilities have {len(probabilities)} rows, expected '
                         f'{len(COMPONENTS) + 1}')
    logs = np.log(np.maximum(probabilities[:, np.argmax(probabilities[0])],
                             SMALLEST_PROBABILITY))
    return (logs[0] - logs[1:]).astype(np.float32)
