"""What 8 bits change on speakers held out, as `physioser export` left it in run folders."""

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Dict, Mapping, Optional

import numpy as np

from physioser_ros.benchmark.findings import ModelFile


@dataclass(frozen=True)
class EightBits:
    """Files in 8 bits against those in floating point, all measured folds together."""

    same_label: float
    """Share of the clips whose label is the same, 0 to 1."""
    ua_lost_points: float
    """Mean recall of the classes lost, in points of 100."""
    clips: int
    """Clips compared."""


def held_out(runs: Optional[Path], models: Mapping[str, ModelFile]) -> Dict[str, EightBits]:
    """
    Return what was measured of the experiments that models in 8 bits came from, by model.

    :param runs: folder with the run folders, None for none
    :param models: models by name
    """
    found = {}
    for name, model in models.items():
        paths = sorted(runs.glob(f'{model.experiment}-fold*/int8.json')) if runs else []
        if model.precision == 'int8' and model.experiment and paths:
            folds = [json.loads(path.read_text(encoding='utf-8')) for path in paths]
            clips = [fold['clips'] for fold in folds]
            same, lost = (float(np.average([fold[key] for fold in folds], weights=clips))
                          for key in ('same_label', 'ua_lost_points'))
            found[name] = EightBits(same, lost, sum(clips))
    return found
