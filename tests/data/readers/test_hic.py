"""HIC: annotations out of order, surfaces as they are, hands that are not there."""

import json

import numpy as np
import pytest
from data_writers.compare import check_samples, check_scenes, of
from data_writers.hic import FITS, write_hic
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.files import InputError


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    root = tmp_path_factory.mktemp("hic")
    return root, write_hic(root)


@pytest.mark.parametrize(
    ("split", "frames"),
    [("train", ("hic/01/002", "hic/06")), ("val", ("hic/01/003",)), ("test", ("hic/07",))],
)
def test_hands_are_where_the_fits_are(mini, split, frames):
    root, truth = mini
    reader = open_dataset("hic", root, split=split)
    check_samples(reader, of(truth, *frames), within=1e-6)
    check_scenes(reader, truth, within=1e-6)


def test_pictures_go_with_their_own_fits(mini):
    # The table lists annotations in another order than pictures; a picture's blue is its frame.
    reader = open_dataset("hic", mini[0], split="test")
    for index in range(len(reader)):
        sample = reader[index]
        frame = int(sample.key.split("/")[2])
        assert sample.image[0, 0, 2] == 20 * (frame % 10) + 20


@pytest.mark.parametrize("prefix", ["/somewhere/else/data/HIC/", "data/"])
def test_paths_from_further_up_are_found(tmp_path, prefix):
    truth = write_hic(tmp_path, prefix=prefix)
    check_samples(open_dataset("hic", tmp_path, split="test"), of(truth, "hic/07"))


def test_fits_without_triangles_take_manos(tmp_path):
    truth = write_hic(tmp_path, faces=False)
    reader = open_dataset("hic", tmp_path, split="test", mano_dir=mano_folder())
    check_scenes(reader, truth, within=1e-6)


def test_released_labels_go_by_the_pictures_number(mini, tmp_path):
    write_hic(tmp_path)
    folder = tmp_path / "preprocessed_data" / "test" / "contact_data"
    folder.mkdir(parents=True)
    bits = np.random.default_rng(0).random(778) < 0.5
    np.save(folder / "702.npy", bits.astype(np.int64))
    reader = open_dataset("hic", tmp_path, split="test", labels="released")
    assert [reader[i].key for i in range(len(reader))] == ["hic/07/002/right"]
    np.testing.assert_array_equal(reader[0].contact, bits)


def test_bad_files_are_named(tmp_path):
    write_hic(tmp_path)
    reader = open_dataset("hic", tmp_path, split="test")
    fit = next((tmp_path / FITS).glob("*___07___Model_Hand_R___ncomps45/001.ply"))
    fit.unlink()
    with pytest.raises(InputError, match=r"Hand_R___ncomps45/001.ply: no such file"):
        reader[1]
    fit.write_bytes(next((tmp_path / FITS).glob("*___06___*R*/005.ply")).read_bytes()[:2000])
    with pytest.raises(InputError, match=r"Hand_R___ncomps45/001.ply"):
        reader[1]
    (tmp_path / "07" / "1" / "rgb" / "001.png").unlink()
    with pytest.raises(InputError, match=r"001.png: no such file"):
        reader[0]
    table = json.loads((tmp_path / "HIC.json").read_text())
    table["annotations"][0]["image_id"] = 5
    (tmp_path / "HIC.json").write_text(json.dumps(table))
    with pytest.raises(InputError, match=r"HIC.json.*5"):
        open_dataset("hic", tmp_path, split="test")
