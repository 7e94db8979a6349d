"""The tables of docs/early.md."""

from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Tuple

import numpy as np

from physioser_ros.benchmark.early.live import Live
from physioser_ros.benchmark.early.replay import Spoken
from physioser_ros.benchmark.marks import write_between

BEGIN, END = '<!-- measured by physioser early -->', '<!-- end of what was measured -->'

#: Seconds of speech after which the early label is looked at.
AFTER_S = (1.0, 1.5, 2.0, 3.0, 4.0)


def sections(count: int, spoken: Sequence[Spoken], whole: Sequence[Spoken], period_s: float,
             window_s: float, live: Optional[Tuple[Live, Live]], remark: str,
             load: str) -> str:
    """
    Return all sections in Markdown.

    :param count: sentences on the time line
    :param spoken: utterances, their partial answers from the last `window_s`
    :param whole: the same with partial answers from everything so far
    :param period_s: of the partial answers
    :param window_s: what a partial answer is made of
    :param live: with and without anticipation by the clock, None if it was not measured
    :param remark: on what was measured, one sentence
    :param load: of the machine before something was measured by the clock
    """
    settled = [one.settled_s for one in spoken]
    ready = sum(one.ready for one in spoken)
    silences = sum(one.anticipated for one in spoken)
    runs = sum(len(one.partials) for one in spoken) / len(spoken)
    others = '; the others were cut off or split' if ready < len(spoken) else ''
    parts = [
        '## The label while somebody speaks', '',
        f'{count} sentences of the corpora on a time line, heard as {len(spoken)} utterances of '
        f'{np.median([one.speech_s for one in spoken]):.1f} s of speech in the median; '
        f'`partial.period_s: {period_s:g}`. {remark}', '',
        *_table(['after', 'utterances as long', f'label is the final one (last {window_s:g} s)',
                 'label is the final one (all so far)'], _rows(spoken, whole)), '',
        f'The label was the final one, and stayed it, {np.median(settled):.1f} s before the end '
        f'of the speech in the median (quarters: {np.percentile(settled, 25):.1f} s and '
        f'{np.percentile(settled, 75):.1f} s). The price: {runs:.1f} more inferences an '
        'utterance.', '',
        '## The answer computed in the silence', '',
        f'{ready} of {len(spoken)} utterances ({_percent(ready, len(spoken))}) had their answer '
        f'computed from the very same samples before they were over{others}. Of {silences} '
        f'silences as long as the tail, {silences - ready} were pauses: so many inferences were '
        'for nothing but an early answer.']
    if live is not None:
        parts += ['', *_live(*live, load)]
    return '\n'.join(parts)


def write(text: str, path: Path) -> None:
    """
    Put the sections between the two marks of a page.

    :raises ValueError: when the page has no marks
    """
    write_between(path, BEGIN, END, text)


def _rows(spoken: Sequence[Spoken], whole: Sequence[Spoken]) -> Iterable[List[str]]:
    for after_s in AFTER_S:
        cells = []
        for answered in (spoken, whole):
            long = [one for one in answered if one.speech_s >= after_s]
            same = sum(_label_at(one, after_s) == one.label for one in long)
            cells.append(_percent(same, len(long)))
        if long:
            yield [f'{after_s:g} s of speech', str(len(long)), *cells]


def _label_at(spoken: Spoken, after_s: float) -> str:
    """Return the early label that stands after so much speech, '' before the first."""
    known = [early.label for early in spoken.partials if early.speech_s <= after_s]
    return known[-1] if known else ''


def _live(ahead: Live, plain: Live, load: str) -> List[str]:
    return [
        f'Played at the pace of speech, {len(ahead.answers_s)} utterances, by the clock ({load}). '
        f'The model took {_ms(plain.models_s, 50)} for one of them in the median.', '',
        *_table(['', '`partial.anticipate: true`', '`false`'], [
            ['end of the hang-over to the answer, median', _ms(ahead.answers_s, 50),
             _ms(plain.answers_s, 50)],
            ['the same, slowest', _ms(ahead.answers_s, 100), _ms(plain.answers_s, 100)],
            ['runs of the model an utterance', f'{ahead.runs / len(ahead.answers_s):.2f}',
             f'{plain.runs / len(plain.answers_s):.2f}']])]


def _ms(values_s: Sequence[float], percentile: float) -> str:
    return f'{1000 * float(np.percentile(values_s, percentile)):.1f} ms'


def _percent(part: int, whole: int) -> str:
    return f'{100 * part / whole:.0f} %' if whole else '–'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> List[str]:
    return ['| ' + ' | '.join(cells) + ' |' for cells in
            (header, ['---'] * len(header), *rows)]
