"""
The parameters of both nodes, once, as tables.

Everything else is made of them: descriptors and ranges, the checks of a change with their
reasons, `config/ser.yaml` with its comments and the tables of the documentation. This module
needs no ROS, so that the documentation can be made without it.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Tuple

#: Names of the types as the ROS 2 command line shows them.
TYPE_NAMES = {bool: 'bool', int: 'integer', float: 'double', str: 'string'}

#: How to write a value of a type in YAML, for the message about a wrong one.
SPELLINGS = {bool: 'write true or false', int: 'write it without a decimal point',
             float: 'write it with a decimal point, as in 1.0',
             str: 'put it between quotes'}


class ParameterError(ValueError):
    """A parameter that cannot be used, in one sentence that says what to write instead."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node."""

    name: str
    #: The default; its type is the type of the parameter (of a tuple: a list of that type).
    default: Any
    #: One or two sentences, the first line of its comment in the YAML file.
    description: str
    unit: str = ''
    #: Lowest and highest number allowed; both or none.
    minimum: Any = None
    maximum: Any = None
    #: The strings allowed, or () for any.
    choices: Tuple[str, ...] = ()
    #: True: cannot change while the node is active.
    fixed: bool = False

    @property
    def type(self):  # noqa: A003 (a property, it hides nothing)
        """Return the Python type of the value, or of the elements of a list."""
        return type(self.default[0] if self.is_list else self.default)

    @property
    def is_list(self):
        """Return whether the value is a list."""
        return isinstance(self.default, tuple)

    @property
    def type_name(self):
        """Return the type as ROS 2 calls it."""
        return TYPE_NAMES[self.type] + ('[]' if self.is_list else '')

    @property
    def allowed(self):
        """Return the allowed values in words, or '' where every value of the type is."""
        if self.choices:
            return ', '.join(self.choices)
        if self.minimum is not None:
            return f'{self.minimum} to {self.maximum}'
        return ''

    def check(self, value):
        """
        Check the type, the choices and the range of `value`.

        :param value: the value as rclpy gives it (lists as list, tuple or array).
        :raises ParameterError: with the reason and the remedy.
        """
        is_sequence = hasattr(value, '__len__') and not isinstance(value, (str, bytes))
        if self.is_list != is_sequence:
            raise ParameterError(f"'{self.name}' must be {self._article} {self.type_name}, "
                                 f'not {value!r}')
        for item in value if self.is_list else (value,):
            self._check_item(item)

    def _check_item(self, value):
        if type(value) is not self.type:
            raise ParameterError(
                f"'{self.name}' must be {self._article} {self.type_name}, not {value!r}: "
                f'{SPELLINGS[self.type]}')
        if self.choices and value not in self.choices:
            raise ParameterError(f"'{self.name}' cannot be {value!r}: choose one of "
                                 f'{", ".join(self.choices)}')
        # Written so that a NaN is refused too.
        if self.minimum is not None and not self.minimum <= value <= self.maximum:
            raise ParameterError(f"'{self.name}' cannot be {value}: the range is {self.minimum} "
                                 f'to {self.maximum}{" " + self.unit if self.unit else ""}')

    @property
    def _article(self):
        return 'an' if self.type is int else 'a'


AUTOSTART = (
    Parameter('autostart', True,
              'Configure and activate at start; false leaves it to a lifecycle manager.'),
    Parameter('on_autostart_failure', 'stay',
              'After a failed autostart stay up, unconfigured, until somebody configures again, '
              'or exit with code 1.', choices=('stay', 'exit')),
)

