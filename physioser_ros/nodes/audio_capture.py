"""The node that listens and publishes utterances."""

import threading

from physioser_ros.audio.capture import Capture
from physioser_ros.audio.errors import AudioError
from physioser_ros.nodes import conversions, topics
from physioser_ros.nodes.capture_options import capture_options
from physioser_ros.nodes.conversions import FormatError, message_type
from physioser_ros.nodes.diagnostics import LEVELS, OK, WARN
from physioser_ros.nodes.lifecycle import ManagedNode
from physioser_ros.nodes.parameters import ParameterError
from physioser_ros.nodes.qos import publish_on, subscribe_to, subscribers

AUDIO_INFO_PERIOD_S = 5.0
#: How often it is looked whether somebody subscribes, while a file waits for that, in s.
POLL_S = 0.2
#: Time for subscribers to acknowledge the last utterance of a file, in s.
DELIVERY_S = 5.0


class AudioCapture(ManagedNode):
    """Lifecycle node around :class:`physioser_ros.audio.capture.Capture`."""

    def __init__(self, on_finished=lambda code: None, **options):
        """
        Create the node, unconfigured.

        :param on_finished: called with an exit code, in the executor, when a file is over, its
            utterances are delivered and file.exit_at_end is true; 1 where it broke off.
        :param options: further arguments of LifecycleNode.
        :raises ParameterError: for a given parameter of wrong type or out of range.
        """
        self._on_finished = on_finished
        self._capture = None
        self._published = {}
        self._timers_made = []
        self._subscriptions_made = []
        self._robot_speaking = None
        self._input_info = None
        self._refused = {}
        self._frame_id = ''
        self._voice = self._full_speed = False
        self._enabled = True
        self._waiting = False
        self._utterances = 0
        # Utterances come from the capture's thread, counts are read by the executor's.
        self._lock = threading.Lock()
        super().__init__('audio_capture', **options)
        self.serve({'~/set_enabled': self._set_enabled, '~/push_to_talk': self._push_to_talk,
                    '~/reset': self._reset})

    @property
    def utterances(self):
        """Return how many utterances were published so far."""
        with self._lock:
            return self._utterances

    def prepare(self):
        """Find the microphone or the file, load the voice activity, create the publishers."""
        values = self.parameters.values()
        self._check_source(values)
        self._frame_id = values['frame_id']
        self._full_speed = values['source'] == 'file' and not values['file.realtime']
        self._capture = Capture(
            capture_options(values), now_ns=lambda: self.get_clock().now().nanoseconds,
            on_utterance=self.guarded(self._on_utterance),
            on_voice=self.guarded(self._on_voice),
            on_block=self.guarded(self._on_block) if values['publish_stream'] else None,
            on_partial=self.guarded(self._on_partial),
            on_anticipated=self.guarded(self._on_anticipated),
            on_notice=self.guarded(self._on_notice), on_finished=self._on_capture_finished)
        # Who muted the microphone relies on it, whatever is configured anew.
        if not self._enabled:
            self._capture.set_enabled(False)
        self._capture.configure()
        # While the node is inactive, too: the robot may fall silent before it is active again.
        self._robot_speaking = subscribe_to(
            self, topics.ROBOT_SPEAKING, self.guarded(self._on_robot_speaking),
            self.on_incompatible_qos)
        for topic in topics.PUBLISHED['audio_capture']:
            if topic not in (topics.DIAGNOSTICS, topics.AUDIO_STREAM) or (
                    topic is topics.AUDIO_STREAM and values['publish_stream']):
                self._published[topic] = publish_on(self, topic, self.on_incompatible_qos)

    def begin(self):
        """Say which format is published, listen to the robot's voice, open the stream last."""
        self._publish_audio_info()
        self._publish_voice(False)
        self._every(AUDIO_INFO_PERIOD_S, self._publish_audio_info)
        source = self.parameters['source']
        if source == 'topic':
            self._subscribe(topics.INPUT_INFO, self._on_input_info)
            self._subscribe(topics.INPUT_STREAM, self._on_input)
        self._waiting = source == 'file' and self.parameters['file.wait_for_subscriber']
        if self._waiting:
            # The last timer: it removes itself.
            self._every(POLL_S, self._await_subscriber)
            self.get_logger().info('the file starts when somebody subscribes to '
                                   f'{self._published[topics.UTTERANCE].topic_name}')
        else:
            self._capture.start()

    def halt(self):
        """Close the stream first; an open utterance is discarded."""
        if self._capture is not None:
            self._capture.stop()
        while self._timers_made:
            self.destroy_timer(self._timers_made.pop())
        while self._subscriptions_made:
            self.destroy_subscription(self._subscriptions_made.pop())
        if self._voice:
            self._publish_voice(False)

    def release(self):
        """Give back the device and remove the publishers."""
        if self._robot_speaking is not None:
            self.destroy_subscription(self._robot_speaking)
            self._robot_speaking = None
        if self._capture is not None:
            self._capture.close()
        for publisher in self._published.values():
            self.destroy_lifecycle_publisher(publisher)
        self._published = {}
        self._capture = self._input_info = None

    def change(self, values, changed):
        """Take over live changes of the parameters that allow it."""
        self._frame_id = values['frame_id']
        self._capture.update(capture_options(values))

    def report(self):
        """Return level, text, hardware id and values for the diagnostics."""
        if self._capture is None:
            return WARN, 'no source is open', 'none', {}
        status = self._capture.status()
        level, text = LEVELS[status.level], status.text
        if self._waiting:
            level, text = OK, 'waiting for a subscriber before the file starts'
        if self._refused and level == OK:
            level, text = WARN, f'sound was refused: {next(iter(self._refused))}'
        values = conversions.plain_values(status, without=('level', 'text', 'device', 'state'))
        return level, text, status.device, {**values, 'published': self.utterances,
                                            'bad_format': sum(self._refused.values()),
                                            **subscribers(self._published)}

    def _check_source(self, values):
        if values['source'] == 'file' and not values['file.path']:
            raise ParameterError('source is file, but file.path is empty: set it to an audio '
                                 'file')
        simulated = self.get_parameter('use_sim_time').value
        if simulated and values['source'] == 'device' and not values['allow_sim_time_capture']:
            raise ParameterError('a live microphone has no simulated time: set use_sim_time to '
                                 'false for this node, or allow_sim_time_capture to true')

    def _subscribe(self, topic, callback):
        self._subscriptions_made.append(
            subscribe_to(self, topic, self.guarded(callback), self.on_incompatible_qos))

    def _every(self, period_s, callback):
        self._timers_made.append(
            self.create_timer(period_s, self.guarded(callback), clock=self.steady_clock))

    def _publish_audio_info(self):
        self._published[topics.AUDIO_INFO].publish(conversions.audio_info_message())

    def _publish_voice(self, voice):
        self._voice = voice
        publisher = self._published.get(topics.VOICE_DETECTED)
        if publisher is not None:
            publisher.publish(message_type('std_msgs/Bool')(data=voice))

    def _on_voice(self, voice):
        if voice != self._voice:
            self._publish_voice(voice)

    def _on_utterance(self, utterance):
        """Publish one utterance; runs in the capture's thread."""
        header = conversions.header(utterance.start_ns, self._frame_id)
        values = conversions.utterance_values(utterance)
        self._published[topics.UTTERANCE_INFO].publish(
            conversions.info_message('utterance', values['flags'], values, header))
        self._published[topics.UTTERANCE].publish(
            conversions.audio_message(utterance.samples, header))
        with self._lock:
            self._utterances += 1
        if self._full_speed:
            # A file read as fast as possible would push the first ones out of the queues.
            self._published[topics.UTTERANCE].wait_for_all_acked(conversions.duration(DELIVERY_S))

    def _on_partial(self, utterance):
        self._publish_early(topics.UTTERANCE_PARTIAL, utterance)

    def _on_anticipated(self, utterance):
        self._publish_early(topics.UTTERANCE_ANTICIPATED, utterance)

    def _publish_early(self, topic, utterance):
        self._published[topic].publish(conversions.audio_message(
            utterance.samples, conversions.header(utterance.start_ns, self._frame_id)))

    def _on_block(self, block):
        self._published[topics.AUDIO_STREAM].publish(conversions.audio_message(
            block.samples, conversions.header(block.stamp_ns, self._frame_id)))

    def _on_notice(self, level, text):
        # rclpy binds a severity to the line of a call, hence one line each.
        if level == 'error':
            self.get_logger().error(text)
        elif level == 'warn':
            self.get_logger().warning(text)
        else:
            self.get_logger().info(text)
        # A microphone that is lost, or heard again, must not wait for the next round.
        self._publish_soon()

    def _on_robot_speaking(self, message):
        self._capture.set_robot_speaking(message.data)

    def _on_input_info(self, message):
        self._input_info = message

    def _on_input(self, message):
        undeclared = self._input_info is None
        if undeclared and self.count_publishers(self.resolve_topic_name(topics.INPUT_INFO.name)):
            # The format is declared but has not arrived yet.
            return
        try:
            rate, channels = conversions.check_stream_format(self._input_info)
            samples = conversions.samples_of(message, channels)
        except FormatError as error:
            if str(error) not in self._refused:
                self.get_logger().warning(f'sound is refused, and all like it: {error}')
            self._refused[str(error)] = self._refused.get(str(error), 0) + 1
            return
        self._capture.push(samples, conversions.stamp_ns(message.header), rate)

    def _await_subscriber(self):
        if self._published[topics.UTTERANCE].get_subscription_count() == 0:
            return
        self._waiting = False
        self.destroy_timer(self._timers_made.pop())
        try:
            self._capture.start()
        except AudioError as error:
            self._fail(f'cannot start: {error}')
            self._end_file(1)

    def _on_capture_finished(self):
        """Take note of the end of the source; runs in the capture's thread."""
        if self.executor is not None:
            # A task instead of a timer that looks: the executor wakes up for nothing less.
            self.executor.create_task(self.guarded(self._file_is_over))

    def _file_is_over(self):
        # In between the node may have been deactivated, and started anew.
        if self.parameters['source'] != 'file' or self._capture is None or (
                not self._capture.finished.is_set()):
            return
        failed = self._capture.status().level == 'error'
        if not failed:
            self.get_logger().info(f'the file is over: {self.utterances} utterances')
        self._end_file(int(failed))

    def _end_file(self, code):
        if self.parameters['file.exit_at_end']:
            for publisher in self._published.values():
                publisher.wait_for_all_acked(conversions.duration(DELIVERY_S))
            self._on_finished(code)

    def _set_enabled(self, request):
        self._require_capture().set_enabled(request.data)
        self._enabled = request.data
        return True, 'listening' if request.data else 'muted'

    def _push_to_talk(self, request):
        self._require_capture().push_to_talk(request.data)
        return True, 'pressed' if request.data else 'released'

    def _reset(self, request):
        self._require_capture().reset()
        self._refused.clear()
        return True, 'the buffered sound is dropped'

    def _require_capture(self):
        if self._capture is None:
            raise ParameterError(f'the node is {self.state}: configure it first')
        return self._capture
