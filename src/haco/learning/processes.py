"""Several processes that train one network, through `accelerate`; one process needs nothing of it.

Each process sees its share of every batch. The loss is that of the whole batch: logits and truth
are gathered first, so that means over labelled vertices, and losses that count over a batch, do not
depend on the number of processes. Networks with batch normalisation differ all the same: they
normalise by each process's own share.
"""

import contextlib
import dataclasses
import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from haco.files import InputError
from haco.models.contact_net import ContactNet
from haco.types import ContactLogits, Crop

if TYPE_CHECKING:
    from accelerate import Accelerator

_PATIENCE = datetime.timedelta(hours=3)
"""How long the others wait while the first process validates."""


class Processes:
    """All processes of a run, seen from one of them."""

    def __init__(self, device: str) -> None:
        """Join the processes that were launched together, by torchrun or `accelerate launch`.

        Args:
            device: Where to compute, as torch names it. Several processes on CUDA take a card each.

        Raises:
            InputError: `accelerate` is not installed.
        """
        self._accelerator = _join(on_cpu=device == "cpu")
        self.index: int = self._accelerator.process_index
        self.number: int = self._accelerator.num_processes
        self.is_first: bool = self._accelerator.is_main_process
        self.device = torch.device(device) if self.number == 1 else self._accelerator.device

    def wrap(self, network: ContactNet) -> nn.Module:
        """Give a network whose gradients are those of all processes together."""
        return network if self.number == 1 else self._accelerator.prepare_model(network)

    @contextlib.contextmanager
    def silent(self, wrapped: nn.Module) -> Iterator[None]:
        """Keep gradients to this process, for all but the last piece of a batch."""
        with self._accelerator.no_sync(wrapped):
            yield

    def wait(self) -> None:
        """Wait until all processes are here."""
        self._accelerator.wait_for_everyone()

    def share(self, batch_size: int) -> slice:
        """Say which places of a batch are this process's."""
        each = batch_size // self.number
        return slice(self.index * each, (self.index + 1) * each)

    def gather_object(self, content: object) -> list[Any]:
        """Give what every process has, in order."""
        if self.number == 1:
            return [content]
        from accelerate.utils import gather_object

        return gather_object([content])

    def gather_batch(self, logits: ContactLogits, crop: Crop) -> tuple[ContactLogits, Crop]:
        """Give the logits and the truth of the whole batch; the pictures stay where they are.

        The gradient flows to this process's own logits only, and is multiplied by the number of
        processes, because `wrap` averages over them.
        """
        if self.number == 1:
            return logits, crop
        whole = ContactLogits(
            vertices=self._gather_live(logits.vertices),
            coarse=tuple(self._gather_live(level) for level in logits.coarse),
            touch=None if logits.touch is None else self._gather_live(logits.touch),
            keypoints=None if logits.keypoints is None else self._gather_live(logits.keypoints),
            penalties=logits.penalties,  # of this share; `wrap` averages their gradients
        )
        names = ("contact", "valid", "keypoints")
        truth = {name: self._gather(getattr(crop, name)) for name in names}
        return whole, dataclasses.replace(crop, **truth)

    def _gather_live(self, values: Tensor) -> Tensor:
        gathered = self._gather(values.detach())
        own = values.detach() + self.number * (values - values.detach())
        start = self.index * len(values)
        return torch.cat([gathered[:start], own, gathered[start + len(values) :]])

    def _gather(self, values: Tensor) -> Tensor:
        if values.dtype is torch.bool:  # not every backend carries bits
            return self._gather(values.to(torch.uint8)).bool()
        gathered = self._accelerator.gather(values.contiguous())
        assert isinstance(gathered, Tensor)
        return gathered


def _join(*, on_cpu: bool) -> "Accelerator":
    try:
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs
    except ImportError as error:
        raise InputError(
            "training needs accelerate, which is not installed; pip install 'haco[train]'"
        ) from error
    # A head whose loss weighs nothing has no gradient.
    handlers = [
        DistributedDataParallelKwargs(find_unused_parameters=True),
        InitProcessGroupKwargs(timeout=_PATIENCE),
    ]
    return Accelerator(cpu=on_cpu, kwargs_handlers=handlers)
