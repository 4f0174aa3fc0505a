"""From a reader to batches of crops, in an order that seed and epoch alone decide.

Every draw (which samples, in which order, how each is augmented) comes from a generator made of
seed, epoch and place in the epoch. So the batches do not depend on the number of worker processes,
and a run that stopped in the middle of an epoch can go on at the very next batch.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import cv2
import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from haco.data.checks import fault_of
from haco.data.readers.common import Reader
from haco.data.settings import Augmentation
from haco.data.transforms import CROP_SIZE, Mode, to_crop
from haco.files import InputError
from haco.geometry.contact import ContactProtocol
from haco.types import UNKNOWN_PIXEL, Crop

_ORDER, _PIXELS = 0, 1  # What a generator is for; part of its seed.
Draw = Callable[[np.random.Generator], Int64[np.ndarray, " drawn"]]
"""Chooses an epoch's samples, such as balanced contact sampling; it may repeat some."""


class Place(NamedTuple):
    """Where in training a sample is needed."""

    epoch: int
    position: int
    """In the epoch's order."""
    sample: int
    """Number of the sample in its reader."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropDataset(Dataset[Crop]):
    """A reader's samples as crops, by their place in training."""

    reader: Reader
    protocol: ContactProtocol
    augmentation: Augmentation | None = None
    """None gives prediction's own crop."""
    seed: int = 0
    """Of the augmentation."""
    size: int = CROP_SIZE
    """Pixels of a crop along each side."""
    mode: Mode = "fixed"
    """Of the crop, see `crop_hand`."""

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, place: Place) -> Crop:
        return self.named(place).crop

    def named(self, place: Place) -> "NamedCrop":
        """Give a crop with what its sample says of itself."""
        rng = np.random.default_rng([self.seed, _PIXELS, place.epoch, place.position])
        sample = self.reader[place.sample]
        if why := fault_of(sample):
            raise InputError(f"{sample.key}: {why}; mend it, or leave it out")
        crop = to_crop(
            sample, self.protocol, rng, self.augmentation, size=self.size, mode=self.mode
        )
        return NamedCrop(crop, sample.key, sample.interaction)


class NamedCrop(NamedTuple):
    """A crop and where it comes from; in a batch, tuples of names."""

    crop: Crop
    key: Any
    interaction: Any


@dataclasses.dataclass(frozen=True)
class NamedCrops(Dataset[NamedCrop]):
    """The same crops, each with its name."""

    crops: CropDataset

    def __getitem__(self, place: Place) -> NamedCrop:
        return self.crops.named(place)


@dataclasses.dataclass(frozen=True)
class Damaged:
    """Stands for a batch of which a sample cannot be read."""

    reason: str


@dataclasses.dataclass(frozen=True)
class Guarded(Dataset[Any]):
    """The items of another dataset, batch by batch; what cannot be read is told, not raised.

    An error raised in a worker process would arrive wrapped in the worker's traceback.
    """

    dataset: Dataset[Any]
    collate: Callable[..., Any]

    def __getitems__(self, places: Sequence[Place]) -> Any:
        """Read a batch."""
        try:
            return self.collate([self.dataset[place] for place in places])
        except InputError as error:
            return Damaged(str(error))
        except OSError as error:
            return Damaged(f"{error.filename or 'a sample'}: cannot be read ({error.strerror})")


_Batch = TypeVar("_Batch")


@dataclasses.dataclass(frozen=True)
class Batches(Generic[_Batch]):
    """Batches, one after another."""

    loader: DataLoader[Any]

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[_Batch]:
        """Load batch after batch.

        Raises:
            InputError: A sample cannot be read.
        """
        for batch in self.loader:
            if isinstance(batch, Damaged):
                raise InputError(batch.reason)
            yield batch


