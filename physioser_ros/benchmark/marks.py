"""Pages of which one part is measured and the rest written by hand."""

from pathlib import Path


def write_between(path: Path, begin: str, end: str, text: str) -> None:
    """
    Put what was measured between the two marks of a page.

    :param path: the page
    :param begin: line before it
    :param end: line behind it
    :param text: Markdown
    :raises ValueError: when the page has no marks
    """
    before, first, rest = path.read_text(encoding='utf-8').partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise ValueError(f'{path} has no lines {begin!r} and {end!r}: write them where the '
                         'tables shall stand')
    path.write_text(f'{before}{begin}\n\n{text}\n\n{end}{after}', encoding='utf-8')
