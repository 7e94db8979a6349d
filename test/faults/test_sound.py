"""Sound that no microphone should give, through the running nodes."""

import numpy as np
import pytest
import soxr

pytest.importorskip('rclpy', reason='no ROS 2: source tools/env.sh')
pytest.importorskip('audio_common_msgs.msg', reason='no message packages: source tools/env.sh')

from room import ERROR  # noqa: E402,I100
from ros_world import wait_until  # noqa: E402

from physioser_ros.nodes import conversions, topics  # noqa: E402
from physioser_ros.nodes.conversions import samples_of, stamp_ns  # noqa: E402

RATE = 16000
FILE = {'source': 'file', 'file.realtime': False, 'file.wait_for_subscriber': False}
#: What is cheap to hear: synthetic voices, by the cheapest detector.
CHEAP = {'vad.backend': 'webrtc'}
SILENCE = np.zeros(round(1.5 * RATE), np.int16)


def probabilities(answers):
    """Return what each answer gives to each label."""
    return [{item.class_id: item.score for item in answer.results} for answer in answers]


def check_finite(answers):
    """Check that every answer is a distribution."""
    for found in probabilities(answers):
        assert np.isfinite(list(found.values())).all()
        assert sum(found.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.fault(4, 'a float WAV file with NaN, infinite and 1e30 samples between two '
                   'sentences, through both nodes')
def test_what_is_no_number_is_refused_and_leaves_the_next_answer_as_it_was(
        room, model, sentences, write, seen):
    clean = [np.concatenate([SILENCE, part, SILENCE]) / np.float32(32768) for part in sentences]
    bad = np.zeros(3 * 480, np.float32)
    bad[[0, 480, 960]] = np.nan, np.inf, 1e30
    # A whole number of the blocks and of the detectors' frames, which begin anew after a loss.
    fill = np.zeros(-len(clean[0]) % 7680, np.float32)
    nodes = room(FILE, {'model.path': model, 'speaker.adapt': False})
    nodes.start(nodes.recognizer)
    nodes.play(write('clean.wav', np.concatenate([clean[0], fill, clean[1]]), subtype='FLOAT'))
    count = len(nodes.answers)
    sound = [samples_of(message) for message in nodes.utterances]
    nodes.play(write('bad.wav', np.concatenate([clean[0], fill, bad, clean[1]]),
                     subtype='FLOAT'))
    refused = nodes.capture.report()[3]['refused_blocks']
    assert refused == 3
    assert count >= 2 and len(nodes.answers) == 2 * count
    again = [samples_of(message) for message in nodes.utterances[count:]]
    assert all(np.array_equal(one, other) for one, other in zip(sound, again))
    before, after = (probabilities(part) for part in (nodes.answers[:count],
                                                      nodes.answers[count:]))
    assert before == after
    seen(f'{refused} blocks refused and counted; {count} utterances and their probabilities '
         'equal bit by bit')


@pytest.mark.fault(5, 'files of speech that is clipped, shifted by half of full scale, and 40 dB '
                   'softer; of digital silence and of a constant')
def test_odd_levels_give_finite_answers_and_none_to_silence(
        room, model, speech, write, seen):
    wave = speech / 32768
    voices = {'clipped': np.clip(60 * wave, -1, 1), 'shifted': 0.5 * wave + 0.5,
              '-40 dB': 0.01 * wave}
    silences = {'zeros': 0 * wave, 'a constant': 0 * wave + 0.5}
    nodes = room({**FILE, 'vad.backend': 'cascade'}, {'model.path': model})
    nodes.start(nodes.recognizer)
    counts = {}
    for name, sound in {**voices, **silences}.items():
        before = len(nodes.answers)
        path = write('odd.wav', np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16))
        nodes.play(path)
        counts[name] = len(nodes.answers) - before
    check_finite(nodes.answers)
    assert not any(counts[name] for name in silences), counts
    assert counts['clipped'] and counts['shifted'], counts
    seen('answers: ' + ', '.join(f'{name} {count}' for name, count in counts.items())
         + '; all finite, sums 1')


@pytest.mark.fault(6, 'the same speech in files of 8, 44.1 and 48 kHz, in stereo, as 16 and '
                   '32 bit numbers and as floats')
def test_any_usual_format_gives_the_same_utterances(room, speech, write, seen):
    nodes = room(FILE)
    nodes.play(write('plain.wav', speech))
    expected = [len(samples_of(message)) / RATE for message in nodes.utterances]
    assert len(expected) >= 2
    worst = 0.0
    for rate, channels, subtype in ((8000, 1, 'PCM_16'), (44100, 2, 'PCM_32'),
                                    (48000, 2, 'FLOAT')):
        wave = np.clip(soxr.resample(speech / 32768, RATE, rate), -1, 1)
        before = len(nodes.utterances)
        nodes.play(write('other.wav', np.stack([wave] * channels, axis=1), rate, subtype))
        found = [len(samples_of(message)) / RATE for message in nodes.utterances[before:]]
        assert len(found) == len(expected), (rate, subtype)
        worst = max(worst, max(abs(np.subtract(found, expected))))
    assert worst < 0.3
    seen(f'{len(expected)} utterances each time, lengths within {worst * 1000:.0f} ms')


