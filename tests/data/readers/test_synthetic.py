"""Made pictures as a dataset: which samples belong to which split."""

import pytest
from toys import ToyReader

from haco.data.index import open_dataset
from haco.data.readers import synthetic


def test_splits_and_seeds_never_share_an_engine_seed():
    seeds = [
        open_dataset("synthetic", split=split, seed=seed).seed
        for seed in (0, 1)
        for split in ("train", "val", "test")
    ]
    assert seeds == [1, 2, 3, 4, 5, 6]


def test_samples_are_the_engines_own(monkeypatch):
    asked = []
    monkeypatch.setattr(
        synthetic,
        "make_sample",
        lambda *place, size: asked.append((*place, size)) or ToyReader(1)[0],
    )
    reader = open_dataset("synthetic/easy", split="val", num=5, size=64)
    assert len(reader) == 5
    reader[4]
    assert asked == [("easy", 2, 4, 64)]
    with pytest.raises(IndexError):
        reader[5]
