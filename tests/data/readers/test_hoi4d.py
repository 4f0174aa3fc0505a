"""HOI4D from a mini set of its own form."""

import json

import numpy as np
import pytest
from data.readers.checks import assert_reads, write_released
from data_writers import hoi4d as writer
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.files import InputError


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    return writer.write(tmp_path_factory.mktemp("hoi4d"))


def opened(root, split="train", **options):
    return open_dataset("hoi4d", root, split=split, mano_dir=mano_folder(), **options)


@pytest.mark.parametrize(
    ("account", "padded", "entry", "python"),
    [
        ("released", False, "dataList", False),
        ("toolkit", True, "objects", False),
        ("toolkit", False, "dataList", True),
    ],
)
def test_hands_and_objects_are_read_by_either_account(account, padded, entry, python, tmp_path):
    mini = writer.write(tmp_path, account=account, padded=padded, entry=entry, python=python)
    assert_reads(opened(tmp_path), mini)


def test_pictures_may_stay_in_the_video(tmp_path):
    mini = writer.write(tmp_path, video=True)
    reader = opened(tmp_path)
    for index, truth in enumerate(mini.truths):
        sample = reader[index]
        assert sample.key == truth.key
        assert np.abs(sample.image.astype(int) - truth.colour).max() < 14, "frames are 30 apart"


def test_splits_follow_the_lists_and_keep_rigid_objects(mini):
    keys = {
        split: [reader[index].key for index in range(len(reader))]
        for split in ("train", "val", "test")
        for reader in (opened(mini.root, split),)
    }
    assert {key.rsplit("/", 2)[0].removeprefix("hoi4d/") for key in keys["train"]} == {writer.TRAIN}
    assert keys["val"] == [f"hoi4d/{writer.VAL}/00004/{side}" for side in ("left", "right")]
    assert [key.split("/")[-2] for key in keys["test"]] == ["00000", "00000", "00001", "00001"]
    assert len(opened(mini.root, every=1)) == 11


def test_the_other_hand_is_a_target_where_it_is_there(mini):
    reader = opened(mini.root)
    keys = [[target.key for target in reader.scene(index).targets] for index in range(3)]
    frame = f"hoi4d/{writer.TRAIN}/00000"
    assert keys == [
        ["hoi4d/Mug/007", f"{frame}/right"],
        ["hoi4d/Mug/007", f"{frame}/left"],
        ["hoi4d/Mug/007"],
    ]


def test_angles_about_fixed_axes_would_be_seen(mini, tmp_path):
    # Else nobody would notice 'xyz' for 'XYZ'.
    writer.write(tmp_path)
    pose = tmp_path / writer.ACCOUNTS["released"][1] / writer.TRAIN / "objpose" / "0.json"
    angles = json.loads(pose.read_text())["dataList"][0]["rotation"]
    assert min(abs(angle) for angle in angles.values()) > 0.2


def test_a_sequence_list_of_something_else_is_refused(tmp_path):
    writer.write(tmp_path)
    (tmp_path / "datalists/train_all.txt").write_text("C2/N7\n")
    with pytest.raises(InputError, match=r"train_all\.txt: 'C2/N7' does not name a sequence"):
        opened(tmp_path)
    (tmp_path / "datalists/train_all.txt").write_text(f"{writer.TRAIN}0\n")
    with pytest.raises(InputError, match="none of its sequences has a hand"):
        opened(tmp_path)


@pytest.mark.parametrize("frame", ["2", "00002"])
def test_the_released_labels_are_given_on_request(frame, tmp_path):
    name = f"{writer.TRAIN.replace('/', '-')}-{frame}"
    bits = write_released(writer.write(tmp_path), name)
    reader = opened(tmp_path, labels="released")
    assert [reader[index].key for index in range(len(reader))] == [
        f"hoi4d/{writer.TRAIN}/00002/right"
    ]
    np.testing.assert_array_equal(reader[0].contact, bits)
