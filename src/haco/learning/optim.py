"""How the weights move: AdamW in two groups, a warm-up and a cosine, and averaged weights."""

import copy
import math

import torch
from torch import nn

from haco.learning.config import OptimConfig
from haco.models.contact_net import ContactNet


def build_optimizer(modules: list[nn.Module], config: OptimConfig) -> torch.optim.AdamW:
    """Make AdamW over all parameters that ask for a gradient.

    Weight decay is for kernels and for the matrices of linear maps; biases, norms and the learned
    vectors that a module holds directly (embeddings, positions) have none.

    Args:
        modules: The network, and whatever else learns.
        config: Learning rate, decay and betas.
    """
    decayed, plain = [], []
    for module in modules:
        for part in module.modules():
            is_map = isinstance(part, nn.Linear | nn.Conv2d)
            for name, parameter in part.named_parameters(recurse=False):
                if parameter.requires_grad:
                    (decayed if is_map and name == "weight" else plain).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=config.betas, fused=True)


def learning_rate(step: int, num_steps: int, config: OptimConfig) -> float:
    """Give the learning rate of one step: a straight rise, then half a cosine down.

    Args:
        step: From 0.
        num_steps: Of the whole run.
        config: The highest rate, the share of steps that it rises for, and the share left.
    """
    rising = round(config.warm_up * num_steps)
    if step < rising:
        return config.learning_rate * (step + 1) / (rising + 1)
    gone = min((step - rising) / max(num_steps - rising, 1), 1)
    share = config.final_share + (1 - config.final_share) * (1 + math.cos(math.pi * gone)) / 2
    return config.learning_rate * share


class AveragedWeights:
    """An exponential moving average of a network, which is steadier than the network itself."""

    def __init__(self, network: ContactNet, decay: float) -> None:
        """Begin with the network as it is.

        Args:
            network: What is trained.
            decay: Share of the average that stays at each step, late in a run; 0 for a plain copy.
        """
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: ContactNet, step: int) -> None:
        """Move the average towards the network; early steps, far from the end, are forgotten fast.

        Args:
            network: After an optimiser step.
            step: From 0.
        """
        decay = min(self.decay, (1 + step) / (10 + step)) if self.decay else 0.0
        for average, value in zip(
            self.network.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)
