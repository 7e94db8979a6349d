"""From the blocks of a source to what is heard in them: convert, gate, cut."""

from collections import Counter
from threading import Lock

from physioser_ros.audio.block import AudioBlock, Rejected, Utterance
from physioser_ros.audio.converter import Converter, RefusedBlock, RepeatedBlock
from physioser_ros.audio.gate import OwnVoiceGate
from physioser_ros.audio.meter import LevelMeter


class Pipeline:
    """
    Converter, gate and segmenter in a row, for the use of several threads; counts what passes.

    :param options: `CaptureOptions`
    :param emit: takes each `AudioBlock` and after it the events that it brings about, see
        :mod:`physioser_ros.audio.block`; it is called with the lock held
    :param notice: takes a level and a sentence
    :ivar segmenter: a `Segmenter`, None while there is none
    :ivar enabled: False while the pipeline is deaf
    :ivar stuck: whether the robot's word that it speaks is not believed any more
    :ivar level: the `LevelMeter` of the sound, muted or not
    :ivar counts: `refused` blocks, `gaps`, `utterances`, those of them that were `split`,
        stretches of speech that were too `short`, and `gated` samples
    """

    def __init__(self, options, emit, notice):
        self._emit, self._notice = emit, notice
        self._converter = Converter(options.channels, options.mix, options.gain_db)
        self._gate = OwnVoiceGate(options.gate_mode, options.gate_hold_off_s,
                                  options.gate_timeout_s)
        self.segmenter = None
        self.enabled = True
        self.stuck = False
        self.level = LevelMeter()
        self.counts = Counter()
        self._lock = Lock()

    @property
    def speaking(self):
        """Return whether an utterance is open."""
        return self.segmenter.speaking

    @property
    def reanchored(self):
        """Return how often the capture clock jumped."""
        return self._converter.reanchored

    def configure(self, options):
        """Take over new `CaptureOptions`; an open utterance goes on under them."""
        with self._lock:
            self._converter.configure(options.channels, options.mix, options.gain_db)
            self._gate.configure(options.gate_mode, options.gate_hold_off_s,
                                 options.gate_timeout_s)
            if self.segmenter is not None:
                self.segmenter.configure(options.segment)

    def set_robot_speaking(self, speaking, time_ns):
        """Note that the robot began or stopped to speak at `time_ns`."""
        self._gate.set_speaking(speaking, time_ns)

    def set_enabled(self, enabled):
        """Listen, or be deaf until told otherwise."""
        with self._lock:
            if self.enabled and not enabled:
                self._discard()
            self.enabled = enabled

    def press(self, pressed):
        """Press or release the button of the trigger `push_to_talk`."""
        with self._lock:
            if self.segmenter is not None:
                self.segmenter.press(pressed)

    def discard(self):
        """Drop the sound that is held, an open utterance too."""
        with self._lock:
            self._discard()

    def take(self, raw):
        """Let a `RawBlock` through; one that holds no sound is refused and counted."""
        with self._lock:
            try:
                blocks = self._converter.convert(raw)
            except RefusedBlock as error:
                if not self.counts['refused']:
                    self._notice('warn', f'{error}; it is refused, and all like it')
                self.counts['refused'] += 1
                if not isinstance(error, RepeatedBlock):
                    self._converter.interrupt()
                return
            for block in blocks:
                self._listen(block)

    def interrupt(self, flags):
        """End an open utterance with `flags`; what comes next follows a gap."""
        with self._lock:
            self._emit_all(self.segmenter.flush(flags))
            self._converter.interrupt()

    def finish(self):
        """Hold nothing back any more: the source has given everything."""
        with self._lock:
            for block in self._converter.flush():
                self._listen(block)
            self._emit_all(self.segmenter.flush())

    def forget(self):
        """Drop the sound that is held and tell nobody."""
        with self._lock:
            self._converter.interrupt()
            self.segmenter.discard()
            # Nobody holds a button over a pause of the node: the press has to come anew.
            self.segmenter.press(False)

    def _listen(self, block):
        self.level.add(block.samples)
        self._emit_all([block])
        stuck = self._gate.stuck_at(block.stamp_ns)
        if stuck and not self.stuck:
            self._notice('warn', 'robot_speaking has been true for longer than gate.timeout_s: '
                         'it is not believed any more')
        self.stuck = stuck
        gated = self._gate.covers(block.stamp_ns, block.end_ns)
        mode = 'drop' if not self.enabled else self._gate.mode if gated else ''
        self._emit_all(self.segmenter.push(block, mode))

    def _discard(self):
        if self.segmenter is not None:
            self._emit_all(self.segmenter.discard())

    def _emit_all(self, events):
        for event in events:
            self._count(event)
            self._emit(event)

    def _count(self, event):
        if isinstance(event, AudioBlock):
            self.counts['gaps'] += event.gap
        elif isinstance(event, Utterance):
            self.counts['utterances'] += 1
            self.counts['split'] += 'split' in event.flags
        elif isinstance(event, Rejected):
            if event.reason == 'short':
                self.counts['short'] += 1
            elif event.reason == 'gated' and self.enabled:
                self.counts['gated'] += event.count
