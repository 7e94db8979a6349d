"""The engine: one worker, order kept, drops counted, errors survived, stopped in time."""

from pathlib import Path
import subprocess
import sys
import threading
from threading import Event, Thread
import time

import numpy as np
import pytest
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.inference import ahead
from physioser_ros.inference import Decision, DecisionOptions, Engine, load_model, SpeakerMemory

TIMEOUT_S = 30
ROOT = Path(__file__).resolve().parents[2]


class GatedModel:
    """A loaded model that waits at a gate before each run and can be told to fail."""

    def __init__(self, model):
        self._model = model
        self.metadata = model.metadata
        self.labels = model.labels
        self.gate = Event()
        self.gate.set()
        self.entered = Event()
        self.runs = 0
        self.failures = []

    def cancel(self):
        self._model.cancel()

    def run(self, waveform, **options):
        self.runs += 1
        self.entered.set()
        assert self.gate.wait(TIMEOUT_S)
        if self.failures:
            raise self.failures.pop(0)
        return self._model.run(waveform, **options)


class Harness:
    """An engine, a gated model and everything that the callbacks were given."""

    def __init__(self, model, **options):
        self.model = GatedModel(model)
        self.now_s = 0.0
        self.results, self.drops, self.errors = [], [], []
        options = {'decision': Decision(), 'clock': lambda: self.now_s,
                   'on_result': self._result, 'on_drop': self._drop, 'on_error': self._error,
                   **options}
        self.engine = Engine(self.model, **options)
        self.engine.start()

    def hold(self):
        """Let one utterance enter the model and stay there."""
        self.model.gate.clear()
        self.model.entered.clear()
        assert self.submit('held')
        assert self.model.entered.wait(TIMEOUT_S)

    def submit(self, context, index=0, **options):
        return self.engine.submit(samples_for(index), context, **options)

    def wait(self, count):
        """Wait until `count` requests have ended in some way."""
        wait_until(lambda: len(self.results) + len(self.drops) + len(self.errors) >= count)

    def contexts(self):
        return [result.context for result in self.results]

    def _result(self, result):
        self.results.append(result)

    def _drop(self, context, reason):
        self.drops.append((context, reason))

    def _error(self, context, error):
        self.errors.append((context, error))


