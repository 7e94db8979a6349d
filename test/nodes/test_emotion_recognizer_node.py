"""The recognizer: utterance messages in, emotion messages out."""

import json

import numpy as np
import pytest
from ros_world import diagnostics_of, values_of, wait_until
from tiny_model import LABELS, samples_for, write_tiny_model

from physioser_ros.inference import load_model
from physioser_ros.nodes import conversions, topics

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')

from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: E402,I100

RESULT_TOPICS = (topics.BRANCHES, topics.VAP_FRAMES, topics.CONFIDENCE, topics.LABEL,
                 topics.RESULT_INFO, topics.CLASSIFICATION)


@pytest.fixture
def start(world, tiny_model):
    """Return a function that starts an active recognizer, matched with speaker and listeners."""
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer

    def start(parameters=None, listen=RESULT_TOPICS):
        received = {topic: world.listen(topic) for topic in listen}
        speaker = world.speak(topics.UTTERANCE)
        node = world.add(EmotionRecognizer, {'model.path': tiny_model, **(parameters or {})})
        assert world.transition('emotion_recognizer', 'configure')
        assert world.transition('emotion_recognizer', 'activate')
        world.matched(speaker)
        world.connected(node, received)
        return speaker, received
    return start


def utterance(index, stamp_ns=1_500_000_000, **options):
    """Return the message of an utterance whose label in the tiny model is LABELS[index]."""
    return conversions.audio_message(samples_for(index, **options),
                                     conversions.header(stamp_ns, 'head_microphone'))


def test_every_topic_of_an_utterance_agrees_with_the_classification(start):
    speaker, received = start()
    speaker.publish(utterance(3))
    answer = received[topics.CLASSIFICATION].wait()

    assert (answer.header.stamp.sec, answer.header.stamp.nanosec) == (1, 500_000_000)
    assert answer.header.frame_id == 'head_microphone'
    scores = [result.score for result in answer.results]
    assert sorted(result.class_id for result in answer.results) == sorted(LABELS)
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1)
    assert answer.results[0].class_id == LABELS[3]
    assert received[topics.LABEL].wait().data == LABELS[3]
    assert received[topics.CONFIDENCE].wait().data == pytest.approx(scores[0])
    branches = received[topics.BRANCHES].wait()
    assert branches.layout.dim[0].label == 'branch:vap,ssl'
    assert sum(branches.data) == pytest.approx(1)
    frames = received[topics.VAP_FRAMES].wait()
    assert frames.layout.dim[0].label == 'frame:80ms'
    assert sum(frames.data) == pytest.approx(1, abs=1e-5)
    info = received[topics.RESULT_INFO].wait()
    assert info.header == answer.header
    assert float(conversions.info_values(info)['branch.vap']) == pytest.approx(
        branches.data[0], abs=1e-5)


def test_answers_come_in_the_order_of_the_utterances(start):
    speaker, received = start({'queue.depth': 64})
    order = [5, 0, 7, 2, 2, 6]
    for number, index in enumerate(order):
        speaker.publish(utterance(index, stamp_ns=number * 10**9))
    received[topics.CLASSIFICATION].wait(len(order))
    assert [message.header.stamp.sec for message in received[topics.CLASSIFICATION]] == list(
        range(len(order)))
    assert [message.results[0].class_id for message in received[topics.CLASSIFICATION]] == [
        LABELS[index] for index in order]


def test_bad_utterances_are_counted_and_the_next_good_one_is_answered(start, world):
    diagnostics = world.listen(topics.DIAGNOSTICS)
    speaker, received = start(listen=(topics.CLASSIFICATION,))
    odd, empty = utterance(1), utterance(1)
    odd.audio.data = odd.audio.data[:-1]
    empty.audio.data = empty.audio.data[:0]
    for message in (odd, empty, utterance(4)):
        speaker.publish(message)
    assert received[topics.CLASSIFICATION].wait().results[0].class_id == LABELS[4]

    def counted():
        statuses = diagnostics_of(diagnostics, f'{world.namespace}/emotion_recognizer')
        return statuses and values_of(statuses[-1]).get('bad_format') == '2'
    wait_until(counted, 'two refused utterances in the diagnostics')


