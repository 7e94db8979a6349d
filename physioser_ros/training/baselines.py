"""
Baselines without a network: what a classical classifier makes of one vector a clip.

They stand in the same tables as the model, on the same splits, with the same weights of the
clips and the same calibration.
"""

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

#: Inverse strength of the penalty of logistic regressions; chosen once, never per fold.
INVERSE_PENALTY = 0.01

#: Inverse strength of the penalty of the support vector machine; its usual default.
SVM_COST = 1.0

#: Logit of a label that no training clip had.
NEVER = -30.0


def over_time(array):
    """
    Return mean and deviation over time.

    :param array: shape (time, ...)
    :return: float32, shape (2 n,), n the product of the other sizes
    """
    values = array.reshape(len(array), -1).astype(np.float32)
    return np.concatenate([values.mean(0), values.std(0)])


def make_look_up(kind, store, functionals):
    """
    Return what gives a baseline its vector of a clip.

    :param kind: a key of `BASELINES`
    :param store: `FeatureStore`, filled; None where the kind needs none
    :param functionals: callable of a digest to its vector of eGeMAPS
    :return: callable of a digest to float32, shape (d,)
    """
    return {'majority': lambda digest: np.zeros(1, np.float32),
            'linear_probe': lambda digest: over_time(store.read(digest)[0][:, -1]),
            'quartet_probe': lambda digest: over_time(store.read(digest)[1]),
            'egemaps_svm': functionals}[kind]


def _logistic():
    return make_pipeline(StandardScaler(),
                         LogisticRegression(C=INVERSE_PENALTY, max_iter=1000))


def _svm():
    return make_pipeline(StandardScaler(), SVC(C=SVM_COST, decision_function_shape='ovr'))


def _majority():
    return make_pipeline(DummyClassifier(strategy='prior'))


#: Kinds of baselines and what makes their classifier.
BASELINES = {'majority': _majority, 'linear_probe': _logistic, 'quartet_probe': _logistic,
             'egemaps_svm': _svm}


class Baseline:
    """A classifier on one vector a clip."""

    def __init__(self, kind, look_up, per_speaker=False):
        """
        Keep how a clip becomes a vector.

        :param kind: a key of `BASELINES`
        :param look_up: callable of a digest to float32, shape (d,)
        :param per_speaker: take each speaker's own mean and deviation, over all clips that are
            given of that speaker, off the vectors; their labels are not looked at
        """
        self._kind, self._look_up, self._per_speaker = kind, look_up, per_speaker
        self._fitted = None

    def fit(self, rows, targets, weights):
        """
        Fit the classifier.

        :param rows: pandas DataFrame of the training clips
        :param targets: int, shape (n,), indices of the labels
        :param weights: float, shape (n,), of each clip; the majority counts clips as they are
        """
        pipeline = BASELINES[self._kind]()
        name = pipeline.steps[-1][0]
        weighted = {} if self._kind == 'majority' else {f'{name}__sample_weight': weights}
        self._fitted = pipeline.fit(self._vectors(rows), targets, **weighted)

    def logits(self, rows, classes):
        """
        Return one value a label, to be divided by a temperature.

        :param rows: pandas DataFrame of the clips to answer
        :param classes: number of labels C; one that no training clip had gets `NEVER`
        :return: float32, shape (n, C)
        """
        logits = np.full((len(rows), classes), NEVER, np.float32)
        if len(rows):
            vectors, last = self._vectors(rows), self._fitted[-1]
            if hasattr(last, 'predict_log_proba'):
                found = self._fitted.predict_log_proba(vectors)
            else:
                found = self._fitted.decision_function(vectors)
                if found.ndim == 1:
                    found = np.stack([-found, found], 1)
            logits[:, last.classes_] = found
        return logits

    @property
    def parameters(self):
        """Return how many numbers were fitted."""
        last = self._fitted[-1]
        fitted = {'SVC': ('dual_coef_', 'support_vectors_', 'intercept_'),
                  'LogisticRegression': ('coef_', 'intercept_'),
                  'DummyClassifier': ('class_prior_',)}[type(last).__name__]
        return sum(np.size(getattr(last, name)) for name in fitted)

    def _vectors(self, rows):
        """Return the vectors of clips, float32, shape (n, d)."""
        vectors = np.stack([self._look_up(digest) for digest in rows['sha1_pcm']])
        if self._per_speaker:
            speakers = (rows['corpus'] + '/' + rows['speaker_id']).to_numpy()
            for speaker in np.unique(speakers):
                own = speakers == speaker
                vectors[own] -= vectors[own].mean(0)
                vectors[own] /= vectors[own].std(0) + 1e-6
        return vectors
