"""How many answers a quantised file changes, and what that costs."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

#: Share of the labels that a quantised file must keep on recordings that its model learned from.
SAME_LABEL = 0.99
#: The same of people whom the model has not met: rounding alone changes about one answer in
#: twenty there, those that were nearly a tie.
SAME_LABEL_UNMET = 0.9


@dataclass(frozen=True)
class Agreement:
    """A quantised file against the one in floating point, on labelled recordings."""

    same_label: float
    """Share of the recordings whose label is the same, 0 to 1."""
    ua_lost_points: float
    """Mean recall of the classes lost, in points of 100; negative if it gained."""
    mean_error: float
    """Mean over the recordings of the largest difference of a probability."""
    clips: int
    """Recordings compared."""

    def sentence(self):
        """Return the agreement as one line."""
        return (f'{self.clips} recordings: same label in {self.same_label:.1%}, '
                f'{self.ua_lost_points:+.2f} points of UA lost, probabilities differ by '
                f'{self.mean_error:.3f} on the mean')


def agree(reference, path, labelled):
    """
    Compare a model file with a reference in a fresh process; both are trusted.

    :param reference: model file in floating point
    :param path: model file to judge
    :param labelled: pairs of a recording, float32 (n,), and the index of its label
    :return: `Agreement`
    """
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        return pool.submit(_agree, Path(reference), Path(path), list(labelled)).result()


def _agree(reference, path, labelled):
    """Return the agreement; runs in the fresh process."""
    from hashlib import sha256

    from physioser_ros.inference import load_model

    def answers(file):
        model = load_model(file, sha256=sha256(file.read_bytes()).hexdigest())
        return np.array([model.run(clip[:model.metadata.max_samples]).probabilities[0]
                         for clip, _ in labelled])

    before, after = answers(reference), answers(path)
    truth = np.array([label for _, label in labelled])
    lost = _recall(truth, before.argmax(1)) - _recall(truth, after.argmax(1))
    return Agreement(
        same_label=float((before.argmax(1) == after.argmax(1)).mean()),
        ua_lost_points=round(100 * lost, 4),
        mean_error=float(np.abs(after - before).max(1).mean()), clips=len(labelled))


def _recall(truth, answers):
    """Return the mean recall over the classes that occur, 0 to 1."""
    return float(np.mean([(answers[truth == label] == label).mean()
                          for label in np.unique(truth)]))
