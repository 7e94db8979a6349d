"""What the monitor shows, as rich draws it. Knows no ROS."""

from collections import deque
from dataclasses import dataclass, field
import math
from typing import Deque, Dict, Tuple

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from physioser_ros.nodes.listening import Answer, clock_text

#: Answers that are listed.
HISTORY = 8
#: Level at the left end of its bar, in dBFS.
QUIET_DB = -60.0
BAR_WIDTH = 40
#: Colour of a diagnostic level.
COLOURS = {0: 'green', 1: 'yellow', 2: 'red'}


@dataclass
class View:
    """Everything that is known of the nodes, filled by the monitor."""

    #: Whether somebody speaks.
    voice: bool = False
    #: Level (0, 1 or 2), text and values of each node's diagnostics, by the node's name.
    nodes: Dict[str, Tuple[int, str, Dict[str, str]]] = field(default_factory=dict)
    #: The last answers, the newest first.
    answers: Deque[Answer] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def render(self):
        """Return the whole picture."""
        parts = [self._sound(), self._states()]
        if self.answers:
            parts += [self._classes(), self._history()]
        else:
            parts.append(Text('no emotion yet', style='dim'))
        return Panel(Group(*parts), title='speech emotion', width=100)

    def _sound(self):
        level = self._value('level_dbfs')
        table = Table.grid(padding=(0, 1))
        share = min(max(1 - level / QUIET_DB, 0.0), 1.0) if math.isfinite(level) else 0.0
        voice = Text('speech', style='bold green') if self.voice else Text('silence', style='dim')
        shown = f'{level:5.1f} dBFS' if math.isfinite(level) else '    - dBFS'
        table.add_row('level  ', ProgressBar(100, share * 100, BAR_WIDTH), shown, voice)
        return table

    def _states(self):
        table = Table.grid(padding=(0, 2))
        for name, (level, text, values) in sorted(self.nodes.items()):
            drops = ', '.join(f'{key} {value}' for key, value in values.items()
                              if key.startswith('dropped') and value not in ('0', ''))
            table.add_row(name, values.get('state', ''), Text(text, style=COLOURS[level]),
                          Text(drops, style='yellow'))
        return table if self.nodes else Text('no node is heard on /diagnostics', style='red')

    def _classes(self):
        newest = self.answers[0]
        table = Table.grid(padding=(0, 1))
        for name, probability in newest.classes:
            style = 'bold' if name == newest.result['label'] else ''
            table.add_row(Text(f'{name:<9}', style=style),
                          ProgressBar(100, probability * 100, BAR_WIDTH), f'{probability:4.2f}')
        return table

    def _history(self):
        table = Table(box=None, padding=(0, 1))
        for title in ('end', 'emotion', 'confidence', 'vap', 'ssl', 'latency', 'model'):
            table.add_column(title)
        for answer in self.answers:
            vap, ssl = answer.branches
            table.add_row(
                clock_text(answer.speech_end_ns), answer.result['label'],
                f'{float(answer.result["confidence"]):.2f}', f'{vap:.2f}', f'{ssl:.2f}',
                f'{answer.latency_s * 1000:.0f} ms' if answer.utterance else '?',
                f'{float(answer.result["processing_ms"]):.0f} ms')
        return table

    def _value(self, key):
        for _, _, values in self.nodes.values():
            if key in values:
                return float(values[key])
        return math.nan
