"""The linear probe: what a logistic regression makes of the frozen backbone alone."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: Inverse strength of the penalty; chosen once, never per fold.
INVERSE_PENALTY = 0.01


def pooled(features):
    """
    Return mean and deviation over time of the last layer's clean frames.

    :param features: `FeatureSet`
    :return: float32, shape (n, 2 D)
    """
    rows = []
    for digest in features.digests:
        frames = features.store.read(digest)[0][:, -1].astype(np.float32)
        rows.append(np.concatenate([frames.mean(0), frames.std(0)]))
    return np.stack(rows)


def fit_probe(features):
    """
    Fit the probe with the weights of the clips.

    :param features: `FeatureSet` of the training clips
    :return: a fitted scikit-learn pipeline
    """
    probe = make_pipeline(StandardScaler(),
                          LogisticRegression(C=INVERSE_PENALTY, max_iter=1000))
    return probe.fit(pooled(features), features.targets,
                     logisticregression__sample_weight=features.weights)


def probe_logits(probe, features, classes):
    """
    Return the probe's logits.

    :param probe: what `fit_probe` returned
    :param features: `FeatureSet`
    :param classes: number of labels C; one that no training clip had gets a very low logit
    :return: float32, shape (n, C)
    """
    logits = np.full((len(features), classes), -30.0, np.float32)
    if len(features):
        logits[:, probe.classes_] = probe.predict_log_proba(pooled(features))
    return logits
