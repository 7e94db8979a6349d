"""Level normalisation: corpora and microphones differ by 20 dB."""

from physioser_ros.model.masks import masked

#: Root mean square below which a clip counts as silence and is not lifted any further.
QUIETEST_RMS = 1e-4


def normalise_level(waveform, lengths=None, rms=0.05):
    """
    Bring each clip to the same root mean square.

    :param waveform: float, shape (B, N), mono, [-1, 1]
    :param lengths: int64, shape (B,), valid samples; None means all N. What lies behind is zeroed
    :param rms: target, in units of full scale
    :return: same shape; peaks may leave [-1, 1], which nothing here minds
    """
    waveform = masked(waveform, lengths)
    if lengths is None:
        power = waveform.square().mean(1)
    else:
        power = waveform.square().sum(1) / lengths.clamp_min(1)
    gain = rms / power.clamp_min(QUIETEST_RMS ** 2).sqrt()
    return waveform * gain[:, None]
