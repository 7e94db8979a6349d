"""Who takes part in a run of the benchmark."""

from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence

from physioser_ros.benchmark import findings as names
from physioser_ros.benchmark.contestant import Entry
from physioser_ros.benchmark.findings import model_name, part_name
from physioser_ros.benchmark.parts import PARTS

OURS = 'physioser_ros.benchmark.ours:'
_PEERS = 'physioser_ros.benchmark.peers:'


def one_thread(models: Mapping[str, Path], speech: Optional[Path], stages: Sequence[str],
               config: Mapping[str, Any]) -> List[Entry]:
    """
    Return all contestants on one thread; those that are compared stand side by side.

    :param models: files by name, the default one first
    :param speech: a recording, None for the demonstration
    :param stages: some of `run.STAGES`
    :param config: configuration of the default model
    """
    default, recording = str(next(iter(models.values()))), str(speech or '')
    entries: List[Entry] = []
    if set(stages) & {'model', 'parts', 'peers'}:
        entries += _common(models, 1)
    if 'peers' in stages:
        entries += _peers(config, 1, with_conversion=True)
        entries.append(Entry(names.SPEECHBRAIN, f'{_PEERS}speechbrain_encoder',
                             {'config': config}))
    if 'parts' in stages:
        entries += [Entry(part_name(part), f'{OURS}part', {'path': default, 'name': part})
                    for part in PARTS]
        entries.append(Entry(names.NUMPY_QUARTET, f'{OURS}numpy_quartet',
                             {'options': config.get('quartet', {})}))
    if 'voice' in stages:
        entries += [Entry(f'voice activity {name}', f'{OURS}voice_activity',
                          {'name': name, 'speech': recording})
                    for name in ('webrtc', 'silero', 'cascade')]
        entries.append(Entry(names.SEGMENTER, f'{OURS}segmentation', {'speech': recording}))
    return entries


def two_threads(models: Mapping[str, Path], stages: Sequence[str],
                config: Mapping[str, Any]) -> List[Entry]:
    """Return all contestants on two threads; arguments as for `one_thread`."""
    entries = _common(models, 2)
    if 'peers' in stages:
        entries += _peers(config, 2, with_conversion=False)
    return entries


def default_entry(models: Mapping[str, Path]) -> Entry:
    """Return the contestant that runs the default model on one thread; `models` as above."""
    return _models(models, 1)[0]


def _models(models: Mapping[str, Path], threads: int) -> List[Entry]:
    return [Entry(model_name(name), f'{OURS}model', {'path': str(path)}, threads)
            for name, path in models.items()]


def _common(models: Mapping[str, Path], threads: int) -> List[Entry]:
    return [Entry(names.PEAK, f'{OURS}fma_peak', threads=threads), *_models(models, threads)]


def _peers(config: Mapping[str, Any], threads: int, *, with_conversion: bool) -> List[Entry]:
    entries = [Entry(names.OPENSMILE, f'{_PEERS}opensmile_svm', threads=threads),
               Entry(names.BACKBONE_TORCH, f'{_PEERS}backbone_torch', {'config': config},
                     threads),
               Entry(names.BACKBONE_ORT, f'{_PEERS}backbone_onnxruntime', {'config': config},
                     threads),
               Entry(names.WAV2VEC2_TORCH, f'{_PEERS}wav2vec2_torch', threads=threads)]
    if with_conversion:
        entries.append(Entry(names.WAV2VEC2_ORT, f'{_PEERS}wav2vec2_onnxruntime',
                             threads=threads))
    return entries
