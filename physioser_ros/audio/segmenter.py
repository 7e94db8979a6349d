"""
Cut a stream of blocks into utterances.

Every sample that goes in comes out once: in one utterance or in one `Rejected` stretch, in
order. The cuts depend on the samples alone, never on how they were divided into blocks.
"""

from physioser_ros.audio.block import (
    AnticipatedUtterance, PartialUtterance, Rejected, SAMPLE_RATE, SpeechEnded, SpeechStarted,
    Utterance)
from physioser_ros.audio.open_utterance import OpenUtterance
from physioser_ros.audio.ring import SampleRing
from physioser_ros.audio.trigger import create_trigger

#: Speech shorter than this, in s, whose mean probability is below that was a motor or a knock:
#: words are short or unclear, hardly ever both.
BRIEF_S, DOUBTFUL = 0.8, 0.65


def _count(seconds):
    return round(seconds * SAMPLE_RATE)


class Segmenter:
    """
    Follow the voice activity frame by frame and say where utterances begin and end.

    :param options: `SegmenterOptions`
    :param vad: a `VoiceActivity`
    """

    def __init__(self, options, vad):
        self._vad = vad
        self._ring = SampleRing()
        self._trigger = create_trigger(options, vad)
        self.options = options
        self._analysed = 0
        self._open = None
        #: Index of the first sample after a gap, None where there was none.
        self._gap_end = None
        self._gated = False

    @property
    def speaking(self):
        """Return whether an utterance is open."""
        return self._open is not None

    def configure(self, options):
        """Take over new options; an open utterance goes on under them."""
        pressed = getattr(self._trigger, 'pressed', False)
        self._trigger = create_trigger(options, self._vad)
        self._trigger.pressed = pressed and options.trigger == 'push_to_talk'
        self.options = options

    def press(self, pressed):
        """Tell whether the button of the trigger `push_to_talk` is down."""
        self._trigger.pressed = pressed

    def push(self, block, gated=''):
        """
        Return the events that a block brings about.

        :param block: `AudioBlock` that follows the one before, or is marked as after a gap
        :param gated: '' or, while the robot's own voice is heard, what to do with an open
            utterance: `drop` it, or `mute` the microphone and so end it
        :return: list of events, see :mod:`physioser_ros.audio.block`
        """
        events = []
        if block.gap or block.index != self._ring.end:
            # The very first block of a source is the beginning, not the end of a gap.
            lost = block.gap or self._ring.end > 0
            events += self._finish({'gap'}, 'gated' if self._gated else 'silence')
            self._restart(block.index)
            self._gap_end = block.index if lost else None
        if gated:
            return events + self._gate(block, gated)
        if self._gated:
            self._gated = False
            self._restart(block.index)
        self._ring.append(block.samples, block.stamp_ns)
        size = self._vad.frame_samples
        while self._ring.end - self._analysed >= size:
            frame = self._ring.read(self._analysed, self._analysed + size)
            events += self._frame(self._analysed, self._vad.probability(frame))
        if self._open is None:
            events += self._reject(self._earliest_needed(), 'silence')
        return events

    def flush(self, flags=('forced',)):
        """
        Return the events of an end that did not come from silence; nothing is held back.

        :param flags: of the utterance that was open
        """
        events = self._finish(set(flags), 'silence')
        self._restart(self._ring.end)
        return events

    def discard(self, reason='reset'):
        """Throw away what is held, an open utterance too, and return the events of that."""
        events = self._end_of_speech(self._ring.end)
        self._open = None
        events += self._reject(self._ring.end, reason)
        self._restart(self._ring.end)
        return events

    def _frame(self, start, probability):
        end = start + self._vad.frame_samples
        self._analysed = end
        if self._open is None:
            begun = self._trigger.begins(start, probability)
            return [] if begun is None else self._begin(begun, end, probability)
        speech = self._open
        speech.follow(end, probability, self.options.stop_threshold)
        if self._trigger.ends(speech.start, end, speech.last_speech):
            return self._close(end, set())
        full = end - speech.start + self._vad.frame_samples > _count(self.options.max_s)
        if full and self._trigger.announces:
            return self._split(end)
        return self._anticipate(end) or self._partial(end)

    def _begin(self, begun, end, probability):
        pre_roll = _count(self.options.pre_roll_s) if self._trigger.announces else 0
        start = max(self._ring.start, begun - pre_roll)
        flags = {'gap'} if start == self._gap_end else set()
        events = self._reject(start, 'silence')
        self._open = OpenUtterance(start, begun, flags, end, probability)
        self._open.announced = self._trigger.announces
        if self._trigger.announces:
            events.append(SpeechStarted(begun, self._ring.stamp_ns(begun)))
        return events

    def _close(self, end, flags):
        speech, self._open = self._open, None
        self._trigger.reset()
        events = []
        reason = self._no_utterance(speech, end)
        if reason:
            # What follows it is the pre-roll of whoever speaks next, or rejected as silence.
            events += self._reject(max(speech.start + 1, min(end, speech.last_speech)), reason)
        else:
            if flags and self._trigger.announces and (
                    end - speech.last_speech < 2 * self._vad.frame_samples):
                # Cut off in the middle of speech, not in the silence after it.
                flags = flags | {'truncated'}
            utterance = self._utterance(speech, self._tail_end(speech, end), flags)
            events.append(utterance)
            # The silence after it stays, for the same reason.
            self._ring.drop_before(utterance.end_index)
        return events + self._end_of_speech(end, speech)

    def _no_utterance(self, speech, end):
        """Return the reason for which `speech`, ended at `end`, is rejected, or ''."""
        if not self._trigger.wants_speech:
            return ''
        length = speech.last_speech - speech.begun
        if 'split' in speech.flags:
            # The last cut fell into the silence after the speech.
            return '' if length else 'silence'
        brief = length < _count(BRIEF_S) and speech.mean_probability(end) < DOUBTFUL
        return 'short' if brief or length < _count(self.options.min_s) else ''

    def _tail_end(self, speech, end):
        """Return where the utterance ends when it is closed at `end`."""
        if not self._trigger.wants_speech:
            return end
        return min(end, speech.last_speech + _count(self.options.tail_s))

    def _anticipate(self, end):
        """Hand out what will be the utterance, once in each silence, when its tail is heard."""
        speech = self._open
        cut = speech.last_speech + _count(self.options.tail_s)
        silent = speech.last_speech < end and cut <= end
        if not silent or speech.anticipated == cut or not (
                self.options.anticipate and self._trigger.wants_speech):
            return []
        speech.anticipated = cut
        if self._no_utterance(speech, end):
            return []
        return [AnticipatedUtterance(self._utterance(speech, cut, set()))]

    def _split(self, end):
        """Cut long speech after the frame of the last part that is least probable."""
        speech = self._open
        earliest = max(end - _count(self.options.split_window_s), speech.begun)
        cut = speech.least_probable(earliest, end)
        piece = self._utterance(speech, cut, {'split'})
        self._ring.drop_before(cut)
        self._open = speech.rest(cut)
        return [piece]

    def _partial(self, end):
        speech, period = self._open, _count(self.options.partial_period_s)
        anticipated = speech.anticipated is not None and speech.anticipated > speech.last_speech
        if not period or end - speech.last_partial < period or anticipated:
            # After what may be the whole utterance, less of it would only be in its way.
            return []
        speech.last_partial = end
        return [PartialUtterance(self._utterance(speech, end, set()))]

    def _utterance(self, speech, end, flags):
        return Utterance(
            self._ring.read(speech.start, end), self._ring.stamp_ns(speech.start), speech.start,
            max(speech.begun, speech.start) - speech.start,
            min(max(speech.last_speech, speech.begun), end) - speech.start,
            frozenset(speech.flags | flags), speech.mean_probability(end))

    def _finish(self, flags, reason):
        """End an open utterance and reject what is left."""
        events = [] if self._open is None else self._close(self._ring.end, flags)
        return events + self._reject(self._ring.end, reason)

    def _end_of_speech(self, end, speech=None):
        speech = speech or self._open
        # Not what the trigger says: it may be another one than at the beginning.
        if speech is None or not speech.announced:
            return []
        return [SpeechEnded(end, self._ring.stamp_ns(min(end, self._ring.end)))]

    def _reject(self, end, reason):
        start, count = self._ring.start, end - self._ring.start
        if count <= 0:
            return []
        self._ring.drop_before(end)
        return [Rejected(start, count, reason)]

    def _gate(self, block, mode):
        """Take a block of the robot's own voice: it is rejected, whatever it holds."""
        events = []
        if not self._gated:
            self._gated = True
            if mode == 'mute':
                events += self._finish({'gated'}, 'silence')
            else:
                events += self.discard('gated')
        self._ring.append(block.samples, block.stamp_ns)
        events += self._reject(block.end_index, 'gated')
        self._analysed = block.end_index
        return events

    def _restart(self, index):
        self._ring.restart(index)
        self._analysed = index
        self._open = None
        self._gap_end = None
        self._trigger.reset()
        self._vad.reset()

    def _earliest_needed(self):
        """Return the index of the first sample that a later onset may still want."""
        since = self._trigger.needed_from(self._analysed)
        return max(self._ring.start, since - _count(self.options.pre_roll_s))