def test_an_undeclared_format_is_refused(start, world):
    formats = world.speak(topics.AUDIO_INFO)
    speaker, received = start(listen=(topics.CLASSIFICATION,))
    world.matched(formats)
    info = conversions.audio_info_message()
    info.sample_rate = 48000
    formats.publish(info)
    node = world.nodes[0]
    wait_until(lambda: node._audio_info is not None, 'the audio_info')
    speaker.publish(utterance(1))
    wait_until(lambda: node.settled == 1, 'the refusal')
    assert not received[topics.CLASSIFICATION]
    formats.publish(conversions.audio_info_message())
    wait_until(lambda: node._audio_info.sample_rate == 16000, 'the other audio_info')
    speaker.publish(utterance(1))
    received[topics.CLASSIFICATION].wait()


def test_a_missing_model_fails_to_configure_and_another_one_is_accepted_later(
        world, tiny_model):
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer
    from rclpy.parameter import Parameter

    diagnostics = world.listen(topics.DIAGNOSTICS)
    node = world.add(EmotionRecognizer, {'model.path': '/nowhere/model.onnx'})
    diagnostics.wait_matched()
    assert not world.transition('emotion_recognizer', 'configure')
    assert world.state('emotion_recognizer') == 'unconfigured'
    assert 'there is no model /nowhere/model.onnx' in node.problem
    wait_until(lambda: any(
        status.level == b'\x02' and '/nowhere/model.onnx' in status.message
        for status in diagnostics_of(diagnostics, node.get_fully_qualified_name())),
        'the problem in the diagnostics')

    node.set_parameters([Parameter('model.path', value=tiny_model)])
    assert world.transition('emotion_recognizer', 'configure')
    assert node.problem == ''


def test_a_late_subscriber_gets_the_labels(start, world):
    start(listen=(), parameters={'decision.min_confidence': 0.5})
    late = world.listen(topics.LABEL_INFO).wait()
    assert [item.class_name for item in late.class_map] == list(LABELS)
    assert late.threshold == pytest.approx(0.5)


def test_uncertain_is_said_below_the_threshold_and_may_be_kept_silent(start, world):
    from rclpy.parameter import Parameter

    speaker, received = start({'decision.min_confidence': 1.0})
    speaker.publish(utterance(3))
    received[topics.CLASSIFICATION].wait()
    assert received[topics.LABEL].wait().data == 'uncertain'
    world.nodes[0].set_parameters([Parameter('publish.label_when_uncertain', value=False)])
    speaker.publish(utterance(3))
    received[topics.CLASSIFICATION].wait(2)
    assert len(received[topics.LABEL]) == 1


def test_a_pause_ignores_utterances(start, world):
    from std_srvs.srv import SetBool

    speaker, received = start(listen=(topics.CLASSIFICATION,))
    assert world.call('emotion_recognizer/set_enabled', SetBool, data=False).success
    speaker.publish(utterance(3, stamp_ns=1))
    wait_until(lambda: world.nodes[0].settled == 1, 'the utterance to be ignored')
    assert world.call('emotion_recognizer/set_enabled', SetBool, data=True).success
    speaker.publish(utterance(3, stamp_ns=2))
    assert received[topics.CLASSIFICATION].wait().header.stamp.nanosec == 2