AUDIO_CAPTURE = AUTOSTART + (
    Parameter('source', 'device', 'Where the sound comes from: a microphone, an audio file, or '
              'the topic audio_in/audio_stamped.',
              choices=('device', 'file', 'topic'), fixed=True),
    Parameter('device', '', 'Microphone: index, name or parts of its name as '
              '`ros2 run physioser_ros devices` lists them; empty for the default one.',
              fixed=True),
    Parameter('device_fallback', False, 'Take the default microphone when `device` is not found; '
              'otherwise configuring fails.', fixed=True),
    Parameter('device_sample_rate', 0, 'Rate at which the microphone is opened; 0 for 16000 or, '
              'where that is refused, its native rate.', 'Hz', 0, 384000, fixed=True),
    Parameter('sample_rate', 16000, 'Rate of the utterances; the model needs 16000.', 'Hz',
              16000, 16000, fixed=True),
    Parameter('block_ms', 30, 'Length of the blocks that are asked of the microphone: 10, 20 or '
              '30.', 'ms', 10, 30, fixed=True),
    Parameter('channels', (0,), 'Channels that are used, counted from 0.', '', 0, 255,
              fixed=True),
    Parameter('mix', 'first', 'Several channels: use the first of them, or their mean.',
              choices=('first', 'mean'), fixed=True),
    Parameter('gain_db', 0.0, 'Gain before everything else.', 'dB', -40.0, 40.0),
    Parameter('frame_id', 'microphone', 'frame_id in the headers of all messages.'),
    Parameter('allow_sim_time_capture', False, 'Accept a live microphone while use_sim_time is '
              'true.', fixed=True),
    Parameter('file.path', '', 'The audio file of source file, in any format libsndfile reads.',
              fixed=True),
    Parameter('file.realtime', True, 'Play at the pace of speech; false: as fast as possible.',
              fixed=True),
    Parameter('file.loop', False, 'Start again at the end of the file.', fixed=True),
    Parameter('file.wait_for_subscriber', True, 'Start the file only when somebody subscribes '
              'to audio/utterance, so that no utterance is lost.', fixed=True),
    Parameter('file.exit_at_end', False, 'End the process, with exit code 0, when the file is '
              'over and its utterances are delivered.', fixed=True),
    Parameter('vad.backend', 'cascade', 'Voice activity: webrtc is the cheapest but takes hum '
              'and motors for voices, silero rejects them, cascade asks silero only where webrtc '
              'hears something.', choices=('cascade', 'webrtc', 'silero'), fixed=True),
    Parameter('vad.aggressiveness', 2, 'Webrtc: the higher, the fewer false alarms and the more '
              'misses.', '', 0, 3, fixed=True),
    Parameter('segment.trigger', 'vad', 'What delimits an utterance: voice activity, the service '
              '~/push_to_talk, or nothing (windows of segment.window_s, one after the other).',
              choices=('vad', 'push_to_talk', 'continuous')),
    Parameter('segment.pre_roll_s', 0.5, 'Sound kept from before the onset, so that the first '
              'syllable is whole.', 's', 0.0, 2.0),
    Parameter('segment.start_s', 0.09, 'Speech that makes an onset; costs no latency at the '
              'end.', 's', 0.01, 1.0),
    Parameter('segment.rise_s', 0.8, 'Time within which a rise has to become certain speech, or '
              'it is forgotten.', 's', 0.1, 1.5),
    Parameter('segment.hangover_s', 0.6, 'Silence that ends an utterance. This is most of the '
              'latency: shorter answers earlier and cuts sentences at their pauses.',
              's', 0.1, 3.0),
    Parameter('segment.tail_s', 0.3, 'Silence that is kept at the end of an utterance, at most '
              'segment.hangover_s. Its answer is computed in the rest of the hang-over '
              '(partial.anticipate).', 's', 0.0, 3.0),
    Parameter('segment.min_s', 0.3, 'Speech shorter than this is rejected and counted.',
              's', 0.0, 5.0),
    Parameter('segment.max_s', 10.0, 'Longer speech is split at its least probable point and '
              'flagged; nothing is lost. Of an utterance longer than the model takes, 11 s, it '
              'sees the end.', 's', 1.0, 60.0),
    Parameter('segment.split_window_s', 2.0, 'The split is looked for in the last part, so long, '
              'before segment.max_s.', 's', 0.1, 10.0),
    Parameter('segment.window_s', 3.0, 'Length of the windows of trigger continuous; see '
              'segment.max_s.', 's',
              0.5, 60.0),
    Parameter('segment.start_threshold', 0.5, 'Probability of speech from which a frame may '
              'begin an utterance.', '', 0.01, 1.0),
    Parameter('segment.stop_threshold', 0.35, 'Probability of speech below which a frame no '
              'longer continues it.', '', 0.01, 1.0),
    Parameter('partial.period_s', 0.0, 'While somebody speaks, publish the utterance so far on '
              'audio/utterance_partial this often; 0 for never.', 's', 0.0, 10.0),
    Parameter('partial.anticipate', True, 'Publish the utterance on audio/utterance_anticipated '
              'as soon as segment.tail_s of silence is heard: if the silence lasts, its answer is '
              'ready when the utterance is over. Each longer pause costs one more inference.'),
    Parameter('gate.robot_speaking', 'drop', 'While the robot speaks: drop whole utterances that '
              'overlap, mute the microphone, or ignore the topic robot_speaking.',
              choices=('drop', 'mute', 'ignore')),
    Parameter('gate.hold_off_s', 0.5, 'Sound captured so soon after the robot fell silent still '
              'counts as its own voice.', 's', 0.0, 5.0),
    Parameter('gate.timeout_s', 30.0, 'A robot_speaking that stays true longer than this is not '
              'believed any more.', 's', 1.0, 3600.0),
    Parameter('watchdog.timeout_s', 2.0, 'A microphone that gives no block for so long is opened '
              'again.', 's', 0.2, 60.0),
    Parameter('watchdog.retry_s', (0.5, 2.0), 'First and longest pause between two attempts to '
              'open it.', 's', 0.1, 3600.0),
    Parameter('publish_stream', False, 'Publish the sound itself on audio/audio_stamped, for '
              'bags and speech recognition. Mind the privacy of the people nearby.', fixed=True),
    Parameter('dump_dir', '', 'Debugging: write every utterance into this existing folder as a '
              'WAV file; the newest 200 are kept. Mind the privacy of the people nearby.',
              fixed=True),
)

