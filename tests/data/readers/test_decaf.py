"""Decaf: whose bits, which frames, and what becomes of its principal components."""

import numpy as np
import pytest
from data_writers.compare import check_samples, of
from data_writers.decaf import NUM_FRAMES, UNTOUCHED, write_decaf
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.readers import decaf
from haco.files import InputError


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    root = tmp_path_factory.mktemp("decaf")
    return root, write_decaf(root)


def open_mini(root, split="train", **options):
    return open_dataset("decaf", root, split=split, every=1, mano_dir=mano_folder(), **options)


def touching(truth):
    return {key: each for key, each in truth.items() if each.contact.any()}


def test_hands_are_where_and_what_the_set_says(mini):
    root, truth = mini
    check_samples(open_mini(root, "test", posed=True), touching(of(truth, "decaf/test/S2")))


def test_train_and_val_share_no_frame_and_make_all(mini):
    root, truth = mini
    train, val = ({sample.key for sample in open_mini(root, split)} for split in ("train", "val"))
    expected = touching(of(truth, "decaf/train/S1", "decaf/train/S5"))
    assert train | val == {
        key for key in expected if not key.endswith("S5/111") and "/111" not in key
    }
    assert not {key.rpartition("/")[0] for key in train & val}
    num_val = (NUM_FRAMES - len(UNTOUCHED)) // 10
    assert len(val) == num_val * (2 + 1)  # two cameras of S1, one of S5


def test_frames_without_contact_come_only_when_asked(mini):
    root, truth = mini
    keys = {sample.key for sample in open_mini(root, "test", untouched=True)}
    assert keys == set(of(truth, "decaf/test"))
    assert len(open_mini(root, "test")) == NUM_FRAMES - len(UNTOUCHED)


def test_every_fifth_takes_the_cameras_in_turns(mini):
    root, _ = mini
    cameras = [sample.key[-3:] for sample in open_dataset("decaf", root, split="train")]
    assert {cameras[0], cameras[1]} == {"084", "100"}


def test_video_frames_are_those_of_the_arrays(mini):
    # The writer's pictures differ in blue: 20 a frame.
    root, _ = mini
    for sample in open_mini(root):
        frame = int(sample.key.split("/")[3])
        blue = sample.image[..., 2].mean()
        assert abs(blue - (20 * (frame % 10) + 20)) < 6, sample.key


def test_components_about_the_mean_hand_would_be_centimetres_off(mini, monkeypatch):
    root, truth = mini
    known = truth["decaf/test/S2/00000/084"].vertices
    right = open_mini(root, "test", posed=True)[0].vertices
    assert np.abs(right - known).max() < 1e-4
    monkeypatch.setattr(decaf, "FINGERS", "components")
    wrong = open_mini(root, "test", posed=True)[0].vertices
    assert np.linalg.norm(wrong - known, axis=1).max() > 0.02


def test_bad_files_are_named(tmp_path):
    write_decaf(tmp_path)
    with pytest.raises(InputError, match="in which folder the set lies"):
        open_mini(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="contacts_rh"):
        open_mini(tmp_path / "train")
    boxes = tmp_path / "test" / "right_hand_bbs" / "S2" / "084.npy"
    stored = np.load(boxes)
    stored[0] += 1000
    stored[1] = np.nan
    np.save(boxes, stored[:3])
    reader = open_mini(tmp_path, "test", untouched=True)
    with pytest.raises(InputError, match=r"084.npy.*beside"):
        reader[0]
    with pytest.raises(InputError, match=r"084.npy.*NaN"):
        reader[1]
    with pytest.raises(InputError, match=r"084.npy"):
        reader[3]
    picture = tmp_path / "test" / "images" / "S2" / "084" / "00002.jpg"
    picture.write_bytes(picture.read_bytes()[:300])
    with pytest.raises(InputError, match=r"00002.jpg"):
        reader[2]