def test_attention_map_pairs_with_the_classification(start):
    speaker, received = start({'publish.attention_image': True},
                              listen=(topics.ATTENTION_MAP, topics.CLASSIFICATION))
    speaker.publish(utterance(2, duration_s=2.0))
    image = received[topics.ATTENTION_MAP].wait()
    assert image.header == received[topics.CLASSIFICATION].wait().header
    rows = np.frombuffer(image.data, np.float32).reshape(image.height, image.width)
    assert image.encoding == '32FC1'
    assert rows.shape == (2, 25)
    assert rows.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_early_answers_go_to_their_own_topic(start, world):
    early = world.speak(topics.UTTERANCE_PARTIAL)
    speaker, received = start(listen=(topics.PARTIAL, topics.CLASSIFICATION))
    world.matched(early)

    def publish_again():
        # The topic is best effort: a message may be lost.
        early.publish(utterance(6))
        return received[topics.PARTIAL]
    wait_until(publish_again, 'an early answer', pause_s=0.2)
    assert received[topics.PARTIAL][0].results[0].class_id == LABELS[6]
    assert not received[topics.CLASSIFICATION]


def test_an_anticipated_utterance_has_its_answer_ready_when_it_is_over(start, world):
    ahead = world.speak(topics.UTTERANCE_ANTICIPATED)
    speaker, received = start(listen=(topics.CLASSIFICATION, topics.RESULT_INFO))
    world.matched(ahead)
    node = world.nodes[0]
    ahead.publish(utterance(6))
    wait_until(lambda: node._engine.status().partial_results == 1, 'the early answer')
    for stamp_ns in (1_500_000_000, 9 * 10**9):
        speaker.publish(utterance(6, stamp_ns=stamp_ns))
    known, computed = received[topics.CLASSIFICATION].until(2)
    assert known.results == computed.results
    infos = [conversions.info_values(info) for info in received[topics.RESULT_INFO].until(2)]
    assert [info['answered_ahead'] for info in infos] == ['True', 'False']
    assert float(infos[0]['answer_ms']) > 0
    assert infos[0]['speaker'] == ''
    assert node.report()[3]['answered_ahead'] == 1


def test_an_early_answer_is_made_of_the_last_seconds(start, world):
    early = world.speak(topics.UTTERANCE_PARTIAL)
    _, received = start({'early.window_s': 1.0}, listen=(topics.PARTIAL,))
    world.matched(early)
    message = conversions.audio_message(
        np.concatenate([samples_for(1, duration_s=3.0), samples_for(6)]), conversions.header(7))
    wait_until(lambda: early.publish(message) or received[topics.PARTIAL], 'an early answer',
               pause_s=0.2)
    assert received[topics.PARTIAL][0].results[0].class_id == LABELS[6]
    assert conversions.stamp_ns(received[topics.PARTIAL][0].header) == 7


def test_an_explanation_is_of_the_last_answer_and_shown_on_its_topic(start, world):
    from std_srvs.srv import Trigger

    speaker, received = start(listen=(topics.CLASSIFICATION, topics.COMPONENTS))
    answer = world.call('emotion_recognizer/explain', Trigger)
    assert not answer.success and 'no utterance was answered yet' in answer.message
    for index in (3, 5):
        speaker.publish(utterance(index, stamp_ns=index * 10**9))
    last = received[topics.CLASSIFICATION].wait(2)
    answer = world.call('emotion_recognizer/explain', Trigger)
    assert answer.success, answer.message
    told = json.loads(answer.message)
    assert told['stamp'] == {'sec': 5, 'nanosec': 0}
    assert told['label'] == told['model_label'] == LABELS[5]
    assert told['probabilities'][LABELS[5]] == pytest.approx(last.results[0].score, abs=1e-6)
    shown = received[topics.COMPONENTS].wait()
    assert list(shown.data) == pytest.approx(list(told['component_saliency'].values()), abs=1e-5)
    assert sum(told['branch_weights'].values()) == pytest.approx(1, abs=1e-5)
    assert [len(told['moments'][branch]) for branch in ('vap', 'ssl')] == [3, 3]
    assert world.call('emotion_recognizer/reset', Trigger).success
    assert not world.call('emotion_recognizer/explain', Trigger).success


