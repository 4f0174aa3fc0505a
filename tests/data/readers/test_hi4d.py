"""Hi4D: persons stay with their labels, both spellings, numbers of correspondences as bits."""

import numpy as np
import pytest
from data_writers.bodies import write_body_files
from data_writers.compare import check_samples, check_scenes, of
from data_writers.hi4d import SMPL_FACES, write_hi4d

from haco.data.index import open_dataset
from haco.files import InputError

SPLITS = {"train": ("hi4d/pair00/", "hi4d/pair19_1/"), "test": ("hi4d/pair17/",)}


@pytest.fixture(scope="module")
def body_dir(tmp_path_factory):
    return write_body_files(tmp_path_factory.mktemp("bodies"), smpl_faces=SMPL_FACES)


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    root = tmp_path_factory.mktemp("hi4d")
    return root, write_hi4d(root)


@pytest.mark.parametrize("split", ["train", "test"])
def test_each_person_has_its_own_hands_and_bits(mini, body_dir, split):
    root, truth = mini
    reader = open_dataset("hi4d", root, split=split, body_dir=body_dir)
    expected = of(truth, *SPLITS[split])
    assert any(known.contact.any() for known in expected.values())
    check_samples(reader, expected, within=1e-5)


def test_the_other_spelling_of_intrinsics_is_read(tmp_path, mini, body_dir):
    write_hi4d(tmp_path, spelling="intrinsics")
    readers = [
        open_dataset("hi4d", root, split="val", body_dir=body_dir) for root in (tmp_path, mini[0])
    ]
    np.testing.assert_array_equal(readers[0][0].K, readers[1][0].K)
    assert readers[0][0].K[0, 0] == 99  # camera 16 comes before 4


def test_the_other_person_is_the_target(mini, body_dir):
    root, truth = mini
    reader = open_dataset("hi4d", root, split="test", body_dir=body_dir)
    # A ball of triangles lies up to 2 mm inside the round one that the writer measures to.
    check_scenes(reader, truth, within=0.003)


def test_without_smpls_triangles_there_is_no_geometry(mini, tmp_path):
    reader = open_dataset("hi4d", mini[0], split="test", body_dir=write_body_files(tmp_path))
    assert reader.scene(0) is None


def test_every_keeps_whole_pictures(mini, body_dir):
    reader = open_dataset("hi4d", mini[0], split="test", body_dir=body_dir, every=2)
    assert [reader[i].key.split("/", 4)[4] for i in range(len(reader))] == [
        "16/0/left",
        "16/0/right",
        "16/1/left",
        "16/1/right",
    ]


def test_bad_files_are_named(tmp_path, body_dir):
    write_hi4d(tmp_path)
    reader = open_dataset("hi4d", tmp_path, split="test", body_dir=body_dir)
    path = tmp_path / "pair17" / "hug" / "smpl" / "000007.npz"
    stored = dict(np.load(path))
    stored["verts"][1, 5] = np.nan
    np.savez(path, **stored)
    with pytest.raises(InputError, match=r"smpl/000007.npz.*'verts' holds NaN"):
        reader[0]
    del stored["contact"]
    np.savez(path, **(stored | {"verts": np.zeros((2, 6890, 3))}))
    with pytest.raises(InputError, match=r"smpl/000007.npz: has no 'contact'"):
        reader[0]
    cameras = tmp_path / "pair18" / "hug" / "cameras" / "rgb_cameras.npz"
    stored = dict(np.load(cameras))
    np.savez(cameras, **(stored | {"ids": stored["ids"] + 1}))
    with pytest.raises(InputError, match=r"rgb_cameras.npz"):
        open_dataset("hi4d", tmp_path, split="val", body_dir=body_dir)[0]
    with pytest.raises(InputError, match="no picture"):
        open_dataset("hi4d", tmp_path / "pair17", split="val", body_dir=body_dir)
