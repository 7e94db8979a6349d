"""Whether a capture hears what it should."""

from physioser_ros.audio.sources import PushSource

#: A live source without a block for so long is reported, in s; the watchdog may act later.
REPORT_S = 0.8
#: A topic without a block for so long is worth a look, in s.
TOPIC_REPORT_S = 2.0
#: Digital silence for so long is a muted microphone, in s.
MUTED_S = 5.0
#: Deviation of the arrival rate that means a wrong rate.
RATE_TOLERANCE = 0.02
#: Share of samples at full scale above which the sound counts as clipped, in percent.
CLIPPED_PERCENT = 1


def health(*, state, error, source, age_s, rate_ratio, sound, stuck, enabled):
    """
    Return level and text of a `CaptureStatus`, the gravest first.

    :param state: see `CaptureStatus`; the text where nothing is wrong
    :param error: what ended or interrupted the listening, '' for nothing
    :param source: the `Source`, None where there is none
    :param age_s: time since its last block in s
    :param rate_ratio: samples that arrive over samples that should, None while unknown
    :param sound: the `LevelMeter` of what is heard
    :param stuck: whether `robot_speaking` stays true
    :param enabled: False while muted by the service
    """
    live = source is not None and source.live
    timed = live or isinstance(source, PushSource)
    ratio = rate_ratio if timed else None
    reasons = (
        (bool(error), 'error', error),
        (live and age_s > REPORT_S, 'error', f'no sound for {age_s:.1f} s'),
        (ratio is not None and abs(ratio - 1) > RATE_TOLERANCE, 'error',
         f'samples arrive at {ratio or 0:.3f} of the declared rate: it is wrong'),
        (timed and age_s > TOPIC_REPORT_S, 'warn',
         f'nothing has come on the topic for {age_s:.1f} s: see that its publisher runs'),
        (stuck, 'warn', 'robot_speaking stays true: it is not believed any more'),
        (live and sound.zero_s >= MUTED_S, 'warn',
         f'only zeros for {sound.zero_s:.0f} s: the microphone is muted'),
        (sound.clipping_percent > CLIPPED_PERCENT, 'warn',
         'the sound is clipped: lower the gain'),
        (not enabled, 'warn', 'muted by ~/set_enabled'))
    for holds, level, text in reasons:
        if holds:
            return level, text
    return 'ok', state