def test_a_long_explanation_holds_up_nobody_and_ends_with_the_node(start, world, tmp_path):
    from std_srvs.srv import Trigger

    speaker, received = start(listen=(topics.CLASSIFICATION,))
    node = world.nodes[0]
    speaker.publish(utterance(3))
    received[topics.CLASSIFICATION].wait()
    # From now on an explanation takes an hour.
    endless = load_model(write_tiny_model(tmp_path / 'endless.onnx', busy=10**8))
    explain, cancel = node._engine.explain, node._model.cancel
    node._engine.explain = lambda *sound: endless.run(sound[0] / np.float32(32768)) and explain(
        *sound)
    node._model.cancel = lambda: (cancel(), endless.cancel())
    asked = world.observer.create_client(
        Trigger, 'emotion_recognizer/explain').call_async(Trigger.Request())
    wait_until(lambda: endless._under_way, 'the explanation to begin')
    speaker.publish(utterance(4))
    assert received[topics.CLASSIFICATION].wait(2).results[0].class_id == LABELS[4]
    assert not asked.done()
    assert world.transition('emotion_recognizer', 'deactivate')
    wait_until(asked.done, 'the answer of the explanation')
    assert not asked.result().success
    assert 'cannot be explained' in asked.result().message


def test_the_same_utterances_give_the_same_answers_again(start):
    speaker, received = start({'decision.smoothing': 'ema', 'queue.depth': 64})
    order = (1, 4, 4, 6)
    for run in range(2):
        for second, index in enumerate(order):
            speaker.publish(utterance(index, stamp_ns=10**12 + second * 10**9))
        received[topics.CLASSIFICATION].wait(len(order) * (run + 1))
    answers = received[topics.CLASSIFICATION]
    # Equal to the last bit; the serialised bytes are not, for their padding holds anything.
    assert answers[:len(order)] == answers[len(order):]


def test_a_burst_on_a_slow_model_is_dropped_by_policy_counted_and_kept_in_order(
        start, world, tmp_path):
    slow = str(write_tiny_model(tmp_path / 'slow.onnx', busy=500))
    speaker, received = start({'model.path': slow}, listen=(topics.CLASSIFICATION,))
    node = world.nodes[0]
    for stamp in range(30):
        speaker.publish(utterance(stamp % 8, stamp_ns=stamp))
        # The topic itself holds ten.
        wait_until(lambda: node.report()[3]['utterances'] == stamp + 1, 'it to be heard')
    wait_until(lambda: node.settled == 30, 'every utterance to be settled')
    values = node.report()[3]
    assert values['results'] + values['dropped.queue_full'] == 30
    stamps = [message.header.stamp.nanosec for message in received[topics.CLASSIFICATION].until(
        values['results'])]
    assert stamps == sorted(stamps)
    assert stamps[-1] == 29


def test_speakers_are_told_apart_by_their_id(start, world, tmp_path):
    model = str(write_tiny_model(tmp_path / 'adapting.onnx', speaker=True))
    ids = world.speak(topics.SPEAKER_ID)
    speaker, received = start({'model.path': model}, listen=(topics.CLASSIFICATION,))
    node = world.nodes[0]
    world.matched(ids)
    for count, (name, stamp) in enumerate((('ann', 0), ('ann', 1), ('bob', 2))):
        ids.publish(conversions.message_type('std_msgs/String')(data=name))
        wait_until(lambda: node._speaker_id == name, f'{name} to be known')
        speaker.publish(utterance(5, stamp_ns=10**12 + stamp * 10**9))
        received[topics.CLASSIFICATION].wait(count + 1)
    first, second, other = ([result.score for result in message.results]
                            for message in received[topics.CLASSIFICATION])
    assert first == other
    assert first != second


