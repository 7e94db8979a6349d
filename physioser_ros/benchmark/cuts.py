"""Where the backbone may be cut: what each cut costs, and how often what follows is right."""

from dataclasses import dataclass
import json
from pathlib import Path
from statistics import mean
from typing import Dict, List, Mapping, Optional

from physioser_ros.benchmark.contestant import Entry

_FACTORY = 'physioser_ros.benchmark.peers:cut_backbone'
#: Utterances of the same length that go through the backbone at once, for comparison.
AT_ONCE = 4
TOGETHER = f'layer 3, {AT_ONCE} utterances at once'


@dataclass(frozen=True)
class Cut:
    """A backbone and where it ends."""

    backbone: str
    """Name in the registry."""
    layer: int
    """Last layer, 0 for the stem."""
    experiment: str
    """Experiment that judges it, `NAME` of `config/experiments/NAME.yaml`."""


CUTS = {
    'stem': Cut('whisper-base', 0, 'cut_stem_backbone_only'),
    'layer 1': Cut('whisper-base', 1, 'cut_layer1_backbone_only'),
    'layer 2': Cut('whisper-base', 2, 'cut_layer2_backbone_only'),
    'layer 3': Cut('whisper-base', 3, 'cut_layer3_backbone_only'),
    'layer 6, the last': Cut('whisper-base', 6, 'cut_final_backbone_only'),
    'tiny.en, layer 4, the last': Cut('whisper-tiny.en', 4, 'cut_tiny_en_backbone_only'),
}


def entries() -> List[Entry]:
    """Return a contestant for each cut, and one for several utterances at once."""
    made = [Entry(name, _FACTORY, {'name': cut.backbone, 'layer': cut.layer})
            for name, cut in CUTS.items()]
    whole = CUTS['layer 3']
    return [*made, Entry(TOGETHER, _FACTORY, {'name': whole.backbone, 'layer': whole.layer,
                                              'utterances': AT_ONCE})]


def recalls(runs: Optional[Path]) -> Dict[str, float]:
    """
    Return the mean recall of the classes by cut, of those that were trained.

    :param runs: folder with the run folders of the experiments, None for none
    """
    found = {name: _recall(runs, cut.experiment) for name, cut in CUTS.items()} if runs else {}
    return {name: value for name, value in found.items() if value is not None}


def _recall(runs: Path, experiment: str) -> Optional[float]:
    values = []
    for path in sorted(runs.glob(f'{experiment}-fold*/metrics.json')):
        metrics: Mapping = json.loads(path.read_text(encoding='utf-8'))
        values.append(float(metrics['test']['mean']['ua']))
    return mean(values) if values else None
