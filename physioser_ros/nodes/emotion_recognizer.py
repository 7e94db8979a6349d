"""The node that turns utterances into emotions."""

import json
import threading
import time

from physioser_ros.inference import Decision, DurationWindow, Engine, explanation, find_model
from physioser_ros.inference import InferenceError, load_model, SpeakerMemory
from physioser_ros.nodes import conversions, topics
from physioser_ros.nodes.answers import Answers, Heard
from physioser_ros.nodes.aside import Aside
from physioser_ros.nodes.conversions import FormatError, SAMPLE_RATE, stamp_ns
from physioser_ros.nodes.decision_options import decision_options
from physioser_ros.nodes.diagnostics import LEVELS, OK, WARN
from physioser_ros.nodes.lifecycle import ManagedNode
from physioser_ros.nodes.lost import LostMessages
from physioser_ros.nodes.qos import publish_on, subscribe_to, subscribers
from physioser_ros.nodes.ros4hri import check_voice_id, follow, Voice

#: Time for the inference under way when the node is deactivated, and for an explanation, in s.
STOP_S, ASIDE_STOP_S = 1.2, 0.4


class EmotionRecognizer(ManagedNode):
    """Lifecycle node around :class:`physioser_ros.inference.Engine`."""

    def __init__(self, **options):
        """
        Create the node, unconfigured.

        :param options: further arguments of LifecycleNode.
        :raises ParameterError: for a given parameter of wrong type or out of range.
        """
        self._engine = None
        self._model = None
        self._published = {}
        self._answers = None
        self._subscriptions_made = []
        self._enabled = True
        self._audio_info = None
        self._speaker_id = ''
        self._voice = None
        self._refused = {}
        self._ignored = 0
        self._cut_warned = False
        self._lost = LostMessages()
        self._settled = 0
        self._latency, self._answer = DurationWindow(), DurationWindow()
        self._aside = Aside(self)
        # Results come from the engine's thread, counts are read by the executor's.
        self._lock = threading.Lock()
        super().__init__('emotion_recognizer', **options)
        self.serve({'~/set_enabled': self._set_enabled, '~/reset': self._reset,
                    '~/explain': self._explain})

    @property
    def settled(self):
        """Return how many whole utterances were answered, dropped or refused so far."""
        with self._lock:
            return self._settled

    def prepare(self):
        """Load and try the model, and create the publishers."""
        values = self.parameters.values()
        if values['ros4hri.enabled']:
            check_voice_id(values['ros4hri.voice_id'])
        self._model = load_model(
            find_model(values['model.path']), sha256=values['model.sha256'],
            providers=values['model.providers'],
            require_provider=values['model.require_provider'],
            intra_op_threads=values['model.intra_op_threads'], warm_up=values['model.warmup'])
        for notice in self._model.notices:
            self.get_logger().warning(notice)
        remembers = values['speaker.adapt'] and self._model.metadata.speaker is not None
        self._engine = Engine(
            self._model, decision=Decision(decision_options(values),
                                           max_speakers=values['speaker.max_speakers']),
            speakers=SpeakerMemory(values['speaker.forget_s'],
                                   values['speaker.max_speakers']) if remembers else None,
            queue_depth=values['queue.depth'], queue_policy=values['queue.policy'],
            max_age_s=values['queue.max_age_s'], saliency=values['publish.saliency'],
            on_result=self.guarded(self._on_result), on_drop=self.guarded(self._on_drop),
            on_error=self.guarded(self._on_inference_error))
        for topic in topics.PUBLISHED['emotion_recognizer']:
            if topic is not topics.DIAGNOSTICS:
                self._published[topic] = publish_on(self, topic, self.on_incompatible_qos)
        self._answers = Answers(self, self._published)
        if values['ros4hri.enabled']:
            self._voice = self._with_hri_msgs(lambda: Voice(
                self, values['ros4hri.voice_id'], tracked_here=not values['ros4hri.follow']))
        metadata = self._model.metadata
        self.get_logger().info(f'model {metadata.name} {metadata.version}: '
                               f'{", ".join(metadata.labels)}')

    def begin(self):
        """Start the worker, say which labels there are, and listen."""
        self._engine.start()
        self._publish_labels(self.parameters['decision.min_confidence'])
        tracker = None
        if self.parameters['ros4hri.follow']:
            tracker = self._with_hri_msgs(lambda: follow(self, self._know))
        if tracker is not None:
            self._subscriptions_made.append(tracker)
        for topic, callback in ((topics.AUDIO_INFO, self._on_audio_info),
                                (topics.SPEAKER_ID, self._on_speaker_id),
                                # Before the utterance: of both at once it is handled first.
                                (topics.UTTERANCE_ANTICIPATED, self._on_anticipated),
                                (topics.UTTERANCE, self._lost.watch(self._on_utterance)),
                                (topics.UTTERANCE_PARTIAL, self._on_partial),
                                (topics.VOICE_DETECTED, self._on_voice)):
            if topic is topics.VOICE_DETECTED and self._voice is None or (
                    topic is topics.SPEAKER_ID and tracker is not None):
                continue
            self._subscriptions_made.append(
                subscribe_to(self, topic, self.guarded(callback), self.on_incompatible_qos))

    def halt(self):
        """Listen no more and stop the worker; what waits is dropped."""
        while self._subscriptions_made:
            self.destroy_subscription(self._subscriptions_made.pop())
        if self._engine is None:
            return
        stopped = self._engine.stop(STOP_S)
        if not self._aside.stop(self._model.cancel, ASIDE_STOP_S) or not stopped:
            self.get_logger().warning('an inference is still under way, its result is lost')

    def release(self):
        """Forget the model and remove the publishers."""
        for publisher in self._published.values():
            self.destroy_lifecycle_publisher(publisher)
        self._published = {}
        if self._voice is not None:
            self._voice.close()
        self._engine = self._model = self._answers = self._audio_info = self._voice = None

    def change(self, values, changed):
        """Take over live changes of the decision."""
        if any(name.startswith('decision.') for name in changed):
            self._engine.recognizer.decision.options = decision_options(values)
            if self.is_active and 'decision.min_confidence' in changed:
                self._publish_labels(values['decision.min_confidence'])

    def report(self):
        """Return level, text, hardware id and values for the diagnostics."""
        if self._engine is None:
            return WARN, 'no model is loaded', 'none', {}
        status = self._engine.status()
        metadata = self._model.metadata
        level, text = LEVELS[status.level], status.text
        if not self._enabled:
            level, text = WARN, 'paused by ~/set_enabled'
        elif self._refused and level == OK:
            level, text = WARN, f'utterances were refused: {next(iter(self._refused))}'
        with self._lock:
            latency, answer = self._latency.percentiles(), self._answer.percentiles()
        values = {
            'model': f'{metadata.name} {metadata.version}', 'sha256': self._model.sha256,
            'providers_asked': ','.join(self.parameters['model.providers']),
            'providers': ','.join(self._model.providers), 'utterances': status.submitted,
            'results': status.results, 'answered_ahead': status.ahead,
            'ignored_while_paused': self._ignored, 'lost': self._lost.count,
            'bad_format': sum(self._refused.values()), 'waiting': status.waiting,
            **{f'dropped.{reason}': count for reason, count in status.dropped.items()},
            'errors': status.errors, 'last_error': status.last_error,
            'processing_ms.p50': status.processing.p50 * 1000,
            'processing_ms.p95': status.processing.p95 * 1000,
            'processing_ms.max': status.processing.max * 1000,
            'latency_ms.p50': latency.p50 * 1000, 'latency_ms.p95': latency.p95 * 1000,
            'answer_ms.p50': answer.p50 * 1000, 'answer_ms.p95': answer.p95 * 1000,
            'real_time_factor': status.real_time_factor, 'speakers': status.speakers,
            'last_label': status.last_label, 'last_confidence': status.last_confidence,
            **subscribers(self._published)}
        return level, text, metadata.name, values

    def wait_until_heard(self, timeout_s):
        """
        Wait until every subscriber has acknowledged what was published.

        :param timeout_s: longest time to wait for each topic, in s.
        """
        for publisher in self._published.values():
            publisher.wait_for_all_acked(conversions.duration(timeout_s))

    def _with_hri_msgs(self, create):
        """Return what `create()` returns, None and one line in the log without hri_msgs."""
        try:
            return create()
        except ImportError:
            self.get_logger().info('hri_msgs is not installed: there is nothing to publish or to '
                                   'hear under humans/voices')
            return None

    def _publish_labels(self, threshold):
        self._answers.publish_labels(self._model.metadata.labels, threshold)

    def _on_audio_info(self, message):
        self._audio_info = message

    def _on_speaker_id(self, message):
        self._know(message.data)

    def _know(self, speaker_id):
        self._speaker_id = speaker_id
        if self._voice is not None:
            self._voice.track(speaker_id)

    def _on_voice(self, message):
        self._voice.speaks(message.data)

    def _on_utterance(self, message):
        self._hear(message, partial=False)

    def _on_anticipated(self, message):
        self._hear(message, partial=True)

    def _on_partial(self, message):
        self._hear(message, partial=True, window_s=self.parameters['early.window_s'])

    def _hear(self, message, partial, window_s=0.0):
        if not self._enabled:
            # Of one utterance the whole counts, not what came of it before.
            self._ignored += not partial
            self._settle(partial)
            return
        try:
            conversions.check_utterance_format(self._audio_info)
            samples = conversions.samples_of(message)
        except FormatError as error:
            if not partial:
                self._refuse(str(error))
            self._settle(partial)
            return
        start_ns = stamp_ns(message.header)
        end_ns = start_ns + len(samples) * 1_000_000_000 // SAMPLE_RATE
        heard = Heard(message.header, end_ns, partial, time.monotonic(), self._speaker_id)
        if window_s:
            samples = samples[-round(window_s * SAMPLE_RATE):]
        # The stamp as time: a bag that is played again is smoothed in the same way.
        self._engine.submit(samples, heard, partial=partial, speaker_id=self._speaker_id,
                            utterance=start_ns, time_s=end_ns / 1e9)

    def _refuse(self, reason):
        if reason not in self._refused:
            self.get_logger().warning(f'an utterance is refused, and all like it: {reason}')
        self._refused[reason] = self._refused.get(reason, 0) + 1

    def _settle(self, partial):
        if not partial:
            with self._lock:
                self._settled += 1

    def _on_result(self, result):
        """Publish one answer; runs in the engine's thread."""
        if result.partial:
            self._answers.publish_early(result)
            return
        if result.skipped_samples and not self._cut_warned:
            self._cut_warned = True
            self.get_logger().warning(
                f'an utterance was {result.skipped_samples / SAMPLE_RATE:.1f} s longer than the '
                'model takes, and its beginning was not looked at (skipped_s in result_info says '
                'so each time): set segment.max_s of the capture to '
                f'{self._model.metadata.max_samples / SAMPLE_RATE:g} or less')
        latency_s, answer_s = self._answers.publish(result)
        if self._voice is not None:
            self._voice.feels(result, result.context.header)
        with self._lock:
            self._latency.add(latency_s)
            self._answer.add(answer_s)
        self._settle(partial=False)

    def _on_drop(self, heard, reason):
        self.get_logger().debug(f'utterance of {stamp_ns(heard.header)} ns dropped: {reason}')
        self._settle(heard.partial)

    def _on_inference_error(self, heard, error):
        cause = error if isinstance(error, InferenceError) else f'{type(error).__name__}: {error}'
        self.get_logger().error(
            f'utterance of {stamp_ns(heard.header)} ns without an answer: {cause}')
        self._settle(heard.partial)

    def _set_enabled(self, request):
        self._enabled = request.data
        return True, 'listening' if request.data else 'paused'

    def _reset(self, request):
        if self._engine is not None:
            self._engine.reset()
        self._refused.clear()
        return True, 'speakers, smoothing and the last utterance are forgotten'

    async def _explain(self, request):
        """Explain the last answer, in a thread: neither messages nor utterances wait for it."""
        engine = self._engine
        answered = None if engine is None else engine.last
        if answered is None:
            hint = '' if self.is_active else f'; the node is {self.state}: activate it first'
            return False, f'there is no answer to explain: no utterance was answered yet{hint}'
        explained = answered.result
        if explained.component_saliency is None:
            try:
                explained = await self._aside.run(
                    lambda: engine.explain(answered.request.samples, answered.state))
            except InferenceError as error:
                return False, f'the last utterance cannot be explained: {error}'
        if engine is self._engine:
            self._answers.publish_components(explained)
        header = answered.result.context.header
        stamp = {'sec': header.stamp.sec, 'nanosec': header.stamp.nanosec}
        metadata = engine.recognizer.model.metadata
        return True, json.dumps({
            'stamp': stamp, 'frame_id': header.frame_id,
            'model': f'{metadata.name} {metadata.version}', **explanation(answered, explained)})