EMOTION_RECOGNIZER = AUTOSTART + (
    Parameter('model.path', '', 'The model: a name in models/, a file, or empty for balanced.',
              fixed=True),
    Parameter('model.sha256', '', 'Its SHA-256 digest; needed for a model that is not in the '
              'SHA256SUMS beside it.', fixed=True),
    Parameter('model.providers', ('CPUExecutionProvider',), 'Execution providers of onnxruntime, '
              'in order of preference.', fixed=True),
    Parameter('model.require_provider', False, 'Fail where the first provider is not to be had, '
              'instead of taking the next one with a warning.', fixed=True),
    Parameter('model.intra_op_threads', 1, 'Threads of one inference; 0 for one a core.', '',
              0, 64, fixed=True),
    Parameter('model.warmup', True, 'Run the model once at configure on its longest utterance, so '
              'that the first answer is not the slowest and memory does not grow later.',
              fixed=True),
    Parameter('decision.min_confidence', 0.0, 'Below this probability the label is "uncertain"; '
              '0 for never.', '', 0.0, 1.0),
    Parameter('decision.temperature', 1.0, 'Divides the logarithms of the probabilities: above 1 '
              'answers are more modest. The model is calibrated already.', '', 0.01, 10.0),
    Parameter('decision.smoothing', 'none', 'Smooth over the utterances of a speaker by an '
              'exponential mean of the log-probabilities.', choices=('none', 'ema')),
    Parameter('decision.time_constant_s', 3.0, 'Ema: age at which an utterance weighs 1/e.',
              's', 0.1, 600.0),
    Parameter('decision.gap_s', 10.0, 'Silence after which smoothing and hysteresis start anew.',
              's', 0.1, 3600.0),
    Parameter('decision.hysteresis', 0.0, 'Margin in probability by which another label must win '
              'before the one that is held is left.', '', 0.0, 0.99),
    Parameter('early.window_s', 4.0, 'Answer audio/utterance_partial by its last so many '
              'seconds, which bounds the cost of each; 0 for all of it.', 's', 0.0, 60.0),
    Parameter('speaker.adapt', True, 'Adapt to the speaker, where the model can.', fixed=True),
    Parameter('speaker.forget_s', 120.0, 'Silence after which a speaker is forgotten.', 's',
              1.0, 86400.0, fixed=True),
    Parameter('speaker.max_speakers', 16, 'Speakers remembered at the same time; the one not '
              'heard for longest goes first.', '', 1, 1000, fixed=True),
    Parameter('queue.depth', 4, 'Utterances that may wait.', '', 1, 64, fixed=True),
    Parameter('queue.policy', 'drop_oldest', 'Which one is dropped when the queue is full.',
              choices=('drop_oldest', 'drop_newest'), fixed=True),
    Parameter('queue.max_age_s', 0.0, 'Drop an utterance that waited longer than this; 0 for '
              'never.', 's', 0.0, 600.0, fixed=True),
    Parameter('publish.attention', True, 'Publish emotion/attention/branches and '
              'emotion/attention/vap_frames.'),
    Parameter('publish.attention_image', False, 'Publish emotion/attention_map.'),
    Parameter('publish.saliency', False, 'Publish emotion/attention/components; costs four more '
              'runs of the encoder an utterance.', fixed=True),
    Parameter('publish.label_when_uncertain', True, 'Publish "uncertain" on emotion/label; '
              'false: nothing.'),
    Parameter('ros4hri.enabled', False, 'Publish the voice and its expression under '
              'humans/voices (REP-155); needs hri_msgs.', fixed=True),
    Parameter('ros4hri.voice_id', 'anonymous_speaker', 'Id of the voice while nobody tells '
              'who speaks.', fixed=True),
    Parameter('ros4hri.follow', False, 'Take the id of the speaker from humans/voices/tracked of '
              'a voice tracker (REP-155) where it names one voice alone, not from the topic '
              'speaker_id; needs hri_msgs.', fixed=True),
)

#: The tables by node name.
TABLES = {'audio_capture': AUDIO_CAPTURE, 'emotion_recognizer': EMOTION_RECOGNIZER}


def unknown_names(names):
    """
    Return one sentence for every name that belongs to no node of this package.

    Both tables count: a parameter file for `/**` reaches both nodes.

    :param names: names of given parameters.
    """
    known = {parameter.name for table in TABLES.values() for parameter in table}
    sentences = []
    for name in names:
        if name in known or name.startswith('qos_overrides.') or name in ROS_PARAMETERS:
            continue
        near = get_close_matches(name, known, 1)
        hint = f": did you mean '{near[0]}'?" if near else ''
        sentences.append(f"there is no parameter '{name}', it is ignored{hint}")
    return sentences


#: Parameters that rclpy declares for every node.
ROS_PARAMETERS = ('use_sim_time', 'start_type_description_service')
