"""Surfaces and masks beside a pack: those of its samples, carried to the crop with the picture."""

import dataclasses

import numpy as np
import pytest
from toys import ToyReader

from haco.data.loading import collate
from haco.data.packing import pack, pack_synthetic
from haco.data.side_truth import add_side_truth
from haco.data.store import PackedReader
from haco.data.transforms import to_crop
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS
from haco.synth.engine import draw_all, make_sample
from haco.synth.masks import draw_masks
from haco.types import UNKNOWN_PIXEL

RULE = PROTOCOLS["harmonised"]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("side") / "full-train"
    pack_synthetic(folder, "full", 5, 3, 64, workers=1)
    add_side_truth(folder)
    return folder


def test_samples_have_the_engine_s_surface_and_masks(packed):
    reader = PackedReader(packed)
    for index in range(3):
        made = make_sample("full", 5, index, size=64)
        np.testing.assert_allclose(reader[index].vertices, made.vertices, atol=1e-6)
        assert (reader[index].masks == draw_masks(draw_all("full", 5, index), 64)).all()


def test_what_is_there_is_not_drawn_again(packed, monkeypatch):
    monkeypatch.setattr("haco.data.side_truth.draw_all", None)
    add_side_truth(packed)


def test_pictures_that_were_not_made_are_refused(tmp_path):
    pack(ToyReader(2), tmp_path / "toy", {"toy": 1}, workers=1)
    with pytest.raises(InputError, match="'toy/0/0' is no made picture"):
        add_side_truth(tmp_path / "toy")
    assert not (tmp_path / "toy" / "vertices.npy").exists()


def toy(side: str):
    sample = ToyReader(2)[0 if side == "right" else 1]
    bright = (sample.image.astype(int).sum(axis=2) > 250).astype(np.uint8)
    vertices = np.ones((778, 3), np.float32)
    return dataclasses.replace(sample, masks=np.stack([bright, 1 - bright]), vertices=vertices)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_mask_goes_where_its_picture_goes(side):
    image = np.zeros((48, 48, 3), np.uint8)
    image[12:30, 10:20] = 255
    sample = dataclasses.replace(toy(side), image=image)
    sample = dataclasses.replace(sample, masks=np.stack([image[..., 0] // 255] * 2))
    crop = to_crop(sample, RULE, size=96)
    assert crop.masks is not None
    inside = crop.masks[0] != UNKNOWN_PIXEL
    agree = (crop.image[0] > 127) == (crop.masks[0] == 1)
    assert agree[inside].float().mean() > 0.98
    assert 0.01 < (crop.masks[0] == 1).float().mean() < 0.5
    assert not inside.all()  # the crop is wider than the picture


def test_a_left_hand_s_surface_is_mirrored():
    left, right = (to_crop(toy(side), RULE, size=64).vertices for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert left[0].tolist() == [-1, 1, 1]
    assert right[0].tolist() == [1, 1, 1]


def test_what_only_some_samples_have_is_unknown_in_the_others():
    reader = ToyReader(2)
    crops = [to_crop(it, RULE, size=64) for it in (toy("right"), reader[1])]
    batch = collate(crops)
    assert batch.vertices is not None
    assert batch.masks is not None
    assert batch.vertices.flatten(1).isnan().all(dim=1).tolist() == [False, True]
    assert (batch.masks[1] == UNKNOWN_PIXEL).all()
    bare = collate(crops[1:])
    assert bare.vertices is None
    assert bare.masks is None
