"""PROX: mirrored pictures, two frames of reference, two accounts of the intrinsics."""

import json

import numpy as np
import pytest
from data_writers.bodies import write_body_files
from data_writers.compare import check_samples, check_scenes, of
from data_writers.prox import K, sequences, true_picture, write_prox

from haco.data.index import open_dataset
from haco.files import InputError
from haco.geometry.boxes import box_of_points
from haco.geometry.camera import project


@pytest.fixture(scope="module")
def body_dir(tmp_path_factory):
    return write_body_files(tmp_path_factory.mktemp("bodies"))


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    root = tmp_path_factory.mktemp("prox")
    return root, write_prox(root)


def keys_of(truth, split):
    names = [f"prox/{name}/" for name, its in sequences().items() if its == split]
    return of(truth, *names)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_hands_are_where_the_meshes_are(mini, body_dir, split):
    root, truth = mini
    reader = open_dataset("prox", root, split=split, body_dir=body_dir)
    expected = keys_of(truth, split)
    assert expected
    check_samples(reader, expected, within=1e-5)
    check_scenes(reader, expected, within=1e-5)


def test_pictures_are_turned_back(mini, body_dir):
    # Red grows to the right in what was seen, so a mirrored picture is far off.
    root, _ = mini
    reader = open_dataset("prox", root, split="train", body_dir=body_dir)
    difference = reader[0].image.astype(int) - true_picture(0)
    assert np.abs(difference).max() < 12
    assert np.abs(difference[:, ::-1].mean(axis=(0, 1))).max() < 3


def test_boxes_lie_where_the_turned_picture_shows_the_hands(mini, body_dir):
    root, truth = mini
    reader = open_dataset("prox", root, split="val", body_dir=body_dir)
    for sample in (reader[0], reader[1]):
        seen = project(truth[sample.key].vertices, K)
        np.testing.assert_allclose(sample.box, box_of_points(seen), atol=1e-2)
    left, right = reader[0].box, reader[1].box
    assert reader[0].side == "left"
    assert left[0] > right[0]  # the writer's left hand lies at the larger x


def test_either_account_of_the_intrinsics_is_read(tmp_path, mini, body_dir):
    write_prox(tmp_path, "camera_mtx")
    for root in (tmp_path, mini[0]):
        reader = open_dataset("prox", root, split="val", body_dir=body_dir)
        np.testing.assert_allclose(reader[0].K, K, rtol=1e-6)


def test_bad_files_are_named(tmp_path, body_dir):
    write_prox(tmp_path)
    reader = open_dataset("prox", tmp_path, split="test", body_dir=body_dir)
    sequence = next(name for name, split in sequences().items() if split == "test")
    color = next((tmp_path / "recordings" / sequence / "Color").glob("*.jpg"))
    whole = color.read_bytes()
    color.write_bytes(whole[:400])
    with pytest.raises(InputError, match=rf"{color.name}.*damaged"):
        reader[0]
    color.write_bytes(whole)
    mesh = next((tmp_path / "fittings" / "mosh" / sequence).glob("meshes/*/000.ply"))
    mesh.write_bytes(mesh.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"000.ply"):
        open_dataset("prox", tmp_path, split="test", body_dir=body_dir)[0]
    path = tmp_path / "cam2world" / "vicon.json"
    path.write_text(json.dumps([[1.0, 0.0], [0.0, 1.0]]))
    with pytest.raises(InputError, match=r"vicon.json.*4 numbers, not 16"):
        open_dataset("prox", tmp_path, split="test", body_dir=body_dir)
    with pytest.raises(InputError, match=r"quantitative.zip"):
        open_dataset("prox", tmp_path / "scenes", split="test", body_dir=body_dir)
