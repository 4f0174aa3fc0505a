"""Batches: the same whatever the number of workers, resumable, and new each epoch."""

import dataclasses

import numpy as np
import pytest
import torch
from toys import ToyReader

from haco.data.loading import CropDataset, Place, all_batches, epoch_order, training_batches
from haco.data.settings import Augmentation
from haco.data.transforms import to_crop
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS

HARMONISED = PROTOCOLS["harmonised"]


@pytest.fixture
def dataset() -> CropDataset:
    return CropDataset(
        reader=ToyReader(10), protocol=HARMONISED, augmentation=Augmentation(), seed=3, size=32
    )


def pictures(loader) -> list[torch.Tensor]:
    return [batch.image for batch in loader]


def assert_same(first, second) -> None:
    assert len(first) == len(second) > 0
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))


def test_batches_do_not_depend_on_the_number_of_workers(dataset):
    here = pictures(training_batches(dataset, 4, seed=1, epoch=2))
    there = pictures(training_batches(dataset, 4, seed=1, epoch=2, workers=2))
    assert_same(here, there)


def test_half_done_epoch_goes_on_at_the_next_batch(dataset):
    whole = pictures(training_batches(dataset, 3, seed=1, epoch=0))
    rest = pictures(training_batches(dataset, 3, seed=1, epoch=0, first_batch=2))
    assert_same(whole[2:], rest)


def test_epochs_differ_in_order():
    orders = [epoch_order(10, seed=0, epoch=epoch) for epoch in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10))
    assert list(orders[0]) != list(orders[1])


def test_drawn_samples_are_all_used_and_repeats_are_augmented_apart(dataset):
    batches = training_batches(
        dataset, 4, seed=0, epoch=0, draw=lambda rng: np.array([6] * 4, np.int64)
    )
    (batch,) = list(batches)
    assert batch.contact.shape == (4, 778)
    assert not torch.equal(batch.image[0], batch.image[1])
    assert torch.equal(batch.contact[0], batch.contact[1])


def test_all_batches_give_every_sample_once_as_prediction_sees_it():
    dataset = CropDataset(reader=ToyReader(5), protocol=HARMONISED)
    named = list(all_batches(dataset, 2))
    keys = [key for batch in named for key in batch.key]
    assert keys == [f"toy/0/{index}" for index in range(5)]
    assert named[0].interaction == ("power", "hands")
    batches = [batch.crop for batch in named]
    assert [len(batch.contact) for batch in batches] == [2, 2, 1]
    alone = to_crop(ToyReader(5)[4], HARMONISED)
    assert torch.equal(batches[2].image[0], alone.image)
    assert torch.equal(batches[2].keypoints[0], alone.keypoints)


DAMAGED = InputError("toy: picture 1 is damaged; pack it again")


@dataclasses.dataclass(frozen=True)
class Broken(ToyReader):
    error: Exception = DAMAGED

    def __getitem__(self, index):
        if index == 1:
            raise self.error
        return super().__getitem__(index)


@pytest.mark.parametrize("workers", [0, 1])
def test_damaged_sample_is_told_in_the_readers_words(workers):
    batches = all_batches(CropDataset(reader=Broken(4), protocol=HARMONISED), 2, workers=workers)
    with pytest.raises(InputError) as caught:
        list(batches)
    assert str(caught.value) == "toy: picture 1 is damaged; pack it again"


def test_file_that_cannot_be_read_is_named():
    gone = Broken(4, error=FileNotFoundError(2, "No such file or directory", "b.jpg"))
    with pytest.raises(InputError, match=r"b\.jpg: cannot be read \(No such file"):
        list(all_batches(CropDataset(reader=gone, protocol=HARMONISED), 2))


def test_shares_of_several_processes_make_up_the_batch(dataset):
    whole = pictures(training_batches(dataset, 4, seed=1, epoch=2))
    shares = [
        pictures(training_batches(dataset, 4, seed=1, epoch=2, share=share))
        for share in (slice(0, 2), slice(2, 4))
    ]
    assert_same(whole, [torch.cat(parts) for parts in zip(*shares, strict=True)])


def test_opening_a_loader_draws_nothing_from_the_runs_generator(dataset):
    before = torch.get_rng_state()
    list(training_batches(dataset, 4, seed=1, epoch=2, workers=1))
    assert torch.equal(before, torch.get_rng_state())


def test_same_sample_is_augmented_anew_each_epoch(dataset):
    crops = [dataset[Place(epoch=epoch, position=0, sample=4)].image for epoch in (0, 0, 1)]
    assert torch.equal(crops[0], crops[1])
    assert not torch.equal(crops[0], crops[2])