def test_what_is_known_of_a_voice_ends_with_time_number_and_reset(start, world, tmp_path):
    from std_srvs.srv import Trigger

    model = str(write_tiny_model(tmp_path / 'adapting.onnx', speaker=True))
    ids = world.speak(topics.SPEAKER_ID)
    speaker, received = start({'model.path': model, 'speaker.forget_s': 10.0,
                               'speaker.max_speakers': 1}, listen=(topics.CLASSIFICATION,))
    node = world.nodes[0]
    world.matched(ids)

    def say(name, second):
        ids.publish(conversions.message_type('std_msgs/String')(data=name))
        wait_until(lambda: node._speaker_id == name, f'{name} to be known')
        count = len(received[topics.CLASSIFICATION]) + 1
        speaker.publish(utterance(5, stamp_ns=10**12 + second * 10**9))
        return received[topics.CLASSIFICATION].wait(count).results
    stranger = say('ann', 0)
    assert say('ann', 5) != stranger
    assert say('ann', 16) == stranger
    assert say('bob', 17) == stranger
    # There was room for one, and it was the last who spoke.
    assert say('ann', 18) == stranger
    assert say('ann', 19) != stranger
    assert world.call('emotion_recognizer/reset', Trigger).success
    assert say('ann', 20) == stranger
    assert node.report()[3]['speakers'] == 1


def test_a_best_effort_subscriber_is_served(start, world):
    lossy = world.listen(topics.CLASSIFICATION, QoSProfile(
        depth=10, reliability=ReliabilityPolicy.BEST_EFFORT))
    speaker, _ = start(listen=())
    lossy.wait_matched()
    # It may lose a message.
    wait_until(lambda: speaker.publish(utterance(3)) or lossy, 'an answer', pause_s=0.2)
    assert lossy[0].results[0].class_id == LABELS[3]


def test_without_hri_msgs_one_line_says_so_and_the_rest_works(start, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)
    monkeypatch.setattr('physioser_ros.nodes.ros4hri.message_type', missing)
    speaker, received = start({'ros4hri.enabled': True, 'ros4hri.follow': True})
    speaker.publish(utterance(3))
    received[topics.CLASSIFICATION].wait()


def test_a_voice_id_that_cannot_be_a_topic_is_refused_in_one_sentence(world, tiny_model):
    from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer

    node = world.add(EmotionRecognizer, {
        'model.path': tiny_model, 'ros4hri.enabled': True, 'ros4hri.voice_id': 'my voice'})
    assert not world.transition('emotion_recognizer', 'configure')
    assert node.problem.startswith("cannot configure: 'ros4hri.voice_id' cannot be 'my voice'")


def test_the_voice_is_published_where_hri_msgs_is_installed(start, world):
    hri = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')
    voices = world.speak(topics.VOICE_DETECTED)
    ids = world.speak(topics.SPEAKER_ID)
    speaker, received = start({'ros4hri.enabled': True})
    tracked, expressions, speaks = [], [], []
    for kind, name, heard in ((hri.IdsList, 'tracked', tracked),
                              (hri.Expression, 'ann/expression', expressions),
                              (conversions.message_type('std_msgs/Bool'), 'ann/is_speaking',
                               speaks)):
        world.observer.create_subscription(kind, f'humans/voices/{name}', heard.append, 10)
    wait_until(lambda: tracked and tracked[-1].ids == ['anonymous_speaker'], 'nobody')
    world.matched(ids)
    ids.publish(conversions.message_type('std_msgs/String')(data='ann'))
    wait_until(lambda: tracked[-1].ids == ['ann'], 'ann')
    world.matched(voices)
    voice = conversions.message_type('std_msgs/Bool')(data=True)
    wait_until(lambda: voices.publish(voice) or speaks, 'ann to speak', pause_s=0.2)
    wait_until(lambda: speaker.publish(utterance(2)) or expressions, 'her expression',
               pause_s=0.2)
    assert expressions[0].expression == 'scared'
    assert expressions[0].confidence == pytest.approx(
        received[topics.CLASSIFICATION].wait().results[0].score)
