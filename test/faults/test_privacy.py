"""What a default configuration gives away, and what hours of work leave behind."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from rclpy.serialization import serialize_message  # noqa: E402,I100
from room import PATIENT  # noqa: E402
from ros_world import diagnostics_of, values_of, wait_until  # noqa: E402
from tiny_model import write_tiny_model  # noqa: E402

from physioser_ros.nodes import topics  # noqa: E402
from physioser_ros.nodes.conversions import samples_of  # noqa: E402

#: Topics that carry sound, and whether they do by default.
SOUND = {topics.UTTERANCE: True, topics.UTTERANCE_ANTICIPATED: True,
         topics.UTTERANCE_PARTIAL: False, topics.AUDIO_STREAM: False}
#: So many bytes of an utterance in a row are no coincidence.
TRACE = 64


@pytest.mark.fault(16, 'both nodes with default parameters on a recording, in an empty home, '
                   'temporary and working folder that are searched afterwards')
def test_by_default_no_sound_is_streamed_written_or_hidden_in_an_answer(
        world, execute, model, speech, write, tmp_path, monkeypatch, seen):
    home = tmp_path / 'home'
    home.mkdir()
    for name in ('HOME', 'TMPDIR', 'ROS_HOME'):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(home)
    path = write('speech.wav', speech)
    listened = {topic: world.listen(topic, PATIENT if topic.qos == 'results' else None)
                for node in topics.PUBLISHED.values() for topic in node
                if topic is not topics.DIAGNOSTICS}
    diagnostics = world.listen(topics.DIAGNOSTICS)
    process = execute('ser', model__path=model, source='file', file__path=path,
                      file__exit_at_end=True, file__realtime=False, autostart=False)
    for node in ('emotion_recognizer', 'audio_capture'):
        assert world.transition(node, 'configure'), process.output
    heard_by = f'subscribers.{topics.UTTERANCE.name}'
    # The recogniser's subscription alone would start the file.
    assert world.transition('emotion_recognizer', 'activate'), process.output
    wait_until(lambda: any(values_of(status).get(heard_by) == '2' for status in diagnostics_of(
        diagnostics, f'{world.namespace}/audio_capture')), 'the recogniser and the test to listen')
    assert world.transition('audio_capture', 'activate'), process.output
    assert process.wait() == 0, process.output
    utterances = listened[topics.UTTERANCE].until(2)
    listened[topics.CLASSIFICATION].wait(2)
    sounds = [samples_of(message).tobytes() for message in utterances]
    traces = [sound[len(sound) // 2:][:TRACE] for sound in sounds]
    assert all(any(trace) for trace in traces)
    for topic, messages in listened.items():
        said = b''.join(serialize_message(message) for message in messages)
        assert any(trace in said for trace in traces) <= SOUND.get(topic, False), topic.name
    assert not listened[topics.AUDIO_STREAM] and not listened[topics.UTTERANCE_PARTIAL]
    written = [file for file in home.rglob('*') if file.is_file()]
    for file in written:
        assert file.suffix == '.log', file
        content = file.read_bytes()
        assert not any(trace in content for trace in traces), file
    seen(f'{len(listened)} topics heard: sound on audio/utterance and what is computed ahead '
         f'alone; {len(written)} files written, all of them logs without sound')


def test_what_is_dumped_is_announced_and_the_oldest_give_way(room, tmp_path, write, speech):
    from physioser_ros.audio import dump

    nodes = room({'source': 'file', 'file.realtime': False, 'file.wait_for_subscriber': False,
                  'dump_dir': str(tmp_path)})
    notices = []
    log = nodes.capture._on_notice
    nodes.capture._on_notice = lambda *notice: (notices.append(notice), log(*notice))
    nodes.play(write('speech.wav', speech))
    assert ('warn', f'every utterance is written to {tmp_path}: people nearby are '
            'recorded') in notices
    assert len(list(tmp_path.glob('utterance_*.wav'))) == len(nodes.utterances)
    assert dump.KEPT_FILES == 200


@pytest.mark.fault(15, 'six minutes of a room with people through segmenter and model, by the '
                   'same command that does 24 hours (`physioser soak full-speed`)')
def test_a_short_soak_gives_the_same_answer_at_both_ends_and_leaves_nothing(tmp_path, seen):
    from physioser_ros.benchmark.soak.full_speed import flood
    from physioser_ros.benchmark.soak.watch import read_samples

    path = tmp_path / 'processes.csv'
    found = flood(write_tiny_model(tmp_path / 'tiny.onnx'), 0.1, None, path, 8, lambda text: None,
                  detector='webrtc')
    assert found.identical and not found.errors
    assert found.answers == found.utterances >= 20
    samples = read_samples(path)
    assert len({sample.descriptors for sample in samples}) == 1
    assert max(sample.threads for sample in samples) <= samples[0].threads
    seen(f'{found.answers} of {found.utterances} answered, the same utterance bit by bit the '
         f'same at both ends, descriptors {samples[0].descriptors} throughout')
