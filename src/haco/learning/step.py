"""One optimiser step: forward, the loss of the whole batch, backward, and what moves."""

import contextlib
import dataclasses
import math
from pathlib import Path

import torch
from torch import Tensor, nn

from haco.data.loading import CropDataset, Draw
from haco.learning.board import Board
from haco.learning.checkpoint import Training, save_tensors
from haco.learning.config import TrainConfig
from haco.learning.losses import contact_loss
from haco.learning.optim import set_rate
from haco.learning.processes import Processes
from haco.learning.run_folder import MetricsLog
from haco.models.contact_net import learned_from, seen_by
from haco.types import Crop


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loop:
    """What the loop works with; only `state` changes."""

    config: TrainConfig
    out: Path
    processes: Processes
    state: Training
    network: nn.Module
    """The state's network, joined to those of the other processes."""
    dataset: CropDataset
    draw: Draw | None
    log: MetricsLog
    board: Board | None
    """None in all processes but the first."""


def train_step(loop: Loop, crop: Crop, rate: float) -> dict[str, float]:
    """Do one optimiser step and give the losses it saw.

    Args:
        loop: Whose state moves.
        crop: This process's share of the batch.
        rate: The learning rate.

    Raises:
        FloatingPointError: The loss or its gradient is not finite; no weight has moved, the batch
            is kept.
    """
    config, state, processes = loop.config, loop.state, loop.processes
    pieces = _pieces(crop_to(crop, processes.device), config.accumulate)
    loop.network.train()
    state.optimizer.zero_grad()
    sums: dict[str, Tensor] = {}
    for number, piece in enumerate(pieces, 1):
        is_last = number == len(pieces)
        with contextlib.nullcontext() if is_last else processes.silent(loop.network):
            total, parts = _loss(loop, piece)
            (total / len(pieces)).backward()
        for name, value in {"loss": total.detach(), **parts}.items():
            sums[name] = sums.get(name, 0) + value / len(pieces)
    losses = dict(zip(sums, torch.stack(list(sums.values())).tolist(), strict=True))
    if not math.isfinite(losses["loss"]):
        _keep_batch(loop, crop, losses)
    length = torch.nn.utils.clip_grad_norm_(
        state.network.parameters(), config.optim.clip or math.inf
    )
    if not math.isfinite(length):
        _keep_batch(loop, crop, losses | {"gradient": float(length)})
    set_rate(state.optimizer, rate)
    state.optimizer.step()
    state.average.update(state.network, state.step)
    return losses


def _loss(loop: Loop, crop: Crop) -> tuple[Tensor, dict[str, Tensor]]:
    half = loop.config.precision == "bfloat16"
    with torch.autocast(crop.image.device.type, dtype=torch.bfloat16, enabled=half):
        network = loop.state.network
        logits = loop.network(seen_by(network, crop), *learned_from(network, crop))
    logits, whole = loop.processes.gather_batch(logits, crop)
    return contact_loss(logits, whole, loop.state.terms, loop.state.epoch)


def _keep_batch(loop: Loop, crop: Crop, losses: dict[str, float]) -> None:
    """Save the batch of a loss or a gradient that is not finite, and stop."""
    index = loop.processes.index
    kept = loop.out / ("not_finite.pt" if index == 0 else f"not_finite-{index}.pt")
    save_tensors(kept, {"crop": dataclasses.asdict(crop), "losses": losses})
    what, value = (
        ("gradient's norm", losses["gradient"])
        if "gradient" in losses
        else ("loss", losses["loss"])
    )
    raise FloatingPointError(
        f"the {what} of step {loop.state.step} is {value}; its batch is kept in {kept}; "
        f"the last checkpoint is from before: see haco train --resume {loop.out}"
    )


def _pieces(crop: Crop, number: int) -> list[Crop]:
    fields = [field.name for field in dataclasses.fields(crop)]
    whole = {name: getattr(crop, name) for name in fields}
    cut = {name: value.chunk(number) for name, value in whole.items() if value is not None}
    return [Crop(**{name: parts[place] for name, parts in cut.items()}) for place in range(number)]


def crop_to(crop: Crop, device: torch.device) -> Crop:
    """Move a batch to a device."""
    fields = {field.name: getattr(crop, field.name) for field in dataclasses.fields(crop)}
    known = {name: value for name, value in fields.items() if value is not None}
    return Crop(**{name: value.to(device, non_blocking=True) for name, value in known.items()})
