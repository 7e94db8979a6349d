"""The page that leads to the explanations of several utterances."""

from dataclasses import dataclass
from html import escape
from typing import Sequence
from urllib.parse import quote

from physioser_ros.commands.explanation_page import STYLE
from physioser_ros.inference import EmotionResult

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
.small {{ width: 16rem }}
</style>
</head>
<body>
<h1>{title}: {count} utterances</h1>
<table>
<thead><tr>
<th scope="col">utterance</th><th scope="col">answer</th><th scope="col">probability</th>
<th scope="col">vocal</th><th scope="col">latent</th><th scope="col">picture</th>
</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


@dataclass(frozen=True)
class Entry:
    """One line of the index."""

    title: str
    """What the utterance is called."""
    name: str
    """Name of its files without their ending."""
    result: EmotionResult
    """The answer."""
    uncertain: bool
    """Whether the answer is below the threshold."""

    @property
    def picture(self) -> str:
        """Return the name of the picture."""
        return f'{self.name}.png'

    @property
    def page(self) -> str:
        """Return the name of the page."""
        return f'{self.name}.html'


def index_page(title: str, entries: Sequence[Entry]) -> bytes:
    """
    Return the page in UTF-8; pages and pictures must lie beside it.

    :param title: what the utterances have in common
    :param entries: the utterances in the order of the page
    """
    return _PAGE.format(title=escape(title), style=STYLE, count=len(entries),
                        rows='\n'.join(map(_row, entries))).encode('utf-8')


def _row(entry: Entry) -> str:
    result, page = entry.result, escape(quote(entry.page))
    vap, ssl = result.branch_weights
    answer = f'{result.labels[0]} (uncertain)' if entry.uncertain else result.labels[0]
    return (f'<tr><th scope="row"><a href="{page}">{escape(entry.title)}</a></th>'
            f'<td>{escape(answer)}</td><td>{result.probabilities[0]:.3f}</td>'
            f'<td>{vap:.2f}</td><td>{ssl:.2f}</td><td><a href="{page}"><img class="small" '
            f'loading="lazy" alt="" src="{escape(quote(entry.picture))}"></a></td></tr>')