def wait_until(condition):
    """Wait for a condition that another thread brings about."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, 'the condition never came true'
        time.sleep(0.002)


@pytest.fixture
def harness(tiny):
    """Return a maker of harnesses, each stopped at the end of the test."""
    made = []

    def make(model=tiny, **options):
        made.append(Harness(model, **options))
        return made[-1]
    yield make
    for one in made:
        one.model.gate.set()
        one.engine.stop()


def test_results_come_in_the_order_of_submission(harness):
    one = harness(queue_depth=64)
    for number in range(20):
        assert one.submit(number, number % 8)
    one.wait(20)
    assert one.contexts() == list(range(20))
    assert [result.label for result in one.results] == [LABELS[n % 8] for n in range(20)]


@pytest.mark.parametrize('policy, answered', [
    ('drop_oldest', ['held', 97, 98, 99]), ('drop_newest', ['held', 0, 1, 2])])
def test_a_burst_of_a_hundred_is_bounded_counted_and_in_order(harness, policy, answered):
    one = harness(queue_depth=3, queue_policy=policy)
    one.hold()
    for number in range(100):
        one.submit(number)
    assert one.engine.status().waiting == 3
    one.model.gate.set()
    one.wait(101)
    assert one.contexts() == answered
    status = one.engine.status()
    assert status.dropped == {'queue_full': 97} and len(one.drops) == 97
    assert (status.submitted, status.results, status.waiting) == (101, 4, 0)
    assert status.level == 'warn' and 'queue_full' in status.text
    one.now_s += 11
    assert one.engine.status().level == 'ok'


def test_partials_give_way_to_the_newest_and_to_the_final(harness):
    one = harness(queue_depth=2)
    one.hold()
    for number in range(3):
        one.submit(f'partial {number}', partial=True)
    one.submit('final')
    one.submit('other')
    one.model.gate.set()
    one.wait(6)
    assert one.contexts() == ['held', 'final', 'other']
    assert one.drops == [(f'partial {number}', 'superseded') for number in range(3)]
    status = one.engine.status()
    assert status.partial_dropped == {'superseded': 3} and status.dropped == {}
    assert status.level == 'ok'


def test_a_partial_is_answered_as_such(harness):
    one = harness()
    one.submit('early', partial=True)
    one.wait(1)
    assert one.results[0].partial
    status = one.engine.status()
    assert (status.partial_submitted, status.partial_results, status.results) == (1, 1, 0)
    assert status.processing.count == 0


def test_what_was_answered_ahead_is_answered_again_without_the_model(harness, adapting):
    one = harness(adapting, speakers=SpeakerMemory())
    one.submit('before', 3)
    for count, partial in ((2, True), (3, False)):
        one.submit('now', 5, partial=partial, utterance=7)
        one.wait(count)
    early, final = one.results[1:]
    assert one.model.runs == 2
    assert (early.ahead, final.ahead, final.partial) == (False, True, False)
    assert final.probabilities == early.probabilities
    assert final.processing_s == early.processing_s
    assert one.engine.recognizer.speakers.recall('', one.now_s)[0] == 2
    assert one.engine.status().ahead == 1
    # It is given once.
    one.submit('again', 5, utterance=7)
    one.wait(4)
    assert one.model.runs == 3


@pytest.mark.parametrize('change', [
    {'index': 6}, {'utterance': 8}, {'speaker_id': 'bob'}])
def test_another_utterance_speaker_or_sound_is_asked_of_the_model(harness, adapting, change):
    one = harness(adapting, speakers=SpeakerMemory())
    for name in ('', 'bob'):
        one.submit('before', 1 if name else 2, speaker_id=name)
    one.submit('early', 5, partial=True, utterance=7)
    one.wait(3)
    one.submit('final', **{'index': 5, 'utterance': 7, **change})
    one.wait(4)
    assert one.model.runs == 4
    assert not one.results[-1].ahead


def test_people_who_fall_silent_together_keep_their_answers(harness, adapting):
    one = harness(adapting, speakers=SpeakerMemory())
    people = range(ahead.MOST + 1)
    for number in people:
        one.submit(number, number % len(LABELS), partial=True, utterance=number)
        one.wait(number + 1)
    for number in people:
        one.submit(number, number % len(LABELS), utterance=number)
        one.wait(len(people) + number + 1)
    # The first of so many gave way to the last.
    assert [result.ahead for result in one.results] == [False] * (ahead.MOST + 2) + [
        True] * ahead.MOST
    assert one.results[-1].probabilities == one.results[ahead.MOST].probabilities


def test_a_whole_utterance_waits_for_its_answer_that_is_under_way(harness):
    one = harness()
    one.model.gate.clear()
    one.submit('early', 5, partial=True, utterance=7)
    assert one.model.entered.wait(TIMEOUT_S)
    one.submit('final', 5, utterance=7)
    one.model.gate.set()
    one.wait(2)
    assert one.contexts() == ['early', 'final'] and one.model.runs == 1


def test_the_last_utterance_is_kept_until_reset_or_stop(harness):
    one = harness()
    assert one.engine.last is None
    for count, ending in ((2, one.engine.reset), (4, one.engine.stop)):
        one.submit('early', 2, partial=True)
        one.submit('final', 2)
        one.wait(count)
        assert one.engine.last.result is one.results[-1]
        ending()
        assert one.engine.last is None


def test_what_waited_too_long_is_dropped(harness):
    one = harness(max_age_s=2.0)
    one.hold()
    one.submit('old')
    one.now_s = 1.5
    one.submit('new')
    assert one.engine.status().oldest_age_s == 1.5
    one.now_s = 3.0
    one.model.gate.set()
    one.wait(3)
    assert one.contexts() == ['held', 'new']
    assert one.drops == [('old', 'too_old')]
    assert one.results[1].queued_s == 1.5


def test_an_error_is_told_and_the_next_utterance_is_answered(harness):
    one = harness()
    failure = RuntimeError('out of memory')
    one.model.failures.append(failure)
    one.submit('bad')
    one.submit('good')
    one.wait(2)
    assert one.errors == [('bad', failure)]
    assert one.contexts() == ['good']
    status = one.engine.status()
    assert (status.errors, status.errors_in_a_row) == (1, 0)
    assert status.last_error == 'RuntimeError: out of memory'
    assert status.level == 'warn'


def test_three_errors_in_a_row_are_an_error_until_the_next_answer(harness):
    one = harness()
    one.model.failures += [RuntimeError('no'), RuntimeError('no'), RuntimeError('why not')]
    for number in range(3):
        one.submit(number)
    one.wait(3)
    status = one.engine.status()
    assert status.level == 'error' and 'why not' in status.text
    one.now_s += 100
    assert one.engine.status().level == 'error'
    one.submit('good')
    one.wait(4)
    assert one.engine.status().level == 'ok'


def test_an_exception_in_a_callback_does_not_end_the_worker(harness):
    seen = []

    def on_result(result):
        seen.append(result.context)
        if result.context == 'first':
            raise ValueError('publisher gone')
    one = harness(on_result=on_result)
    one.submit('first')
    one.submit('second')
    wait_until(lambda: seen == ['first', 'second'])
    assert one.engine.status().last_error == 'ValueError: publisher gone'


def test_bad_samples_are_refused_where_they_are_submitted(harness):
    one = harness()
    for samples in (np.zeros(0, np.int16), np.zeros(100, np.float32), None):
        with pytest.raises(ValueError):
            one.engine.submit(samples, 'bad')
    assert one.engine.status().submitted == 0


def test_stopping_in_mid_inference_returns_and_the_late_result_is_thrown_away(harness):
    one = harness()
    one.hold()
    one.submit('waiting')
    assert one.engine.stop(timeout_s=0.05) is False
    assert sorted(one.drops) == [('held', 'stopped'), ('waiting', 'stopped')]
    assert one.submit('late') is False
    one.engine.start()
    one.submit('second life')
    one.model.gate.set()
    one.wait(4)
    assert one.engine.stop() is True
    assert one.contexts() == ['second life']
    assert one.engine.status().dropped == {'stopped': 3}
    assert one.engine.stop() is True


def test_a_stopped_engine_leaves_no_thread(harness):
    before = set(threading.enumerate())
    one = harness()
    one.engine.start()
    workers = set(threading.enumerate()) - before
    assert len(workers) == 1
    one.submit('a')
    one.wait(1)
    assert one.engine.stop() is True
    assert not workers.pop().is_alive()
    assert one.engine.status().running is False


def test_stopping_cancels_the_inference_under_way(tmp_path):
    # An hour of matrix products: the test can only end if they are cut short.
    model = load_model(write_tiny_model(tmp_path / 'slow.onnx', busy=10 ** 8))
    entered, drops, errors = Event(), [], []
    run = model.run
    model.run = lambda *args, **options: (entered.set(), run(*args, **options))[1]
    engine = Engine(model, decision=Decision(), on_result=lambda _: None,
                    on_drop=lambda *drop: drops.append(drop),
                    on_error=lambda *error: errors.append(error))
    engine.start()
    engine.submit(samples_for(7), 'long')
    assert entered.wait(TIMEOUT_S)
    assert engine.stop(timeout_s=TIMEOUT_S)
    assert (drops, errors) == ([('long', 'stopped')], [])


def test_the_engine_may_be_stopped_from_a_callback(harness):
    done = Event()

    def on_result(_):
        one.engine.stop()
        done.set()
    one = harness(on_result=on_result)
    one.submit('a')
    assert done.wait(TIMEOUT_S)


def test_a_process_that_forgets_to_stop_ends_in_mid_inference_all_the_same(tmp_path):
    path = write_tiny_model(tmp_path / 'slow.onnx', busy=10 ** 8)
    program = """
