"""Tiny models for the tests of the export; a module of its own, for fresh processes import it."""

import torch

from physioser_ros.export import CorpusFacts, ModelFacts
from physioser_ros.model import PhysioSER, PhysioSERConfig
from physioser_ros.model.backbones import create_backbone

LABELS = ('angry', 'neutral', 'sad')

FACTS = ModelFacts(
    name='tiny', version='0.1.0', labels=LABELS, temperature=1.7, threshold=0.4,
    fitted_on='two speakers', corpora=(
        CorpusFacts('EmoDB', 'CC0-1.0', 'permissive', 'de', 535, ('emodb_03',)),
        CorpusFacts('nEMO', 'CC BY-NC-SA 4.0', 'nc', 'pl', 4481)),
    figures={'note': 'made up', 'by_corpus': {
        'emodb': {'clips': 5, 'wa': 0.9, 'ua': 0.8, 'macro_f1': 0.7, 'ece': 0.05}}},
    training={'command': 'physioser train x.yaml', 'seed': 3, 'revision': 'abc'})


def tiny_model(backbone='whisper-base', branches=('vap', 'ssl'), speaker=False):
    """Return a small random `PhysioSER` on a small random backbone, the same in every process."""
    torch.manual_seed(0)
    frozen = create_backbone(backbone, layers=(1,), random_init=True)
    config = PhysioSERConfig.from_dict({
        'classes': len(LABELS), 'width': 16, 'pooling_hidden': 8, 'branches': list(branches),
        'quartet': {'bands': 16, 'hop': 320},
        'backbone': {'name': backbone, 'width': frozen.width, 'layers': list(frozen.layers)},
        'encoder': {'channels': [2, 4], 'strides': [[2, 2], [2, 1]]},
        'alignment': {'hidden': 16}, 'speaker': {'enabled': speaker},
        'fusion': {'layers': 1, 'heads': 2, 'hidden': 32, 'classifier_hidden': 8}})
    model = PhysioSER(config, frozen if 'ssl' in branches else None)
    # Statistics other than the initial ones, so that folding them has something to do.
    for number in range(2):
        noise = torch.randn(3, 24000, generator=torch.Generator().manual_seed(number)) * 0.1
        model(noise, torch.tensor([24000, 12000, 20000]))
    return model.eval()
