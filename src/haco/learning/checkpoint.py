"""Checkpoints: all that changes while a run goes on, in one file that is never half-written."""

import dataclasses
import math
import os
import pickle
from pathlib import Path

import torch

from haco.files import InputError, write_atomically
from haco.learning.optim import AveragedWeights
from haco.learning.terms import LossTerms
from haco.models.contact_net import ContactNet


@dataclasses.dataclass(kw_only=True)
class Training:
    """All that changes while a run goes on; the checkpoint holds just this."""

    network: ContactNet
    average: AveragedWeights
    terms: LossTerms
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    batch: int = 0
    """Batches done in this epoch."""
    step: int = 0
    """Batches done in all."""
    best: float = -math.inf
    """Highest average precision on validation so far."""


Generators = list[torch.Tensor]
"""States of torch's random generators in one process: the CPU's and each card's."""


def generator_states() -> Generators:
    """Give the states of this process."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return [torch.get_rng_state(), *cuda]


def save_checkpoint(path: Path, state: Training, generators: list[Generators]) -> None:
    """Write everything needed to go on, atomically.

    Args:
        path: The file.
        state: The same in all processes.
        generators: Of each process.
    """
    counters = {name: getattr(state, name) for name in ("epoch", "batch", "step", "best")}
    content = {
        "network": state.network.state_dict(),
        "average": state.average.network.state_dict(),
        "terms": state.terms.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "counters": counters,
        "generators": generators,
    }
    save_tensors(path, content)


def load_checkpoint(path: Path, state: Training, *, process: int = 0) -> None:
    """Take up a run where `save_checkpoint` left it.

    Args:
        path: The file.
        state: As it was built for the same config.
        process: Whose generators to take up. A process that was not there keeps its own.

    Raises:
        InputError: The file is damaged, or of another network.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        state.network.load_state_dict(content["network"])
        state.average.network.load_state_dict(content["average"])
        state.terms.load_state_dict(content["terms"])
        state.optimizer.load_state_dict(content["optimizer"])
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: cannot be resumed ({reason}); start the run anew") from error
    for name, value in content["counters"].items():
        setattr(state, name, value)
    if process < len(content["generators"]):
        main, *cuda = content["generators"][process]
        torch.set_rng_state(main)
        if cuda and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(cuda)


def save_tensors(path: Path, content: dict[str, object]) -> None:
    """Write tensors and plain values, atomically."""
    with write_atomically(path) as part:
        try:
            torch.save(content, part)
            with part.open("rb+") as file:
                os.fsync(file.fileno())  # else a power cut may leave the new name without content
        except RuntimeError as error:  # what torch makes of a failed write
            raise OSError("the disk is full, or files may not be that large") from error
