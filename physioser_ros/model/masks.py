"""Valid lengths in padded batches, and the checks of what comes in."""

import torch


def frame_mask(lengths, size):
    """
    Return which places of a padded axis are valid.

    :param lengths: int64, shape (B,)
    :param size: length of the padded axis
    :return: bool, shape (B, size)
    """
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def masked(values, lengths):
    """
    Return `values` with zeros behind the end of each row.

    :param values: shape (B, ..., T), time last
    :param lengths: int64, shape (B,), or None for all valid
    """
    if lengths is None:
        return values
    mask = frame_mask(lengths, values.shape[-1]).to(values.dtype)
    return values * mask.reshape(mask.shape[0], *[1] * (values.ndim - 2), mask.shape[1])


def masked_mean(values, lengths):
    """
    Return the mean of `values` over the valid places of the last axis.

    :param values: float, shape (B, ..., T), time last
    :param lengths: int64, shape (B,), or None for all valid
    """
    if lengths is None:
        return values.mean(-1)
    count = lengths.reshape(-1, *[1] * (values.ndim - 2))
    return masked(values, lengths).sum(-1) / count


def checking():
    """Return whether to look at values: not while a graph is being traced or exported."""
    return not torch.compiler.is_compiling()


def check_lengths(lengths, batch, size, minimum, what):
    """
    Raise a `ValueError` unless `lengths` fits a batch.

    :param lengths: int64, shape (batch,), or None
    :param size: length of the padded axis
    :param minimum: fewest valid places of a row
    :param what: what is counted, for the message
    """
    if lengths is None:
        return
    if lengths.shape != (batch,) or lengths.is_floating_point():
        raise ValueError(f'lengths of {what} have shape {tuple(lengths.shape)} and type '
                         f'{lengths.dtype}, expected integers of shape ({batch},)')
    if checking():
        low, high = int(lengths.min()), int(lengths.max())
        if low < minimum:
            raise ValueError(f'a row has {low} {what}, expected at least {minimum}: '
                             'pad it with zeros or leave it out')
        if high > size:
            raise ValueError(f'a row claims {high} {what}, but the batch holds {size}')


def check_finite(values, what):
    """Raise a `ValueError` if a tensor holds NaN or infinity; `what` names it."""
    if checking() and not torch.isfinite(values).all():
        raise ValueError(f'{what} holds NaN or infinity, expected finite values')


def check_waveform(waveform, lengths, minimum):
    """
    Raise a `ValueError` that says what is wrong with a batch of waveforms.

    :param waveform: float, shape (B, N)
    :param lengths: int64, shape (B,), or None
    :param minimum: fewest samples of a row
    """
    if waveform.ndim != 2:
        raise ValueError(f'waveform has shape {tuple(waveform.shape)}, expected '
                         '(batch, samples), mono')
    if not waveform.is_floating_point():
        raise ValueError(f'waveform is {waveform.dtype}, expected floating point in [-1, 1]')
    if checking() and waveform.shape[1] < minimum:
        raise ValueError(f'waveform has {waveform.shape[1]} samples, expected at least {minimum}:'
                         ' pad it with zeros or leave it out')
    check_lengths(lengths, waveform.shape[0], waveform.shape[1], minimum, 'samples')
    check_finite(waveform, 'waveform')


def check_shape(values, shape, what):
    """
    Raise a `ValueError` unless `values` has `shape`, in which None stands for any size.

    :param what: name of the tensor for the message
    """
    if values.ndim != len(shape) or any(
            want is not None and have != want for have, want in zip(values.shape, shape)):
        wanted = ', '.join('any' if size is None else str(size) for size in shape)
        raise ValueError(f'{what} has shape {tuple(values.shape)}, expected ({wanted})')
