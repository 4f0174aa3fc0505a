"""A user's own pictures: both kinds of table, labels in each form, and what is refused."""

import json

import numpy as np
import pytest
from data_writers.folder import BOXES, CONTACT, DISTANCE, write_folder
from data_writers.pictures import picture

from haco.data.index import open_dataset
from haco.data.labels import contact_of
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS


@pytest.mark.parametrize("table", ["csv", "coco"])
def test_both_tables_give_the_same_hands(tmp_path, table):
    write_folder(tmp_path, table)
    reader = open_dataset("folder", tmp_path, split="test")
    samples = [reader[index] for index in range(len(reader))]
    assert [sample.side for sample in samples] == ["right", "left", "left"]
    assert [sample.interaction for sample in samples] == ["mug", "unknown", "unknown"]
    for sample, box in zip(samples, BOXES, strict=True):
        np.testing.assert_array_equal(sample.box, box)
    assert len({sample.key for sample in samples}) == 3
    assert all(sample.key.isascii() for sample in samples)
    # JPEG; the second picture is a PNG.
    np.testing.assert_array_equal(samples[2].image, picture(64, 48, seed=1))


@pytest.mark.parametrize("table", ["csv", "coco"])
def test_labels_are_bits_or_distances_or_unknown(tmp_path, table):
    write_folder(tmp_path, table)
    reader = open_dataset("folder", tmp_path, split="test")
    np.testing.assert_array_equal(reader[0].contact, CONTACT)
    np.testing.assert_array_equal(reader[1].distance, DISTANCE)
    truth = contact_of(reader[2], PROTOCOLS["harmonised"])
    assert not truth.valid.any()


def test_coco_may_hold_the_bits_and_keypoints_itself(tmp_path):
    write_folder(tmp_path, "coco")
    table = json.loads((tmp_path / "hands.json").read_text())
    points = np.arange(63.0).reshape(21, 3)
    points[:, 2] = 2
    points[4] = 0
    table["annotations"][2] |= {"contact": CONTACT.tolist(), "keypoints": points.ravel().tolist()}
    (tmp_path / "hands.json").write_text(json.dumps(table))
    sample = open_dataset("folder", tmp_path, split="test")[2]
    np.testing.assert_array_equal(sample.contact, CONTACT)
    assert np.isnan(sample.keypoints[4]).all()
    np.testing.assert_array_equal(sample.keypoints[5], [15, 16])


def test_a_table_without_splits_only_tests(tmp_path):
    write_folder(tmp_path, "csv")
    with pytest.raises(InputError, match=r"hands.csv.*no hand of the split train"):
        open_dataset("folder", tmp_path, split="train")


@pytest.mark.parametrize("table", ["csv", "coco"])
def test_splits_are_a_column_or_files_of_their_own(tmp_path, table):
    path = write_folder(tmp_path, table, splits=("train", "val", "train"))
    train = open_dataset("folder", tmp_path, split="train")
    assert [train[i].side for i in range(2)] == ["right", "left"]
    assert len(open_dataset("folder", tmp_path, split="val")) == 1
    with pytest.raises(InputError, match="split test"):
        open_dataset("folder", tmp_path, split="test")
    path.rename(path.with_stem("test"))
    assert len(open_dataset("folder", tmp_path, split="test")) == 3


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("images/a.jpg,5,5,40,40,both,", "line 5.*'both'"),
        ("images/a.jpg,5,5,nan,40,left,", "line 5.*holds no pixel"),
        ("images/a.jpg,40,5,5,40,left,", "line 5.*holds no pixel"),
        ("images/a.jpg,5,5,wide,40,left,", "line 5.*not four numbers"),
        ("images/c.jpg,5,5,40,40,left,", "1 files.*images/c.jpg"),
        ("images/a.jpg,5,5,40,40,left,labels/9.npy", "1 files.*labels/9.npy"),
    ],
)
def test_a_bad_row_is_named(tmp_path, line, complaint):
    path = write_folder(tmp_path, "csv", columns=7)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InputError, match=f"hands.csv.*{complaint}"):
        open_dataset("folder", tmp_path, split="test")


def test_a_bad_picture_box_or_label_is_named(tmp_path):
    path = write_folder(tmp_path, "csv", columns=7)
    path.write_text(path.read_text() + "images/a.jpg,700,5,740,40,left,\n")
    reader = open_dataset("folder", tmp_path, split="test")
    with pytest.raises(InputError, match=r"a.jpg: the box .*beside"):
        reader[3]
    np.save(tmp_path / "labels" / "a.npy", DISTANCE)
    with pytest.raises(InputError, match=r"a.npy: contact is 0 or 1"):
        reader[0]
    np.save(tmp_path / "labels" / "a.npy", CONTACT[:700])
    with pytest.raises(InputError, match=r"a.npy.*\(700,\).*778"):
        reader[0]
    np.savez(tmp_path / "labels" / "b.npz", touch=CONTACT)
    with pytest.raises(InputError, match=r"b.npz.*neither.*touch"):
        reader[1]
    (tmp_path / "labels" / "b.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"b.npz"):
        reader[1]
    jpeg = tmp_path / "images" / "a.jpg"
    jpeg.write_bytes(jpeg.read_bytes()[:200])
    with pytest.raises(InputError, match=r"a.jpg"):
        reader[0]


def test_a_coco_annotation_without_picture_or_box_is_named(tmp_path):
    path = write_folder(tmp_path, "coco")
    whole = path.read_text()
    for change, complaint in (({"image_id": 77}, "image 77"), ({"bbox": [1, 2]}, "no bbox")):
        table = json.loads(whole)
        table["annotations"][1] |= change
        path.write_text(json.dumps(table))
        with pytest.raises(InputError, match=f"hands.json, annotation 11.*{complaint}"):
            open_dataset("folder", tmp_path, split="test")


def test_no_table_says_what_to_write(tmp_path):
    with pytest.raises(InputError, match=r"no table of hands; write train.csv"):
        open_dataset("folder", tmp_path, split="train")
    (tmp_path / "hands.csv").write_text("image,x1,y1\n")
    with pytest.raises(InputError, match=r"no column x2, y2, side"):
        open_dataset("folder", tmp_path, split="test")
