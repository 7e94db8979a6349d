"""The performance page, in Markdown."""

from pathlib import Path
from types import MappingProxyType
from typing import List, Mapping

from physioser_ros.benchmark import findings as names, way
from physioser_ros.benchmark.answers_page import answers_part
from physioser_ros.benchmark.charts import draw_answers, draw_growth, draw_turns
from physioser_ros.benchmark.findings import Findings
from physioser_ros.benchmark.growth_page import boards_part, growth_part
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.presets_page import cuts_part, presets_part
from physioser_ros.benchmark.tables import table
from physioser_ros.benchmark.targets import verdicts
from physioser_ros.benchmark.timing import ratio

#: Pictures by the section that they go into: ending of the file's name, what draws it, title.
_PICTURES = {
    'turns': (draw_turns, 'Models and peers'), 'stages': (way.draw, 'The way of one utterance'),
    'answers': (draw_answers, 'Time to the answer'), 'growth': (draw_growth, 'Cost by length')}


def write_page(found: Findings, path: Path) -> List[Path]:
    """
    Write the page and its pictures beside it.

    :param found: what was measured
    :param path: the page, `.md`
    :returns: every file written
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines, written = {}, []
    for kind, (draw, title) in _PICTURES.items():
        picture = path.with_name(f'{path.stem}_{kind}.png')
        if draw(found, picture):
            lines[kind] = f'![{title}]({picture.name})'
            written.append(picture)
    path.write_text(text(found, lines), encoding='utf-8')
    return [path, *written]


def text(found: Findings, pictures: Mapping[str, str] = MappingProxyType({})) -> str:
    """
    Return the page.

    :param found: what was measured
    :param pictures: lines that show the pictures, by kind
    """
    def shown(kind: str) -> List[str]:
        return [pictures[kind]] if kind in pictures else []
    sections = ['# Performance', _intro(found), '## Targets', _targets(found),
                *presets_part(found), *_turns(found, shown('turns')), *cuts_part(found),
                *_nodes(found), *answers_part(found, [*shown('stages'), *shown('answers')]),
                *_running(found),
                *growth_part(found, shown('growth')), *boards_part(found), *_absent(found),
                '## Machine', _machine(found)]
    return '\n\n'.join(sections) + '\n'


def _intro(found: Findings) -> str:
    said = ('Written by `physioser bench`. Figures are medians over rounds in which all '
            'contestants take turns; ratios are medians of the ratios of each round, with their '
            'quartiles. Spread is the interquartile range over the median. Everything is measured '
            'anew by\n\n'
            '<!-- not run: takes a quarter of an hour on a quiet machine -->\n'
            '```bash\n'
            'physioser bench --keep bench.json --runs runs --report docs/performance.md\n```\n\n'
            'A run on a busy machine is refused as a result; what was quiet is kept in the file '
            'and only the rest is measured again.')
    if found.noise.quiet:
        return said
    reasons = '\n'.join(f'> - {reason}' for reason in found.noise.reasons)
    return f'{said}\n\n> **A noisy run, not a result:**\n{reasons}'


def _targets(found: Findings) -> str:
    return table(('', 'target', 'figure', 'verdict'), (
        (str(verdict.number), verdict.target, verdict.figure or '–', f'**{verdict.word}**')
        for verdict in verdicts(found)))


def _turns(found: Findings, pictures: List[str]) -> List[str]:
    sections = []
    for threads, outcome in ((1, found.one_thread), (2, found.two_threads)):
        if outcome is None:
            continue
        ours = found.timing(found.default, threads)
        rows = []
        for name, timing in outcome.timings.items():
            ready = outcome.readiness[name]
            rows.append((name, f'{timing.cpu_ms:.2f}', f'{timing.wall_ms:.2f}',
                         f'{timing.spread:.0%}', str(ratio(timing, ours)) if ours else '–',
                         f'{ready.resident_mib:.0f}', f'{ready.start_s:.1f}'))
        sections += [
            f'## {"One thread" if threads == 1 else "Two threads"}',
            f'An utterance of {found.utterance_s:g} s; voice activity over a whole recording. '
            'Memory and start are those of a bare process, to its first answer.',
            table(('', 'CPU ms', 'wall ms', 'spread', f'times {found.default}', 'MiB',
                   'start s'), rows), *(pictures if threads == 1 else [])]
        peak = found.peak_gflops
        if threads == 1 and peak:
            sections.append(f'Measured peak of one core: {peak:.0f} GFLOP/s '
                            f'({names.PEAK}).')
        if threads == 1 and found.work:
            sections.append(table(('part', 'MFLOP', 'MB moved'), (
                (part, f'{work.flop / 1e6:.0f}', f'{work.traffic_bytes / 1e6:.1f}')
                for part, work in found.work.items())))
    return sections


def _nodes(found: Findings) -> List[str]:
    sections = []
    if found.latency is not None:
        latency = found.latency
        outside_s = latency.total_s - latency.model_s
        rows = [(name, *(f'{percentile_ms(values, share):.1f}' for share in (50, 95)))
                for name, values in (('published to received', latency.total_s),
                                     ("of it the model's own time", latency.model_s),
                                     ('of it everything else', outside_s))]
        sections += ['## From node to node', table(('', 'median ms', '95 % ms'), rows),
                     f'The recogniser answers {latency.start_s:.1f} s after its process began.']
    if found.memory is not None:
        sections.append(f'Resident over {found.memory.utterances} utterances of 1 to 10 s: at '
                        f'most {found.memory.resident_mib.max():.0f} MiB, growth over the last '
                        f'three quarters {found.memory.growth_mib:.1f} MiB.')
    return sections


def _running(found: Findings) -> List[str]:
    if not found.running:
        return []
    return ['## Both nodes running', table(
        ('processes', 'quiet room', 'speech', 'sleeps a second in quiet', 'answers, median ms'),
        ((str(count), f'{running.idle_cores:.1%} of a core',
          f'{running.speech_cores:.1%} of a core', f'{running.idle_wakeups:.0f}',
          f'{percentile_ms(running.answer_s, 50):.1f}' if running.answer_s else '–')
         for count, running in found.running.items()))]


def _absent(found: Findings) -> List[str]:
    if not found.absent:
        return []
    return ['## Not measured', '\n'.join(f'- {name}: {reason}'
                                         for name, reason in found.absent.items())]


def _machine(found: Findings) -> str:
    machine = found.machine
    rows = [('processor', f'{machine.processor}, {machine.cores} cores'),
            ('memory', f'{machine.memory_mib} MiB'), ('system', machine.system),
            ('Python', machine.python), *machine.packages.items(), ('date', machine.date),
            ('load average before', f'{found.load_average_before:.2f}'),
            ('cores kept busy by others, at the worst', f'{found.background_cores:.2f}'),
            *((f'model {name}', f'{model.precision}, {model.megabytes:.1f} MB')
              for name, model in found.models.items())]
    return table(('', ''), rows)
