"""The picture of the monitor."""

from io import StringIO

from rich.console import Console

from physioser_ros.nodes.listening import Answer
from physioser_ros.nodes.monitor_view import HISTORY, View


def text_of(view):
    """Return the picture as text."""
    console = Console(width=110, record=True, file=StringIO())
    console.print(view.render())
    return console.export_text()


def answer(label, stamp_ns=5_000_000_000):
    """Return a complete answer."""
    return Answer(
        stamp_ns, (('happy', 0.8), ('sad', 0.2)),
        {'label': label, 'confidence': '0.8', 'branch.vap': '0.3', 'branch.ssl': '0.7',
         'processing_ms': '81.2'},
        {'speech_start_s': '0.5', 'speech_end_s': '2.0'}, 7_750_000_000)


def test_nothing_is_known_at_first():
    assert 'no node is heard on /diagnostics' in text_of(View())
    assert 'no emotion yet' in text_of(View())


def test_everything_that_is_known_is_shown():
    view = View(voice=True)
    view.nodes['audio_capture'] = (1, 'clipping', {'state': 'active', 'level_dbfs': '-20.0',
                                                   'dropped.short': '4', 'dropped.old': '0'})
    view.answers.appendleft(answer('happy'))
    shown = text_of(view)
    for part in ('speech', '-20.0 dBFS', 'audio_capture', 'active', 'clipping',
                 'dropped.short 4', 'happy', '0.80', '7.00 s', '750 ms', '81 ms', '0.30'):
        assert part in shown, part
    assert 'dropped.old' not in shown


def test_old_answers_make_room():
    view = View()
    for number in range(20):
        view.answers.appendleft(answer(f'label{number}'))
    assert len(view.answers) == HISTORY
    assert 'label19' in text_of(view)
    assert 'label11' not in text_of(view)
