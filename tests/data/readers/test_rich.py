"""RICH: bits on SMPL, colours and distances on SMPL-X, two accounts of the tree, two people."""

import numpy as np
import pytest
from data_writers.bodies import SMPLX_IDS, write_body_files
from data_writers.compare import check_samples, check_scenes, of
from data_writers.rich import SEQUENCES, SIZE, write_rich

from haco.data.index import open_dataset
from haco.data.mesh_files import load_mesh
from haco.files import InputError


@pytest.fixture(scope="module")
def body_dir(tmp_path_factory):
    return write_body_files(tmp_path_factory.mktemp("bodies"))


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    root = tmp_path_factory.mktemp("rich")
    return root, write_rich(root)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_both_hands_of_everyone_are_where_the_bodies_are(mini, body_dir, split):
    root, truth = mini
    reader = open_dataset("rich", root, split=split, body_dir=body_dir)
    check_samples(reader, of(truth, f"rich/{split}/"), within=1e-5)
    assert len({reader[i].key.split("/")[5] for i in range(len(reader))}) == len(
        SEQUENCES[split][1]
    )


def test_the_toolkits_names_are_read_as_well(tmp_path, body_dir):
    truth = write_rich(tmp_path, "toolkit", ("test",))
    reader = open_dataset("rich", tmp_path, split="test", body_dir=body_dir)
    check_samples(reader, of(truth, "rich/test/"), within=1e-5)


def test_bits_of_smpl_count_where_most_of_the_weight_is(mini, body_dir):
    # The pkl's bits lie on SMPL: taken at SMPL-X's numbers they would be noise.
    root, truth = mini
    check_samples(
        open_dataset("rich", root, split="test", body_dir=body_dir, truth="smpl"),
        of(truth, "rich/test/"),
    )


def test_distances_lie_on_smplx(mini, body_dir):
    root, truth = mini
    reader = open_dataset("rich", root, split="test", body_dir=body_dir, truth="distances")
    for index in range(len(reader)):
        sample = reader[index]
        assert sample.contact is None
        np.testing.assert_allclose(sample.distance, truth[sample.key].distance, atol=1e-5)


def test_the_nearest_triangles_give_the_same_distances(mini, body_dir):
    root, truth = mini
    reader = open_dataset("rich", root, split="test", body_dir=body_dir)
    check_scenes(reader, truth, within=1e-5)


def test_a_smaller_picture_scales_the_intrinsics(tmp_path, mini, body_dir):
    write_rich(tmp_path, splits=("val",), shrink=2)
    small, large = (
        open_dataset("rich", root, split="val", body_dir=body_dir)[0]
        for root in (tmp_path, mini[0])
    )
    assert small.image.shape[1] == SIZE[0] // 2
    np.testing.assert_allclose(small.K[:2], large.K[:2] / 2)
    # The far edge lies a pixel beyond the farthest point, in either picture.
    tight, wide = small.box - [0, 0, 1, 1], large.box - [0, 0, 1, 1]
    np.testing.assert_allclose(tight, wide / 2, atol=1e-3)


def test_released_labels_are_of_the_first_persons_right_hand(tmp_path, body_dir):
    write_rich(tmp_path, splits=("test",))
    folder = tmp_path / "preprocessed_data" / "test" / "contact_data"
    folder.mkdir(parents=True)
    bits = np.random.default_rng(0).random(778) < 0.5
    np.save(folder / "LectureHall_009_021_sidebalance1-cam_01-00012_01.npy", bits.astype(int))
    reader = open_dataset("rich", tmp_path, split="test", labels="released", body_dir=body_dir)
    assert [reader[i].key.split("/")[3:] for i in range(len(reader))] == [
        ["00012", "cam_01", "009", "right"]
    ]
    np.testing.assert_array_equal(reader[0].contact, bits)


def test_bad_files_are_named(tmp_path, body_dir, monkeypatch):
    write_rich(tmp_path, splits=("val",))
    reader = open_dataset("rich", tmp_path, split="val", body_dir=body_dir)
    folder = tmp_path / "hsc" / "val" / SEQUENCES["val"][0]
    with pytest.raises(InputError, match=r"MANO_SMPLX_vertex_ids.pkl: no such file"):
        open_dataset("rich", tmp_path, split="val", body_dir=tmp_path)[0]
    load_mesh.cache_clear()
    body = folder / "00012" / "011.obj"
    body.write_text("v 1 2 3 0 255 0\nv 1 2 4 0 255 0\nv 2 2 4 0 255 0\nf 1 2 3\n")
    with pytest.raises(InputError, match=r"00012/011.obj.*a body of 3 vertices"):
        reader[0]
    lines = ["v nan 0 0 0 255 0"] + ["v 0 1 0 0 255 0", "v 1 0 0 0 255 0"] * 6000 + ["f 1 2 3"]
    (folder / "00013" / "011.obj").write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"00013/011.obj.*NaN"):
        reader[len(reader) - 1]
    (tmp_path / "scan_calibration" / "Gym" / "calibration" / "000.xml").write_text("<xml/>")
    with pytest.raises(InputError, match=r"000.xml"):
        reader[0]
    with pytest.raises(InputError, match=r"neither hsc nor human_scene_contact"):
        open_dataset("rich", tmp_path / "hsc", split="val", body_dir=body_dir)
    for name in ("HACO_BODY_DIR", "HACO_MANO_DIR"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match=r"HACO_BODY_DIR"):
        open_dataset("rich", tmp_path, split="val")


def test_hands_have_manos_order_on_either_side(body_dir):
    from haco.data.body_hands import BodyHands

    numbers = np.arange(10475.0)
    for side, ids in SMPLX_IDS.items():
        np.testing.assert_array_equal(BodyHands(body_dir).of_smplx(numbers, side), ids)
