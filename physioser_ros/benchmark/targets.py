"""The targets of the project, each with its figure and a verdict."""

from dataclasses import dataclass
from typing import List, Optional

from physioser_ros.benchmark import findings as names
from physioser_ros.benchmark.findings import Findings, model_name, part_name
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.timing import ratio, Timing

FLOAT, INT8 = 'float32', 'int8'


@dataclass(frozen=True)
class Verdict:
    """One target."""

    number: int
    """Number of the target."""
    target: str
    """What is asked."""
    figure: str
    """What was found, '' where nothing was."""
    met: Optional[bool]
    """Whether it is met, None where it was not measured."""

    @property
    def word(self) -> str:
        """Return the verdict in a word."""
        return 'not measured' if self.met is None else 'met' if self.met else 'missed'


def verdicts(found: Findings) -> List[Verdict]:
    """Return all targets in order."""
    return [*_whole(found), *_parts(found), *_accuracy(found), _latency(found),
            *_running(found), *_memory(found)]


def _bound(number: int, target: str, value: Optional[float], limit: float, text: str, *,
           at_least: bool = False) -> Verdict:
    if value is None:
        return Verdict(number, target, '', None)
    return Verdict(number, target, text, value >= limit if at_least else value <= limit)


def _ratio(ours: Optional[Timing], theirs: Optional[Timing]) -> Optional[float]:
    return ratio(ours, theirs).value if ours and theirs else None


def _whole(found: Findings) -> List[Verdict]:
    """Return a verdict on each model; one without any of that precision where there is none."""
    verdicts_ = []
    for precision, limit in ((FLOAT, 0.45), (INT8, 0.25)):
        target = (f'whole model in {precision}, {found.utterance_s:g} s, one thread: at most '
                  f'{limit:g} of {names.OPENSMILE}')
        of_kind = [name for name, model in found.models.items() if model.precision == precision]
        for name in of_kind:
            value = _ratio(found.timing(model_name(name)), found.timing(names.OPENSMILE))
            verdicts_.append(_bound(1, f'`{name}`: {target}', value, limit, f'{value or 0:.2f}'))
        if not of_kind:
            verdicts_.append(Verdict(1, target, '', None))
    return verdicts_


def _parts(found: Findings) -> List[Verdict]:
    quartet = _ratio(found.timing(part_name('quartet')), found.timing(names.NUMPY_QUARTET))
    encoder, peak = found.timing(part_name('encoder')), found.peak_gflops
    roof = None
    if encoder and peak and 'encoder' in found.work:
        roof = encoder.cpu_ms / (found.work['encoder'].flop / peak / 1e6)
    faster = _ratio(found.timing(names.SPEECHBRAIN), encoder)
    return [
        _bound(2, 'quartet in the graph: at most 2.2 of the scipy path', quartet, 2.2,
               f'{quartet or 0:.2f}'),
        _bound(2, 'encoder: at most 1.6 of the roofline (its operations at the measured peak)',
               roof, 1.6, f'{roof or 0:.2f}'),
        _bound(2, "encoder: at least 2 times faster than SpeechBrain's QConv2d of its size",
               faster, 2, f'{faster or 0:.2f}', at_least=True)]


def _accuracy(found: Findings) -> List[Verdict]:
    """Return a verdict on each model in 8 bits; one without any where there is none."""
    target = ('int8: the same label as float32 on 99 % of the clips of speakers held out, at most '
              '0.5 point of UA lost')
    made = []
    for name, model in found.models.items():
        if model.precision == 'int8':
            own = found.eight_bits.get(name)
            made.append(Verdict(3, f'`{name}`: {target}', '', None) if own is None else Verdict(
                3, f'`{name}`: {target}',
                f'{own.same_label:.1%} of {own.clips}, {own.ua_lost_points:.2f} points',
                own.same_label >= 0.99 and own.ua_lost_points <= 0.5))
    return made or [Verdict(3, target, '', None)]


def _latency(found: Findings) -> Verdict:
    target = ('`audio/utterance` published to `emotion/classification` received: 95 % within '
              "1.3 of the model's own time + 5 ms")
    if found.latency is None:
        return Verdict(4, target, '', None)
    total_ms = percentile_ms(found.latency.total_s, 95)
    model_ms = percentile_ms(found.latency.model_s, 50)
    limit_ms = 1.3 * model_ms + 5
    return _bound(4, target, total_ms, limit_ms,
                  f'{total_ms:.1f} ms, the bound is {limit_ms:.1f} ms')


def _running(found: Findings) -> List[Verdict]:
    segmenter, share = found.timing(names.SEGMENTER), None
    if segmenter:
        share = segmenter.cpu_ms / 1000 / found.detail(names.SEGMENTER, 'sound_s')
    idle = max((running.idle_cores for running in found.running.values()), default=None)
    text = ', '.join(f'{running.idle_cores:.2%} in {count} process{"es" * (count > 1)}'
                     for count, running in found.running.items())
    return [
        _bound(5, 'voice activity and segmenter: at most 1 % of a core in speech', share, 0.01,
               f'{share or 0:.2%}'),
        _bound(5, 'both nodes: at most 3 % of a core while nobody speaks', idle, 0.03, text)]


def _memory(found: Findings) -> List[Verdict]:
    memory = found.memory
    largest = None if memory is None else float(memory.resident_mib.max())
    # The target is in units of 1e6 bytes.
    largest_mb = None if largest is None else largest * 2 ** 20 / 1e6
    growth_mb = None if memory is None else memory.growth_mib * 2 ** 20 / 1e6
    return [
        _bound(6, 'recogniser: at most 250 MB resident', largest_mb, 250,
               f'{largest_mb or 0:.0f} MB'),
        _bound(6, 'recogniser: at most 1 MB more over the last three quarters of a soak',
               growth_mb, 1, f'{growth_mb or 0:.1f} MB')]
