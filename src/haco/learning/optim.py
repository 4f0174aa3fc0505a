"""How the weights move: AdamW with a rate for each part, warm-up and cosine, averaged weights."""

import copy
import math
import re
from collections.abc import Callable, Mapping

import torch
from torch import nn

from haco.files import InputError
from haco.learning.config import OptimConfig
from haco.models.contact_net import ContactNet


def build_optimizer(modules: Mapping[str, nn.Module], config: OptimConfig) -> torch.optim.AdamW:
    """Make AdamW over all parameters that ask for a gradient.

    Weight decay is for kernels and for the matrices of linear maps; biases, norms and the learned
    vectors that a module holds directly (embeddings, positions) have none. Each group of
    parameters holds its `share` of the learning rate; see `set_rate`.

    Args:
        modules: The network, and whatever else learns, by any names.
        config: Learning rate, its shares, decay and betas.

    Raises:
        InputError: Layers shall have rates of their own, but the backbone has none by number.
    """
    groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
    for module in modules.values():
        share_of = rate_shares(module, config)
        for prefix, part in module.named_modules():
            is_map = isinstance(part, nn.Linear | nn.Conv2d)
            for name, parameter in part.named_parameters(recurse=False):
                if parameter.requires_grad:
                    share = share_of(f"{prefix}.{name}" if prefix else name)
                    is_decayed = config.decay_everything or (is_map and name == "weight")
                    groups.setdefault((share, is_decayed), []).append(parameter)
    listed = [
        {
            "params": groups[share, is_decayed],
            "weight_decay": config.weight_decay if is_decayed else 0.0,
            "share": share,
        }
        for share, is_decayed in sorted(groups, reverse=True)
    ]
    return torch.optim.AdamW(listed, lr=config.learning_rate, betas=config.betas, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give each group of `build_optimizer` its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def rate_shares(module: nn.Module, config: OptimConfig) -> Callable[[str], float]:
    """Say what share of the learning rate a parameter has, by its name.

    What lies under `backbone.` has `backbone_share`, times `layer_decay` once for each layer from
    there to the backbone's end, its own included (Bao et al., BEiT, 2022). Everything else has 1.
    """
    numbers = [_layer_number(name) for name, _ in module.named_parameters()]
    layers = sorted({number for number in numbers if number is not None})
    inside = any(name.startswith(_BACKBONE) for name, _ in module.named_parameters())
    if config.layer_decay != 1 and inside and not layers:
        raise InputError(
            "layer_decay needs a backbone with numbered layers, and this one has none; "
            "leave layer_decay at 1 and choose a backbone_share"
        )

    def share(name: str) -> float:
        if not name.startswith(_BACKBONE):
            return 1.0
        number = _layer_number(name)
        if number is not None:
            steps = len(layers) - layers.index(number)
        else:  # the stem lies below all layers, a last norm or a pyramid beside the last
            steps = len(layers) + 1 if _STEM.match(name) else 1
        return config.backbone_share * config.layer_decay**steps

    return share


_BACKBONE = "backbone."
_LAYER = re.compile(r"backbone\.(?:vit\.)?(?:blocks\.|layers?\.?|stages?\.?|transition)(\d+)\.")
_STEM = re.compile(
    r"backbone\.(?:vit\.)?(?:stem|conv[12]|bn[12]|patch_embed|pos_embed|cls_token)\b"
)


def _layer_number(name: str) -> int | None:
    found = _LAYER.match(name)
    return None if found is None else int(found[1])


def learning_rate(step: int, steps_per_epoch: int, epochs: int, config: OptimConfig) -> float:
    """Give the learning rate of one step: a straight rise, then half a cosine or stairs down.

    Args:
        step: From 0.
        steps_per_epoch: Of this run.
        epochs: Of the whole run.
        config: The highest rate, the share of steps that it rises for, and how it falls.
    """
    num_steps = steps_per_epoch * epochs
    rising = round(config.warm_up * num_steps)
    if step < rising:
        return config.learning_rate * (step + 1) / (rising + 1)
    if config.schedule == "steps":
        passed = sum(step >= milestone * steps_per_epoch for milestone in config.milestones)
        return config.learning_rate * config.step_factor**passed
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
