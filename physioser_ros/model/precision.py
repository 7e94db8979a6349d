"""Where half precision would not do."""

from contextlib import nullcontext

import torch


def full_precision(device):
    """
    Return a context in which automatic mixed precision is off.

    Without mixed precision it is no context at all, so that an exported graph knows nothing of it.

    :param device: `torch.device` of the tensors inside
    """
    if torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()
