"""First values of weights.

On the meta device there is nothing to draw; torch would load its compiler just to do so.
"""

import torch
from torch import nn


def draw_normal(parameter: nn.Parameter, *, std: float) -> None:
    """Fill a parameter from a normal distribution about zero."""
    if not parameter.is_meta:
        nn.init.normal_(parameter, std=std)


def draw_kernels(module: nn.Module) -> None:
    """Draw all convolutions after He et al. 2015, and lay them out as a CPU likes them best.

    Depthwise ones by what comes in: torch counts what goes out of one as if it went to every
    channel.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            if not part.weight.is_meta:
                mode = "fan_out" if part.groups == 1 else "fan_in"
                nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu")
            part.weight.data = part.weight.contiguous(memory_format=torch.channels_last)
