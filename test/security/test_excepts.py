"""Every `except` of the nodes stands in docs/trust.md, and the wide ones say why."""

import sys

from places import ROOT

sys.path.append(str(ROOT / 'tools'))

import excepts  # noqa: E402,I100


def test_whatever_catches_everything_says_why():
    unexplained = [handler for handler in excepts.handlers()
                   if handler[2] in (*excepts.WIDE, 'anything') and not handler[3]]
    assert not unexplained


def test_the_page_lists_every_except():
    page = excepts.PAGE.read_text(encoding='utf-8')
    listed = page.split(excepts.BEGIN, 1)[1].split(excepts.END, 1)[0].strip().splitlines()
    assert listed == excepts.table(), 'tools/excepts.py'
