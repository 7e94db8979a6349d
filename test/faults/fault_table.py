"""The faults that are injected, and the table of what was seen."""

#: What is injected and how it must end, by number.
FAULTS = {
    1: ('microphone lost and found in the middle of an utterance',
        'segment closed and flagged, ERROR within 1 s, the same device opened again by its name, '
        'OK within 3 s of its return, no restart'),
    2: ('callbacks stop although the stream says that it is active',
        'the watchdog acts on the time since the last block'),
    3: ('overflow; a gap; blocks that come twice or out of order',
        'counted; stamps stay true; never spliced silently'),
    4: ('NaN, infinite or 1e30 samples',
        'block refused and counted; the next clean utterance gives a bit-identical answer'),
    5: ('clipping, an offset of +0.5, -40 dB, digital silence',
        'finite answers; none to what is no speech'),
    6: ('8, 44.1 and 48 kHz, stereo, int16, int32 and float, a wrongly declared rate',
        'resampled, or refused with the reason'),
    7: ('utterances of 0 samples, of 1 frame, of 10 minutes',
        'dropped and counted, or split; memory bounded'),
    8: ('180 s of noise, hum, servo and music, then speech',
        'at most 1 % false segments; the first speech found as from a fresh state'),
    9: ('model truncated, bit-flipped, swapped, of another opset, without metadata, of another '
        'rate or number of labels',
        'refuses to configure with one sentence; the node stays up'),
    10: ('inference three times slower than real time',
         'bounded queue, the oldest dropped and counted, the voice activity never blocked'),
    11: ('the wall clock jumps by an hour; simulated time',
         'durations from the monotonic clock, stamps from the ROS clock, none negative'),
    12: ('a subscriber absent, late, or one that never reads; incompatible QoS',
         'the publisher never blocks; the mismatch is logged by name'),
    13: ('SIGINT, SIGTERM, deactivate in the middle of an inference; kill -9',
         'gone within 2 s, exit code 0, no traceback, no orphan; cycles at flat memory'),
    14: ('an exception in the worker, in the callback of the sound card, in the model',
         'an error state with its cause; never silently deaf'),
    15: ('hours of sound at full speed',
         'memory flat after warm-up; the same utterance gives the same answer at both ends'),
    16: ('a default configuration, watched for what it gives away',
         'no stream of sound, nothing written but logs, no sound in any answer'),
}

HEAD = ('| # | fault | injected how | expected | seen | |', '|---|---|---|---|---|---|')


def table(rows):
    """
    Return the lines of a Markdown table.

    :param rows: dicts with number, injected, seen, passed and late
    """
    lines = list(HEAD)
    for row in sorted(rows, key=lambda row: row['number']):
        what, expected = FAULTS[row['number']]
        mark = 'as expected' if row['passed'] else '**not as expected**'
        if row['passed'] and row['late']:
            mark = 'as expected, but **later**'
        lines.append(f'| {row["number"]} | {what} | {row["injected"]} | {expected} | '
                     f'{row["seen"]} | {mark} |')
    return lines


def missing(rows):
    """Return the numbers of the faults without a row that passed."""
    return sorted(set(FAULTS) - {row['number'] for row in rows if row['passed']})
