"""The part of the performance page on more: length, microphones, robots, other machines."""

from typing import List

from physioser_ros.benchmark import boards, streams
from physioser_ros.benchmark.crowds import per_robot
from physioser_ros.benchmark.findings import Findings, model_name
from physioser_ros.benchmark.nodes import percentile_ms
from physioser_ros.benchmark.presets_page import together_part
from physioser_ros.benchmark.tables import table

_BEYOND = """### Where one machine ends

ROS 2 is the distributed engine, so the nodes need nothing else:

- **Too many microphones for one recogniser:** `model.intra_op_threads: 2` shortens each answer, as
  the table of two threads tells; a second recogniser in a namespace of its own, with a part of
  the capture nodes, answers on another core.
- **Too little machine on the robot:** `audio_capture` there, `emotion_recognizer` on another host
  of the same ROS domain. An utterance is 32 kB a second of speech, sent when it is announced and
  once more when it is over. Sound then leaves the robot: see to it that the network is yours.
- **A GPU:** `model.providers: [CUDAExecutionProvider]` with the onnxruntime that has it. Not
  measured here.
- **Many robots:** each with both nodes in a namespace of its own; they share nothing but the
  discovery of the graph."""


def growth_part(found: Findings, pictures: List[str]) -> List[str]:
    """Return the sections on growth, those that were measured before those computed."""
    sections: List[str] = []
    if found.lengths:
        sections += [table(('sound s', 'CPU ms', 'spread'), (
            (f'{length:g}', f'{timing.cpu_ms:.1f}', f'{timing.spread:.0%}')
            for length, timing in found.lengths.items())), *pictures]
    sections += [*_captures(found), *together_part(found), *_robots(found), *_computed(found)]
    return ['## Growth', *sections, _BEYOND] if sections else []


def _captures(found: Findings) -> List[str]:
    if not found.captures:
        return []
    return ['### Several capture nodes at one recogniser',
            'Each a process that plays a recording in which somebody speaks most of the time. '
            'People who fall silent at the same time have their answers computed one after the '
            'other; what does not fit into the hang-over of the last one, that one waits for. A '
            'recogniser for each, as in the next table, works beside the others.',
            table(('capture nodes', 'answered', 'median ms', '95 % ms', 'recogniser',
                   'all capture nodes'), (
                (str(count), f'{len(crowd.answer_s)} of {crowd.utterances}',
                 *_times(crowd), f'{crowd.recognition_cores:.1%} of a core',
                 f'{crowd.capture_cores:.1%} of a core')
                for count, crowd in found.captures.items()))]


def _robots(found: Findings) -> List[str]:
    if not found.robots:
        return []
    shares = per_robot(found.robots)
    most = max(shares.values())
    lines = ['### Several robots on one graph',
             'Each has both nodes in one process and its own namespace, and is spoken to most of '
             'the time.',
             table(('robots', 'answered', 'median ms', '95 % ms', 'a robot', 'MiB a robot',
                    'all active after s'), (
                 (str(count), f'{len(crowd.answer_s)} of {crowd.utterances}', *_times(crowd),
                  f'{shares[count]:.1%} of a core', f'{crowd.resident_mib / count:.0f}',
                  f'{crowd.start_s:.1f}') for count, crowd in found.robots.items()))]
    if most:
        robots = int(streams.LARGEST_LOAD * found.machine.cores / most)
        lines.append(f'At {most:.1%} of a core each, the {found.machine.cores} cores here are '
                     f'used to {streams.LARGEST_LOAD:.0%} by {robots} robots (computed).')
    return lines


def _times(crowd) -> List[str]:
    if not len(crowd.answer_s):
        return ['–', '–']
    return [f'{percentile_ms(crowd.answer_s, share):.1f}' for share in (50, 95)]


def _computed(found: Findings) -> List[str]:
    timing = found.timing(model_name(next(iter(found.models))))
    if not timing:
        return []
    service_s = timing.wall_ms / 1000
    return [
        '### One recogniser for many (computed, not measured)',
        f'From {1000 * service_s:.1f} ms an utterance and {streams.UTTERANCES_A_MINUTE:g} '
        'utterances a minute and stream, at random (M/D/1 queue), up to a load of '
        f'{streams.LARGEST_LOAD:.0%} of one core.',
        table(('streams', 'load', 'mean wait ms'), (
            (str(row.streams), f'{row.load:.0%}', f'{row.wait_ms:.1f}')
            for row in streams.table(service_s)))]


def boards_part(found: Findings) -> List[str]:
    """Return the section on small machines, nothing where its counts are missing."""
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
