"""Temperature scaling: one number that makes confidence mean accuracy (Guo et al., ICML 2017)."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

#: Temperatures beyond these mean that the logits are useless; the search stays inside.
TEMPERATURE_RANGE = (0.05, 20.0)


def fit_temperature(logits, truth, weights=None):
    """
    Fit the temperature that makes the held-out labels likeliest.

    :param logits: float, shape (n, C), of speakers unseen in training
    :param truth: int, shape (n,)
    :param weights: float, shape (n,), of each clip; None: all the same
    :return: float, in `TEMPERATURE_RANGE`; above 1 where the model was too sure
    :raises ValueError: if there is no clip to fit on
    """
    logits, truth = np.asarray(logits, dtype=np.float64), np.asarray(truth)
    if not len(truth):
        raise ValueError('no clip to fit the temperature on: hold speakers out '
                         '(data.calibration_share above 0), or take it from another run')
    rows = np.arange(len(truth))

    def loss(log_temperature):
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -np.average(scaled[rows, truth], weights=weights)

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURE_RANGE),
                                        method='bounded', options={'xatol': 1e-5}).x))


def calibrated(logits, temperature):
    """
    Return probabilities at a temperature.

    :param logits: float, shape (n, C)
    :param temperature: float, above 0
    :return: float64, shape (n, C), each row sums to 1
    """
    return softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1)
