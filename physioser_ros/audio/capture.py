"""The capture: one worker thread between a source and whoever wants utterances."""

from threading import current_thread, Event, Thread

from physioser_ros.audio.block import (
    AnticipatedUtterance, AudioBlock, PartialUtterance, SAMPLE_RATE, SpeechEnded, SpeechStarted,
    Utterance)
from physioser_ros.audio.converter import resampler
from physioser_ros.audio.dump import UtteranceDump
from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.health import health
from physioser_ros.audio.meter import LevelMeter, RateMeter
from physioser_ros.audio.pipeline import Pipeline
from physioser_ros.audio.segmenter import Segmenter
from physioser_ros.audio.sources import create_source, PushSource, SourceEnd
from physioser_ros.audio.status import CaptureStatus
from physioser_ros.audio.vad import create_vad
from physioser_ros.audio.watchdog import POLL_S, Watchdog

#: While nobody speaks the worker takes the blocks of so many s at once: every time it wakes up
#: costs several times what it then computes.
REST_S = 0.06
#: Speech that no more sound follows is ended after this, in s.
FORCED_END_S = 1.0


def _nothing(*_):
    pass


class Capture:
    """
    Listen to a source and hand out utterances.

    All callbacks run in the worker's thread. What they raise ends the worker with an error that
    the status shows; it is never swallowed.

    :param options: `CaptureOptions`
    :param now_ns: the clock of the stamps, in ns
    :param on_utterance: takes each `Utterance`
    :param on_voice: takes True when somebody begins to speak and False when nobody does
    :param on_block: takes each `AudioBlock`, None for nobody
    :param on_partial: takes the `Utterance` so far, see `SegmenterOptions.partial_period_s`
    :param on_anticipated: takes the `Utterance` that will follow if the silence lasts
    :param on_notice: takes a level (`info`, `warn`, `error`) and a sentence
    :param on_finished: called without arguments when `finished` was set
    :param source: in place of the one that the options name, for tests
    :param vad: in place of the one that the options name, for tests
    """

    def __init__(self, options, *, now_ns, on_utterance, on_voice=_nothing, on_block=None,
                 on_partial=None, on_anticipated=None, on_notice=None, on_finished=None,
                 source=None, vad=None):
        self._options = options
        self._now_ns = now_ns
        self._on_utterance, self._on_voice = on_utterance, on_voice
        self._on_block, self._on_partial = on_block or _nothing, on_partial or _nothing
        self._on_anticipated = on_anticipated or _nothing
        self._notice, self._on_finished = on_notice or _nothing, on_finished or _nothing
        self._given_source, self._given_vad = source, vad
        self._pipeline = Pipeline(options, self._hand_out, self._notice)
        self._watchdog = Watchdog(options.watchdog_timeout_s, options.watchdog_retry_s)
        self._source = self._dump = None
        self._worker = self._hung = None
        self._state, self._error = 'closed', ''
        self._arrival = RateMeter()
        self._voice = False
        self._stopping = Event()
        self.finished = Event()

    def configure(self):
        """
        Find the source, check the settings and load the voice activity; opens nothing.

        :raises AudioError: with the remedy
        """
        options = self._options
        self._dump = UtteranceDump(options.dump_dir) if options.dump_dir else None
        source = self._given_source or create_source(options, self._now_ns, self._notice)
        source.configure()
        if (getattr(source, 'rate', 0) or SAMPLE_RATE) != SAMPLE_RATE:
            # Asked for now: what lacks is told before anybody listens.
            resampler(source.rate)
        channels = getattr(source, 'channels', None)
        if channels is not None and max(options.channels) >= channels:
            raise AudioError(f'channel {max(options.channels)} was asked for, but {source.name} '
                             f'has {channels}: set `channels` to numbers below that')
        vad = self._given_vad or create_vad(options.vad_backend, options.vad_aggressiveness)
        self._pipeline.segmenter = Segmenter(options.segment, vad)
        self._source = source
        self._state, self._error = 'configured', ''
        if self._dump is not None:
            self._notice('warn', f'every utterance is written to {options.dump_dir}: people '
                         'nearby are recorded')

    def start(self):
        """
        Open the source and start the worker; without effect where it runs.

        :raises AudioError: with the remedy
        """
        if self._worker is not None:
            return
        if self._source is None:
            raise AudioError('the capture is not configured: call configure first')
        self._forget_hung()
        self._stopping.clear()
        self.finished.clear()
        # What an earlier run measured says nothing about this one.
        self._pipeline.level, self._arrival = LevelMeter(), RateMeter()
        self._source.start()
        self._watchdog.feed()
        self._state, self._error = 'listening', ''
        self._worker = Thread(target=self._work, name='audio-capture', daemon=True)
        self._worker.start()

    def stop(self):
        """Stop listening and discard an open utterance; idempotent, within 2 s."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        self._stopping.set()
        if worker is not current_thread():
            worker.join(2.0)
        self._source.stop()
        if worker is not current_thread() and worker.is_alive():
            # It holds the lock: whoever waited for that would hang as well.
            self._hung = worker
            self._state = 'failed'
            self._error = 'the audio worker does not stop: its callback hangs'
            self._notice('error', self._error)
            return
        self._forget_sound()
        if self._state != 'failed':
            self._state = 'configured'

    def _forget_hung(self):
        """Make sure that no worker of before would run beside the next one."""
        if self._hung is None:
            return
        if self._hung.is_alive():
            raise AudioError('the audio worker of before still hangs in its callback: restart '
                             'the process')
        self._hung = None
        self._forget_sound()

    def _forget_sound(self):
        self._pipeline.forget()
        self._voice = False

    def close(self):
        """Stop and give everything back."""
        self.stop()
        self._source = self._pipeline.segmenter = None
        self._state = 'closed'

    def update(self, options):
        """
        Take over what may change while listening: segmentation, gain, mix, gate, watchdog.

        :param options: new `CaptureOptions`; the source's and the detector's are not looked at
        """
        self._options = options
        self._watchdog.configure(options.watchdog_timeout_s, options.watchdog_retry_s)
        self._pipeline.configure(options)

    def push(self, samples, stamp_ns, rate=SAMPLE_RATE):
        """
        Hand over sound, with source `topic` only.

        :param samples: int16 or float32, shape `(n,)` or `(n, channels)`
        :param stamp_ns: capture time of the first sample in ns; 0 where the sender does not know,
            then the last sample is taken to be captured now
        :param rate: Hz
        :raises AudioError: with another source
        :raises ValueError: for another type or shape
        """
        if not isinstance(self._source, PushSource):
            raise AudioError(f'sound was pushed, but the source is {self._options.source!r}: '
                             'set source to topic')
        if stamp_ns <= 0 < rate:
            stamp_ns = self._now_ns() - len(samples) * 1_000_000_000 // rate
        self._source.push(samples, stamp_ns, rate)

    def set_robot_speaking(self, speaking):
        """Note that the robot begins or stops to speak now."""
        self._pipeline.set_robot_speaking(speaking, self._now_ns())

    def set_enabled(self, enabled):
        """Listen, or be deaf until told otherwise."""
        self._pipeline.set_enabled(enabled)

    def push_to_talk(self, pressed):
        """
        Press or release the button that begins and ends an utterance.

        :raises AudioError: with another `segment.trigger`
        """
        if self._options.segment.trigger != 'push_to_talk':
            raise AudioError(f'segment.trigger is {self._options.segment.trigger!r}: set it to '
                             'push_to_talk')
        self._pipeline.press(pressed)

    def reset(self):
        """Drop the sound that is held, an open utterance too."""
        self._pipeline.discard()

    def status(self):
        """Return a `CaptureStatus`."""
        source, pipeline = self._source, self._pipeline
        sound, counts = pipeline.level, pipeline.counts
        age_s = 0.0 if self._worker is None else self._watchdog.silent_s
        level, text = health(
            state=self._state, error=self._error, source=source, age_s=age_s,
            rate_ratio=self._arrival.ratio, sound=sound, stuck=pipeline.stuck,
            enabled=pipeline.enabled)
        lost = source.counters().get('overflows', 0) if source is not None else 0
        return CaptureStatus(
            level=level, text=text, state=self._state, source=self._options.source,
            device=getattr(source, 'name', '') or 'none',
            microphone=getattr(source, 'microphone', ''), rate=getattr(source, 'rate', 0),
            channels=getattr(source, 'channels', 0), enabled=pipeline.enabled,
            rate_ratio=self._arrival.ratio or 0.0, last_block_age_s=age_s,
            level_dbfs=sound.level_dbfs, clipping_percent=sound.clipping_percent,
            zero_s=sound.zero_s, overflows=lost, gaps=counts['gaps'],
            refused_blocks=counts['refused'], clock_reanchored=pipeline.reanchored,
            reopened=self._watchdog.reopened, utterances=counts['utterances'],
            rejected_short=counts['short'], split=counts['split'],
            gated_s=counts['gated'] / SAMPLE_RATE)

    def _work(self):
        try:
            while not self._stopping.is_set():
                self._step()
        except SourceEnd:
            self._pipeline.finish()
            self._state = 'finished'
        # Whatever broke, nobody may believe that this still listens.
        except Exception as error:
            self._state = 'failed'
            cause = error if isinstance(error, AudioError) else f'{type(error).__name__}: {error}'
            self._error = f'listening failed: {cause}'
            self._notice('error', self._error)
        finally:
            # A worker that was told to stop, and perhaps hung, has nothing to say any more.
            if self._worker is current_thread() and self._state in ('finished', 'failed'):
                self._source.stop()
                self.finished.set()
                self._on_finished()

    def _step(self):
        """Read and handle one block, and look after the source."""
        resting = not self._pipeline.speaking
        try:
            raw = self._source.read(0 if resting else POLL_S)
        except AudioError as error:
            if not self._source.live:
                raise
            self._reopen(str(error))
            return
        if raw is not None:
            self._watchdog.feed()
            self._arrival.add(len(raw.samples) / raw.rate, raw.steady_ns / 1e9)
            self._pipeline.take(raw)
            return
        if resting:
            self._stopping.wait(REST_S)
        lost = self._watchdog.complaint(self._source)
        if lost:
            self._reopen(lost)
        elif self._watchdog.silent_s > FORCED_END_S and self._pipeline.speaking:
            self._pipeline.interrupt({'forced'})

    def _reopen(self, reason):
        """End what is open, then wait until the source is heard again."""
        self._state, self._error = 'reopening', reason
        self._notice('error', f'{reason}; trying to open it again')
        self._source.stop()
        self._pipeline.interrupt({'gap'})
        raw = self._watchdog.reopen(self._source, self._stopping, self._note_failure)
        if raw is None:
            return
        self._arrival.restart()
        self._state, self._error = 'listening', ''
        microphone = getattr(self._source, 'microphone', '')
        self._notice('info', f'{self._source.name} is heard again'
                     f'{microphone and ", from "}{microphone}')
        self._pipeline.take(raw)

    def _note_failure(self, error):
        self._error = str(error)

    def _hand_out(self, event):
        """Hand out what comes out of the pipeline."""
        if isinstance(event, AudioBlock):
            if event.gap:
                self._arrival.restart()
            if self._pipeline.enabled:
                self._on_block(event)
        elif isinstance(event, Utterance):
            if self._dump is not None:
                self._dump.write(event)
            self._on_utterance(event)
        elif isinstance(event, PartialUtterance):
            self._on_partial(event.utterance)
        elif isinstance(event, AnticipatedUtterance):
            self._on_anticipated(event.utterance)
        elif isinstance(event, (SpeechStarted, SpeechEnded)):
            self._say_voice(isinstance(event, SpeechStarted))

    def _say_voice(self, voice):
        if voice != self._voice:
            self._voice = voice
            self._on_voice(voice)