def epoch_order(
    num: int, *, seed: int, epoch: int, draw: Draw | None = None
) -> Int64[np.ndarray, " drawn"]:
    """Give the samples of one epoch in order.

    Args:
        num: How many samples there are.
        seed: Of the run.
        epoch: From 0; each has an order of its own.
        draw: Chooses the samples; None takes each once.
    """
    rng = np.random.default_rng([seed, _ORDER, epoch])
    return rng.permutation(np.arange(num) if draw is None else draw(rng))


def collate(crops: Sequence[Crop]) -> Crop:
    """Stack crops into one batch; the picture's channels stay last in memory."""
    pictures = torch.stack([crop.image.permute(1, 2, 0) for crop in crops])
    rest = {
        name: torch.stack([getattr(crop, name) for crop in crops])
        for name in ("contact", "valid", "keypoints")
    }
    return Crop(
        image=pictures.permute(0, 3, 1, 2),
        vertices=_stack_known([crop.vertices for crop in crops], torch.nan),
        masks=_stack_known([crop.masks for crop in crops], UNKNOWN_PIXEL),
        **rest,
    )


def _stack_known(values: Sequence[Tensor | None], unknown: float | int) -> Tensor | None:
    """Stack what some crops have; those without it are told as unknown."""
    first = next((value for value in values if value is not None), None)
    if first is None:
        return None
    missing = torch.full_like(first, unknown)
    return torch.stack([missing if value is None else value for value in values])


def collate_named(crops: Sequence[NamedCrop]) -> NamedCrop:
    """Stack named crops into one batch."""
    pictures, keys, interactions = zip(*crops, strict=True)
    return NamedCrop(collate(pictures), keys, interactions)


def training_batches(
    dataset: CropDataset,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    first_batch: int = 0,
    draw: Draw | None = None,
    share: slice = slice(None),
    workers: int = 0,
) -> Batches[Crop]:
    """Load one epoch's batches; the last samples that do not fill a batch are left out.

    Args:
        dataset: What to train on.
        batch_size: Crops a batch.
        seed: Of the order.
        epoch: From 0.
        first_batch: Where to go on in a half-done epoch.
        draw: As in `epoch_order`.
        share: Which places of each batch are wanted, where several processes share it.
        workers: Processes that make crops; 0 makes them in this one.
    """
    order = epoch_order(len(dataset), seed=seed, epoch=epoch, draw=draw)
    places = [Place(epoch, position, int(sample)) for position, sample in enumerate(order)]
    whole = len(places) // batch_size * batch_size
    batches = [
        places[start : start + batch_size][share]
        for start in range(first_batch * batch_size, whole, batch_size)
    ]
    return _loader(dataset, batches, workers, collate)


def all_batches(dataset: CropDataset, batch_size: int, *, workers: int = 0) -> Batches[NamedCrop]:
    """Load every sample once, in the reader's order; the last batch may be smaller."""
    places = [Place(0, sample, sample) for sample in range(len(dataset))]
    batches = [places[start : start + batch_size] for start in range(0, len(places), batch_size)]
    return _loader(NamedCrops(dataset), batches, workers, collate_named)


def _loader(
    dataset: Dataset[Any], batches: list[list[Place]], workers: int, collate_fn: Callable[..., Any]
) -> Batches[Any]:
    workers = min(workers, len(batches))
    loader = DataLoader(
        Guarded(dataset, collate_fn),
        batch_sampler=batches,
        collate_fn=_as_it_is,
        num_workers=workers,
        worker_init_fn=_one_thread,
        # A generator of its own, so that opening a loader draws nothing from the run's.
        generator=torch.Generator(),
        prefetch_factor=4 if workers else None,
        # A forked worker inherits the locks of OpenCV's and torch's threads, and may wait forever.
        multiprocessing_context="spawn" if workers else None,
    )
    return Batches(loader)


def _as_it_is(batch: Any) -> Any:
    return batch


def _one_thread(worker: int) -> None:
    """Keep a worker to one core; it needs no seed, every place brings its own."""
    del worker
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
