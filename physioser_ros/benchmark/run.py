"""The stages of the benchmark, from a list of models to findings."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from physioser_ros.benchmark import answers, crowds, cuts, eight_bits, store
from physioser_ros.benchmark.contestant import Absent, Contestant, Entry
from physioser_ros.benchmark.counts import count
from physioser_ros.benchmark.entries import default_entry, one_thread, OURS, two_threads
from physioser_ros.benchmark.findings import Findings, ModelFile
from physioser_ros.benchmark.machine import describe, LoadWatch
from physioser_ros.benchmark.nodes import recogniser, running
from physioser_ros.benchmark.ours import model_feed, recorded_configuration
from physioser_ros.benchmark.parts import read_graph
from physioser_ros.benchmark.sound import REFERENCE_S
from physioser_ros.benchmark.timing import judge, Noise, Timing
from physioser_ros.benchmark.turns import take_turns, WARM_UP_ROUNDS

#: Stages and what they measure, in their order.
STAGES = {
    'model': 'each model file as a whole',
    'parts': 'the parts of the default model',
    'voice': 'voice activity detectors and segmenter',
    'peers': 'what else could be installed',
    'threads': 'models and peers on two threads',
    'cuts': 'the backbone by where it is cut, and several utterances at once',
    'growth': 'cost against the length of the utterance',
    'latency': 'from node to node, and memory over a soak',
    'answers': 'time to the answer against the length, with and without working ahead',
    'running': 'both nodes in a quiet room and in speech',
    'captures': 'several capture nodes at one recogniser',
    'robots': 'several robots on one graph',
}
#: Stages whose contestants take turns with each other: one group, measured together.
TURNS = ('model', 'parts', 'voice', 'peers')
#: Lengths of the utterance for the growth, in s.
LENGTHS_S = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 12.0)

_Advance = Callable[[str], None]


@dataclass(frozen=True)
class Effort:
    """How much a run measures."""

    rounds: int
    """Turns of each contestant."""
    utterances: int
    """Utterances whose latency is measured."""
    soak: int
    """Utterances of the soak."""
    answers: int
    """Utterances of each length and way for the time to the answer."""
    running_s: float
    """Seconds for which the running nodes are watched, each time."""


FULL = Effort(rounds=25, utterances=100, soak=320, answers=10, running_s=20.0)
QUICK = Effort(rounds=5, utterances=10, soak=32, answers=2, running_s=4.0)


@dataclass(frozen=True)
class Given:
    """What the user gave."""

    models: Mapping[str, Path]
    """Model files by name, the default one first; their digests are in the manifests."""
    effort: Effort
    speech: Optional[Path] = None
    """A recording of speech, None for the demonstration."""
    kept: Optional[Path] = None
    """File that findings are kept in and taken from, None for none."""
    runs: Optional[Path] = None
    """Folder with the run folders of experiments that judge the cuts, None for none."""


def measure(given: Given, stages: Sequence[str],
            advance: Callable[[str, str], None] = lambda group, text: None) -> Findings:
    """
    Run stages and judge their noise.

    What was measured on a quiet machine and kept is not measured again.

    :param given: models and effort
    :param stages: some of `STAGES`
    :param advance: called with the group of stages and what was done in it, see `steps`
    :raises ModelError: a model cannot be loaded
    :raises ValueError: the file of kept findings is no such file
    """
    key = store.key_of(given.models, given.effort, str(given.speech),
                       [stage for stage in TURNS if stage in stages])
    found = store.read(given.kept, key) if given.kept else None
    if found is None:
        found = Findings(describe(), LoadWatch().load_average_before, _models(given),
                         REFERENCE_S)
    config = _config(given, found)
    found.recalls = cuts.recalls(given.runs)
    found.eight_bits = eight_bits.held_out(given.runs, found.models)
    for group in groups(stages):
        if group in found.background and _noise(found, group).quiet:
            continue
        watch = LoadWatch()
        found.absent = {name: reason for name, reason in found.absent.items()
                        if not name.startswith(f'{group}: ')}
        try:
            _ACTIONS[group](given, found, stages, config, partial(advance, group))
        except Absent as error:
            found.absent[f'{group}: {STAGES.get(group, group)}'] = str(error)
        found.background[group] = watch.background_cores()
        if given.kept:
            store.write(found, key, given.kept)
    found.noise = Noise(tuple(reason for group in found.background
                              for reason in _noise(found, group).reasons))
    return found


def groups(stages: Sequence[str]) -> List[str]:
    """Return what is measured together: `turns` for `TURNS`, else the stage by itself."""
    taking_turns = ['turns'] if set(stages) & set(TURNS) else []
    return taking_turns + [stage for stage in STAGES if stage in stages and stage not in TURNS]


def steps(given: Given, stages: Sequence[str]) -> Dict[str, int]:
    """Return how often `measure` advances in each group, for a progress bar."""
    effort = given.effort
    amounts = {
        'turns': len(one_thread(given.models, None, stages, {})) + effort.rounds,
        'threads': len(two_threads(given.models, stages, {})) + effort.rounds,
        'cuts': 1 + len(cuts.entries()) + effort.rounds, 'growth': effort.rounds,
        'latency': effort.utterances + effort.soak // max(1, effort.soak // 32),
        'answers': effort.answers, 'running': 4, 'captures': len(crowds.COUNTS),
        'robots': len(crowds.COUNTS)}
    return {group: amounts[group] for group in groups(stages)}


def _models(given: Given) -> Dict[str, ModelFile]:
    from physioser_ros.inference import load_model

    files = {}
    for name, path in given.models.items():
        metadata = load_model(path).metadata
        figures, backbone = metadata.raw.get('figures'), metadata.raw.get('backbone') or {}
        training = metadata.raw.get('training') or {}
        cut = ', '.join(map(str, backbone.get('layers', ())))
        files[name] = ModelFile(name, metadata.precision, path.stat().st_size / 1e6,
                                figures if isinstance(figures, dict) else {},
                                f'{backbone.get("name", "none")} {cut}'.strip(),
                                (training.get('config') or {}).get('name', ''))
    return files


def _config(given: Given, found: Findings) -> Mapping[str, Any]:
    try:
        return recorded_configuration(_default(given))
    except Absent as error:
        found.absent['configuration'] = f'{error}; peers of its size have the default one'
        return {}


def _default(given: Given) -> Path:
    return next(iter(given.models.values()))


def _parameters(given: Given) -> Dict[str, str]:
    return {'model.path': str(_default(given))}


def _turns(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
           advance: _Advance) -> None:
    found.one_thread = take_turns(one_thread(given.models, given.speech, stages, config),
                                  given.effort.rounds, advance=advance)
    found.absent.update({f'turns: {name}': reason
                         for name, reason in found.one_thread.absent.items()})
    if 'parts' in stages:
        default = _default(given)
        found.work = count(read_graph(default), model_feed(str(default), REFERENCE_S))


def _threads(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
             advance: _Advance) -> None:
    found.two_threads = take_turns(two_threads(given.models, stages, config),
                                   given.effort.rounds, advance=advance)


def _cuts(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
          advance: _Advance) -> None:
    found.cuts = take_turns([default_entry(given.models), *cuts.entries()], given.effort.rounds,
                            advance=advance)
    found.absent.update({f'cuts: {name}': reason for name, reason in found.cuts.absent.items()})


def _growth(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
            advance: _Advance) -> None:
    """Time the default model at each length that it takes, all lengths in turn."""
    from physioser_ros.inference import load_model

    path = _default(given)
    metadata = load_model(path).metadata
    fits = [length for length in LENGTHS_S
            if metadata.min_samples <= length * metadata.sample_rate <= metadata.max_samples]
    taken: Dict[float, List[Tuple[float, float]]] = {length: [] for length in fits}
    with Contestant(Entry('growth', f'{OURS}model', {'path': str(path)})) as contestant:
        contestant.readiness()
        for number in range(-WARM_UP_ROUNDS, given.effort.rounds):
            for length in fits:
                turn = contestant.turn(length)
                if number >= 0:
                    taken[length].append(turn)
            if number >= 0:
                advance(f'round {number + 1} of {given.effort.rounds}')
    found.lengths = {length: Timing(*np.array(turns).T) for length, turns in taken.items()}


def _latency(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
             advance: _Advance) -> None:
    found.latency, found.memory = recogniser(
        _parameters(given), given.effort.utterances, given.effort.soak, advance)


def _answers(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
             advance: _Advance) -> None:
    found.answers = answers.answering(_parameters(given), given.effort.answers, advance)


def _running(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
             advance: _Advance) -> None:
    for processes in (1, 2):
        found.running[processes] = running(
            _parameters(given), processes, given.effort.running_s, given.speech, advance)


def _captures(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
              advance: _Advance) -> None:
    for number in crowds.COUNTS:
        found.captures[number] = crowds.captures(
            _parameters(given), number, given.effort.running_s, given.speech)
        advance(f'{number} capture nodes')


def _robots(given: Given, found: Findings, stages: Sequence[str], config: Mapping[str, Any],
            advance: _Advance) -> None:
    for number in crowds.COUNTS:
        found.robots[number] = crowds.robots(
            _parameters(given), number, given.effort.running_s, given.speech)
        advance(f'{number} robots')


_ACTIONS = {'turns': _turns, 'threads': _threads, 'cuts': _cuts, 'growth': _growth,
            'latency': _latency, 'answers': _answers, 'running': _running,
            'captures': _captures, 'robots': _robots}


def _noise(found: Findings, group: str) -> Noise:
    """Return whether what was measured in a group is a result."""
    timings: Dict[str, Timing] = {}
    if group == 'turns' and found.one_thread:
        timings.update(found.one_thread.timings)
    if group == 'threads' and found.two_threads:
        timings.update({f'{name}, two threads': timing
                        for name, timing in found.two_threads.timings.items()})
    if group == 'cuts' and found.cuts:
        timings.update({f'backbone, {name}': timing
                        for name, timing in found.cuts.timings.items()})
    if group == 'growth':
        timings.update({f'{length:g} s of sound': timing
                        for length, timing in found.lengths.items()})
    verdict = judge(timings, found.background[group])
    return Noise(tuple(f'{group}: {reason}' for reason in verdict.reasons))
