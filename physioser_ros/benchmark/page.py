"""The performance page, in Markdown."""

from pathlib import Path
from typing import Iterable, List, Sequence

from physioser_ros.benchmark import boards, findings as names, streams
from physioser_ros.benchmark.charts import draw_growth, draw_way
from physioser_ros.benchmark.findings import Findings, model_name
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.targets import verdicts
from physioser_ros.benchmark.timing import ratio


def write_page(found: Findings, path: Path) -> List[Path]:
    """
    Write the page and its pictures beside it.

    :param found: what was measured
    :param path: the page, `.md`
    :returns: every file written
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = []
    for kind, draw, title in (('stages', draw_way, 'From the last sample to the message'),
                              ('growth', draw_growth, 'Cost against length')):
        picture = path.with_name(f'{path.stem}_{kind}.png')
        if draw(found, picture):
            pictures.append((title, picture))
    path.write_text(text(found, [f'![{title}]({file.name})' for title, file in pictures]),
                    encoding='utf-8')
    return [path, *(file for _, file in pictures)]


def text(found: Findings, pictures: Sequence[str] = ()) -> str:
    """
    Return the page.

    :param found: what was measured
    :param pictures: lines that show the pictures
    """
    sections = ['# Performance', _intro(found), '## Targets', _targets(found),
                *_turns(found), *(['## Pictures', *pictures] if pictures else []),
                *_nodes(found), *_growth(found), *_boards(found), *_absent(found),
                '## Machine', _machine(found)]
    return '\n\n'.join(sections) + '\n'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def _intro(found: Findings) -> str:
    said = ('Written by `physioser bench`. Figures are medians over rounds in which all '
            'contestants take turns; ratios are medians of the ratios of each round, with their '
            'quartiles. Spread is the interquartile range over the median.')
    if found.noise.quiet:
        return said
    reasons = '\n'.join(f'> - {reason}' for reason in found.noise.reasons)
    return f'{said}\n\n> **A noisy run, not a result:**\n{reasons}'


def _targets(found: Findings) -> str:
    return table(('', 'target', 'figure', 'verdict'), (
        (str(verdict.number), verdict.target, verdict.figure or '–', f'**{verdict.word}**')
        for verdict in verdicts(found)))


def _turns(found: Findings) -> List[str]:
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
                   'start s'), rows)]
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
    if found.running:
        sections += ['## Both nodes running', table(
            ('processes', 'quiet room', 'speech', 'sleeps a second in quiet'),
            ((str(count), f'{running.idle_cores:.1%} of a core',
              f'{running.speech_cores:.1%} of a core', f'{running.idle_wakeups:.0f}')
             for count, running in found.running.items()))]
    return sections


def _growth(found: Findings) -> List[str]:
    sections = []
    if found.lengths:
        sections += ['## Growth', table(('sound s', 'CPU ms', 'spread'), (
            (f'{length:g}', f'{timing.cpu_ms:.1f}', f'{timing.spread:.0%}')
            for length, timing in found.lengths.items()))]
    timing = found.timing(model_name(next(iter(found.models))))
    if timing:
        service_s = timing.wall_ms / 1000
        sections += [
            '### One recogniser for several capture nodes (computed, not measured)',
            f'From {1000 * service_s:.1f} ms an utterance and '
            f'{streams.UTTERANCES_A_MINUTE:g} utterances a minute and stream, at random '
            f'(M/D/1 queue), up to a load of {streams.LARGEST_LOAD:.0%} of one core. Beyond, '
            'run a second recogniser in another namespace or on another host.',
            table(('streams', 'load', 'mean wait ms'), (
                (str(row.streams), f'{row.load:.0%}', f'{row.wait_ms:.1f}')
                for row in streams.table(service_s)))]
    return sections


def _boards(found: Findings) -> List[str]:
    parts, peak = found.parts_ms, found.peak_gflops
    if not parts or not peak or not found.work:
        return []
    return ['## Small machines (an estimate, not measured)',
            'Each part at the share of the peak that it reaches here, or as fast as memory '
            'allows, if that takes longer. Peaks and bandwidths are those of the data sheets; '
            'no board has confirmed these figures.',
            table(('board', 'one utterance, one core, ms'), (
                (board.name, f'{boards.estimate_ms(board, parts, found.work, peak):.0f}')
                for board in boards.BOARDS))]


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
            ('cores kept busy by others', f'{found.background_cores:.2f}'),
            *((f'model {name}', f'{model.precision}, {model.megabytes:.1f} MB')
              for name, model in found.models.items())]
    return table(('', ''), rows)
