"""From an emotion and its probability to the positions of face and posture. Knows no ROS."""

from dataclasses import dataclass
import math
from numbers import Real
from pathlib import Path
from typing import Dict, Tuple

import yaml

#: The table that comes with the package.
DEFAULT_TABLE = Path(__file__).with_name('expressions.yaml')


@dataclass(frozen=True)
class Expressions:
    """A table of expressions."""

    #: Names of the joints, in the order of the positions.
    joints: Tuple[str, ...]
    #: Positions at rest, in the robot's own units.
    rest: Tuple[float, ...]
    #: Positions at full confidence by label.
    targets: Dict[str, Tuple[float, ...]]

    @classmethod
    def load(cls, path=''):
        """
        Read a table.

        :param path: YAML file; empty for the table of the package.
        :raises ValueError: with what is wrong in it.
        :raises OSError: if it cannot be read.
        """
        path = Path(path or DEFAULT_TABLE)
        try:
            content = yaml.safe_load(path.read_text(encoding='utf-8'))
            return cls.from_dict(content)
        except (yaml.YAMLError, ValueError) as error:
            raise ValueError(f'{path} is no table of expressions: {error}') from error

    @classmethod
    def from_dict(cls, content):
        """
        Make a table.

        :param content: dict with `rest`, positions by joint, and `expressions`, by label the
            positions by joint that differ from rest.
        :raises ValueError: with what is wrong in it.
        """
        if not isinstance(content, dict) or set(content) != {'rest', 'expressions'}:
            raise ValueError('the two entries "rest" and "expressions" are needed')
        rest, targets = _positions('rest', content['rest']), {}
        if not rest:
            raise ValueError('rest names no joint')
        if not isinstance(content['expressions'], dict):
            raise ValueError('expressions is no mapping of emotions')
        for label, changes in content['expressions'].items():
            changes = _positions(label, changes)
            unknown = sorted(set(changes) - set(rest))
            if unknown:
                raise ValueError(f'{label} moves {", ".join(unknown)}, which rest does not name')
            targets[label] = tuple({**rest, **changes}.values())
        return cls(tuple(rest), tuple(rest.values()), targets)

    def positions(self, label, intensity):
        """
        Return the positions of an emotion.

        :param label: the emotion; one without an entry is shown by the rest.
        :param intensity: 0 for the rest to 1 for the whole expression.
        :return: a float for each of `joints`.
        """
        target = self.targets.get(label, self.rest)
        return tuple(rest + intensity * (full - rest) for rest, full in zip(self.rest, target))


def intensity_of(confidence, min_confidence, full_confidence):
    """
    Return how much of an expression a confidence is worth.

    :param confidence: probability of the label.
    :param min_confidence: up to this nothing is shown.
    :param full_confidence: from this the whole expression is shown.
    :return: 0 to 1, linear between the two.
    """
    share = (confidence - min_confidence) / (full_confidence - min_confidence)
    return min(1.0, max(0.0, share))


def _positions(name, values):
    if not isinstance(values, dict) or not all(
            isinstance(value, Real) and not isinstance(value, bool) for value in values.values()):
        raise ValueError(f'{name} is no mapping of joints to numbers')
    if not all(math.isfinite(value) for value in values.values()):
        raise ValueError(f'{name} has positions that are not finite')
    return {str(joint): float(value) for joint, value in values.items()}
