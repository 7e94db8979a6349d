"""The capture: one worker thread between a source and whoever wants utterances."""

from collections import Counter
from threading import current_thread, Event, Lock, Thread
import time

from physioser_ros.audio.block import (
    AnticipatedUtterance, PartialUtterance, Rejected, SAMPLE_RATE, SpeechEnded, SpeechStarted,
    Utterance)
from physioser_ros.audio.converter import Converter, RefusedBlock, RepeatedBlock
from physioser_ros.audio.dump import UtteranceDump
from physioser_ros.audio.errors import AudioError
from physioser_ros.audio.gate import OwnVoiceGate
from physioser_ros.audio.meter import LevelMeter, RateMeter
from physioser_ros.audio.segmenter import Segmenter
from physioser_ros.audio.sources import DeviceSource, FileSource, PushSource, SourceEnd
from physioser_ros.audio.status import CaptureStatus
from physioser_ros.audio.vad import create_vad

#: How often the worker looks up from an idle source, in s.
POLL_S = 0.1
#: While nobody speaks the worker takes the blocks of so many s at once: every time it wakes up
#: costs several times what it then computes.
REST_S = 0.06
#: A live source without a block for so long is reported, in s; the watchdog may act later.
REPORT_S = 0.8
#: A topic without a block for so long is worth a look, in s.
TOPIC_REPORT_S = 2.0
#: Speech that no more sound follows is ended after this, in s.
FORCED_END_S = 1.0
#: Digital silence for so long is a muted microphone, in s.
MUTED_S = 5.0
#: Deviation of the arrival rate that means a wrong rate.
RATE_TOLERANCE = 0.02


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
        self._gate = OwnVoiceGate(options.gate_mode, options.gate_hold_off_s,
                                  options.gate_timeout_s)
        self._converter = Converter(options.channels, options.mix, options.gain_db)
        self._source = self._vad = self._segmenter = self._dump = None
        self._worker = self._hung = None
        self._state, self._error = 'closed', ''
        self._counts = Counter()
        self._level, self._arrival = LevelMeter(), RateMeter()
        self._last_block_s = None
        self._enabled = True
        self._stuck = False
        self._voice = False
        self._lock = Lock()
        self._stopping = Event()
        self.finished = Event()

    def configure(self):
        """
        Find the source, check the settings and load the voice activity; opens nothing.

        :raises AudioError: with the remedy
        """
        options = self._options
        self._dump = UtteranceDump(options.dump_dir) if options.dump_dir else None
        source = self._given_source or self._create_source(options)
        source.configure()
        channels = getattr(source, 'channels', None)
        if channels is not None and max(options.channels) >= channels:
            raise AudioError(f'channel {max(options.channels)} was asked for, but {source.name} '
                             f'has {channels}: set `channels` to numbers below that')
        self._vad = self._given_vad or create_vad(options.vad_backend,
                                                  options.vad_aggressiveness)
        self._segmenter = Segmenter(options.segment, self._vad)
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
        self._level, self._arrival = LevelMeter(), RateMeter()
        self._source.start()
        self._last_block_s = time.monotonic()
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
        with self._lock:
            self._converter.interrupt()
            self._segmenter.discard()
        self._voice = False

    def close(self):
        """Stop and give everything back."""
        self.stop()
        self._source = self._segmenter = self._vad = None
        self._state = 'closed'

    def update(self, options):
        """
        Take over what may change while listening: segmentation, gain, mix, gate, watchdog.

        :param options: new `CaptureOptions`; the source's and the detector's are not looked at
        """
        with self._lock:
            self._options = options
            self._converter.configure(options.channels, options.mix, options.gain_db)
            self._gate.configure(options.gate_mode, options.gate_hold_off_s,
                                 options.gate_timeout_s)
            if self._segmenter is not None:
                self._segmenter.configure(options.segment)

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
        self._gate.set_speaking(speaking, self._now_ns())

    def set_enabled(self, enabled):
        """Listen, or be deaf until told otherwise."""
        with self._lock:
            if self._enabled and not enabled and self._segmenter is not None:
                self._handle(self._segmenter.discard())
            self._enabled = enabled

    def push_to_talk(self, pressed):
        """
        Press or release the button that begins and ends an utterance.

        :raises AudioError: with another `segment.trigger`
        """
        if self._options.segment.trigger != 'push_to_talk':
            raise AudioError(f'segment.trigger is {self._options.segment.trigger!r}: set it to '
                             'push_to_talk')
        with self._lock:
            if self._segmenter is not None:
                self._segmenter.press(pressed)

    def reset(self):
        """Drop the sound that is held, an open utterance too."""
        with self._lock:
            if self._segmenter is not None:
                self._handle(self._segmenter.discard())

    def status(self):
        """Return a `CaptureStatus`."""
        source, counts = self._source, self._counts
        age_s = 0.0
        if self._worker is not None and self._last_block_s is not None:
            age_s = time.monotonic() - self._last_block_s
        level, text = self._health(age_s)
        lost = source.counters().get('overflows', 0) if source is not None else 0
        return CaptureStatus(
            level=level, text=text, state=self._state, source=self._options.source,
            device=getattr(source, 'name', '') or 'none',
            microphone=getattr(source, 'microphone', ''), rate=getattr(source, 'rate', 0),
            channels=getattr(source, 'channels', 0), enabled=self._enabled,
            rate_ratio=self._arrival.ratio or 0.0, last_block_age_s=age_s,
            level_dbfs=self._level.level_dbfs, clipping_percent=self._level.clipping_percent,
            zero_s=self._level.zero_s, overflows=lost, gaps=counts['gaps'],
            refused_blocks=counts['refused'], clock_reanchored=self._converter.reanchored,
            reopened=counts['reopened'], utterances=counts['utterances'],
            rejected_short=counts['short'], split=counts['split'],
            gated_s=counts['gated'] / SAMPLE_RATE)

    def _create_source(self, options):
        if options.source == 'file':
            return FileSource(options.file_path, self._now_ns, options.file_realtime,
                              options.file_loop)
        if options.source == 'topic':
            return PushSource()
        return DeviceSource(options.device, self._now_ns, max(options.channels) + 1,
                            options.device_sample_rate, options.block_ms,
                            options.device_fallback, self._notice)

    def _health(self, age_s):
        """Return level and text of the status, the gravest first."""
        live = self._source is not None and self._source.live
        timed = live or isinstance(self._source, PushSource)
        ratio = self._arrival.ratio if timed else None
        reasons = (
            (bool(self._error), 'error', self._error),
            (live and age_s > REPORT_S, 'error', f'no sound for {age_s:.1f} s'),
            (ratio is not None and abs(ratio - 1) > RATE_TOLERANCE, 'error',
             f'samples arrive at {ratio or 0:.3f} of the declared rate: it is wrong'),
            (timed and age_s > TOPIC_REPORT_S, 'warn',
             f'nothing has come on the topic for {age_s:.1f} s: see that its publisher runs'),
            (self._stuck, 'warn', 'robot_speaking stays true: it is not believed any more'),
            (live and self._level.zero_s >= MUTED_S, 'warn',
             f'only zeros for {self._level.zero_s:.0f} s: the microphone is muted'),
            (self._level.clipping_percent > 1, 'warn', 'the sound is clipped: lower the gain'),
            (not self._enabled, 'warn', 'muted by ~/set_enabled'))
        for holds, level, text in reasons:
            if holds:
                return level, text
        return 'ok', self._state

    def _work(self):
        try:
            while not self._stopping.is_set():
                self._step()
        except SourceEnd:
            with self._lock:
                for block in self._converter.flush():
                    self._take(block)
                self._handle(self._segmenter.flush())
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
        resting = not self._segmenter.speaking
        try:
            raw = self._source.read(0 if resting else POLL_S)
        except AudioError as error:
            if not self._source.live:
                raise
            self._reopen(str(error))
            return
        if raw is None and resting:
            self._stopping.wait(REST_S)
        now_s = time.monotonic()
        if raw is not None:
            self._last_block_s = now_s
            self._arrival.add(len(raw.samples) / raw.rate, raw.steady_ns / 1e9)
            self._convert(raw)
            return
        silent_s = now_s - self._last_block_s
        if self._source.live and silent_s > self._options.watchdog_timeout_s:
            self._reopen(f'{self._source.name} has given no sound for {silent_s:.1f} s')
        elif silent_s > FORCED_END_S and self._segmenter.speaking:
            self._end_open({'forced'})

    def _convert(self, raw):
        with self._lock:
            try:
                blocks = self._converter.convert(raw)
            except RefusedBlock as error:
                if not self._counts['refused']:
                    self._notice('warn', f'{error}; it is refused, and all like it')
                self._counts['refused'] += 1
                if not isinstance(error, RepeatedBlock):
                    self._converter.interrupt()
                return
            for block in blocks:
                self._take(block)

    def _take(self, block):
        if block.gap:
            self._counts['gaps'] += 1
            self._arrival.restart()
        self._level.add(block.samples)
        if self._enabled:
            self._on_block(block)
        stuck = self._gate.stuck_at(block.stamp_ns)
        if stuck and not self._stuck:
            self._notice('warn', 'robot_speaking has been true for longer than gate.timeout_s: '
                         'it is not believed any more')
        self._stuck = stuck
        gated = self._gate.covers(block.stamp_ns, block.end_ns)
        if not self._enabled:
            self._handle(self._segmenter.push(block, 'drop'))
        else:
            self._handle(self._segmenter.push(block, self._gate.mode if gated else ''))

    def _handle(self, events):
        for event in events:
            if isinstance(event, Utterance):
                self._counts['utterances'] += 1
                self._counts['split'] += 'split' in event.flags
                if self._dump is not None:
                    self._dump.write(event)
                self._on_utterance(event)
            elif isinstance(event, PartialUtterance):
                self._on_partial(event.utterance)
            elif isinstance(event, AnticipatedUtterance):
                self._on_anticipated(event.utterance)
            elif isinstance(event, (SpeechStarted, SpeechEnded)):
                self._say_voice(isinstance(event, SpeechStarted))
            elif isinstance(event, Rejected):
                if event.reason == 'short':
                    self._counts['short'] += 1
                elif event.reason == 'gated' and self._enabled:
                    self._counts['gated'] += event.count

    def _say_voice(self, voice):
        if voice != self._voice:
            self._voice = voice
            self._on_voice(voice)

    def _end_open(self, flags):
        with self._lock:
            self._handle(self._segmenter.flush(flags))
            self._converter.interrupt()

    def _reopen(self, reason):
        """Close what is open, then try until the source is back or the capture is stopped."""
        self._state, self._error = 'reopening', reason
        self._notice('error', f'{reason}; trying to open it again')
        self._source.stop()
        self._end_open({'gap'})
        pause_s, longest_s = self._options.watchdog_retry_s
        while not self._stopping.wait(pause_s):
            pause_s = min(2 * pause_s, longest_s)
            try:
                self._source.start()
            except AudioError as error:
                self._error = str(error)
                continue
            if self._hears():
                return

    def _hears(self):
        """Wait for the first block of a source that was opened again; return whether it came."""
        deadline_s = time.monotonic() + self._options.watchdog_timeout_s
        while time.monotonic() < deadline_s and not self._stopping.is_set():
            try:
                raw = self._source.read(POLL_S)
            except AudioError as error:
                self._error = str(error)
                break
            if raw is not None:
                self._counts['reopened'] += 1
                self._last_block_s = time.monotonic()
                self._arrival.restart()
                self._state, self._error = 'listening', ''
                microphone = getattr(self._source, 'microphone', '')
                self._notice('info', f'{self._source.name} is heard again'
                             f'{microphone and ", from "}{microphone}')
                self._convert(raw)
                return True
        self._source.stop()
        return False