@pytest.mark.fault(6, 'a topic whose audio_info declares 16 kHz while 48 kHz come, and then mp3')
def test_a_wrongly_declared_rate_is_an_error_and_another_coding_is_refused(
        room, world, seen):
    info, stream = world.speak(topics.INPUT_INFO), speaker(world)
    declared = conversions.audio_info_message()
    info.publish(declared)
    nodes = room({'source': 'topic', **CHEAP, **reliable(world)}).start()
    world.matched(stream)
    wait_until(lambda: nodes.capture._input_info is not None, 'the declared format')
    for second in range(12):
        stream.publish(conversions.audio_message(
            np.zeros(48000, np.int16), conversions.header((1 + second) * 10 ** 9)))
    status = nodes.level(nodes.capture, ERROR, 'of the declared rate')
    declared.coding_format = 'mp3'
    info.publish(declared)
    wait_until(lambda: nodes.capture._input_info.coding_format == 'mp3', 'the new format')
    stream.publish(conversions.audio_message(np.zeros(480, np.int16), conversions.header(1)))
    wait_until(lambda: nodes.capture.report()[3]['bad_format'] == 1, 'the refusal')
    seen(f'ERROR "{status.message}"; mp3 refused and counted')


@pytest.mark.fault(3, 'a topic whose blocks of 0.1 s are missing, doubled and swapped in the '
                   'middle of a sentence')
def test_blocks_that_are_lost_doubled_or_swapped_are_counted_and_never_spliced(
        room, world, seen):
    from physioser_ros.benchmark.sound import synthetic_speech

    sound = np.concatenate([SILENCE, synthetic_speech(4.0), SILENCE])
    blocks = [(start, sound[start:start + 1600]) for start in range(0, len(sound) - 1599, 1600)]
    order = list(range(len(blocks)))
    order[20:22] = [21, 20]
    order.insert(25, 24)
    del order[order.index(30):order.index(30) + 8]
    stream = speaker(world)
    nodes = room({'source': 'topic', **CHEAP, **reliable(world)}).start()
    world.matched(stream)
    for index in order:
        start, samples = blocks[index]
        stream.publish(conversions.audio_message(
            samples, conversions.header(10 ** 9 + start * 62500)))
        stream.wait_for_all_acked(conversions.duration(20))
    nodes.utterances.wait(2)
    values = nodes.values(nodes.capture)
    assert int(values['gaps']) >= 1 and int(values['refused_blocks']) >= 2
    for message in nodes.utterances:
        heard = samples_of(message)
        start = (stamp_ns(message.header) - 10 ** 9) // 62500
        # Whatever was heard was said at just that time.
        assert np.array_equal(heard, sound[start:start + len(heard)])
    flags = [conversions.info_values(info)['flags'] for info in nodes.infos]
    assert any('gap' in text for text in flags)
    seen(f'{values["gaps"]} gaps and {values["refused_blocks"]} refused blocks counted, flags '
         f'`{"`, `".join(flags)}`; every sample at the place of its stamp')


@pytest.mark.fault(7, 'ten minutes of uninterrupted voice through the capture')
def test_endless_speech_is_split_without_a_hole(room, write, seen):
    from physioser_ros.benchmark.sound import synthetic_speech

    minute = synthetic_speech(60.0)
    nodes = room({**FILE, **CHEAP})
    nodes.play(write('endless.wav', np.concatenate([SILENCE, *[minute] * 10, SILENCE])))
    starts = np.array([stamp_ns(message.header) for message in nodes.utterances])
    lengths = np.array([len(samples_of(message)) for message in nodes.utterances])
    assert lengths.max() <= 10 * RATE
    whole = [info for info in nodes.infos if 'split' in conversions.info_values(info)['flags']]
    assert len(whole) >= 59
    assert lengths.sum() >= 600 * RATE
    assert (np.diff(starts) >= 0).all()
    seen(f'{len(lengths)} utterances of at most {lengths.max() / RATE:.1f} s')


@pytest.mark.fault(8, 'a file with 45 s each of noise, hum, a servo sweep and music before a '
                   'sentence')
def test_three_minutes_of_machines_are_no_speech_and_what_follows_is_heard(
        room, sentences, write, seen):
    from disturbances import DISTURBANCES

    spoken = np.concatenate([SILENCE, sentences[0], SILENCE])
    nodes = room(FILE)
    nodes.play(write('fresh.wav', spoken))
    fresh = len(samples_of(nodes.utterances[0])) / RATE
    before = len(nodes.utterances)
    noise = np.concatenate([make(45 * RATE) for make in DISTURBANCES.values()])
    nodes.play(write('noise.wav', np.concatenate([noise, spoken])))
    infos = [conversions.info_values(info) for info in nodes.infos[before:]]
    last = infos.pop()
    false_s = sum(float(values['duration_s']) for values in infos)
    assert false_s <= 0.01 * 180
    assert float(last['duration_s']) == pytest.approx(fresh, abs=0.1)
    seen(f'{false_s:.1f} s of 180 s taken for speech; the sentence heard with '
         f'{float(last["duration_s"]):.2f} s, alone {fresh:.2f} s')


def speaker(world):
    """Return a publisher of sound that loses nothing."""
    from rclpy.qos import QoSProfile

    return world.observer.create_publisher(
        conversions.message_type(topics.INPUT_STREAM.type), topics.INPUT_STREAM.name,
        QoSProfile(depth=200))


def reliable(world):
    """Return parameters by which the capture loses nothing of it either."""
    name = f'qos_overrides.{world.namespace}/{topics.INPUT_STREAM.name}.subscription'
    return {f'{name}.reliability': 'reliable', f'{name}.depth': 200}