import sys, threading
import numpy as np
from physioser_ros.inference import Decision, Engine, load_model
model = load_model(sys.argv[1])
entered, run = threading.Event(), model.run
model.run = lambda *args, **options: (entered.set(), run(*args, **options))[1]
engine = Engine(model, decision=Decision(), on_result=print, on_error=print,
                on_drop=lambda *drop: print(*drop))
engine.start()
engine.submit(np.full(16000, 9999, np.int16), 'long')
assert entered.wait(30)
"""
    run = subprocess.run([sys.executable, '-c', program, path], cwd=ROOT, timeout=2 * TIMEOUT_S,
                         capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, 'long stopped\n', '')


def test_reset_drops_all_and_forgets_all(harness, adapting):
    one = harness(adapting, decision=Decision(DecisionOptions(hysteresis=0.9)),
                  speakers=SpeakerMemory())
    one.submit('first', 1)
    one.wait(1)
    assert one.engine.status().speakers == 1
    one.hold()
    one.submit('waiting', 2)
    one.engine.reset()
    one.submit('after', 3)
    one.model.gate.set()
    one.wait(4)
    assert one.drops == [('held', 'reset'), ('waiting', 'reset')]
    assert [(result.context, result.label) for result in one.results] == [
        ('first', LABELS[1]), ('after', LABELS[3])]
    assert one.engine.recognizer.speakers.recall('', one.now_s)[0] == 1


def test_explain_answers_in_the_callers_thread_beside_the_worker(harness):
    one = harness()
    one.submit('a', 2)
    result = one.engine.explain(samples_for(2))
    assert result.label == LABELS[2] and result.component_saliency.shape == (4,)
    one.wait(1)
    assert one.engine.status().results == 1


def test_status_tells_durations_and_the_last_answer(harness):
    one = harness()
    one.submit('a', 5)
    one.wait(1)
    status = one.engine.status()
    assert status.level == 'ok' and status.text == 'ready'
    assert status.processing.count == 1
    assert 0 < status.processing.p50 <= status.processing.p95 <= status.processing.max
    assert status.real_time_factor == pytest.approx(status.processing.p50 / 1.0)
    assert (status.last_label, status.last_confidence) == (
        one.results[0].label, one.results[0].confidence)


def test_many_threads_may_submit_and_every_request_ends_once(harness):
    one = harness(queue_depth=2)
    threads = [Thread(target=lambda first: [
        one.submit(first + number, partial=number % 2 == 0, utterance=number // 2)
        for number in range(20)], args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    one.wait(60)
    ended = one.contexts() + [context for context, _ in one.drops]
    assert sorted(ended) == [first + number for first in (0, 100, 200) for number in range(20)]
