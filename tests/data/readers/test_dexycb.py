"""DexYCB from a mini set of its own form."""

import json

import numpy as np
import pytest
from data.readers.checks import assert_reads, write_released
from data_writers import dexycb as writer
from data_writers.common import write_box
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.readers.common import MissingHandError
from haco.files import InputError


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    return writer.write(tmp_path_factory.mktemp("dexycb"))


def opened(root, name="dexycb", split="train", **options):
    return open_dataset(name, root, split=split, mano_dir=mano_folder(), **options)


def test_both_hands_are_read_from_components_about_the_mean(mini):
    assert_reads(opened(mini.root), mini)


def test_only_the_grasped_object_counts_unless_asked(mini):
    write_box(mini.root / "models/052_extra_large_clamp/textured_simple.obj")
    assert len(opened(mini.root).scene(0).targets) == 1
    scene = opened(mini.root, all_objects=True).scene(0)
    # Number 11, a pitcher, has no pose in this picture.
    assert [target.key for target in scene.targets] == [
        "ycb/003_cracker_box",
        "ycb/052_extra_large_clamp",
    ]


def test_setups_split_by_sequence_person_camera_and_object(mini):
    sizes = {
        (setup, split): len(opened(mini.root, f"dexycb/{setup}", split))
        for setup in ("s0", "s1", "s2", "s3")
        for split in ("train", "val", "test")
    }
    # Two sequences of one frame, eight cameras, person 1: only the cameras of s2 divide them.
    assert {key for key, size in sizes.items() if size} == {
        ("s0", "train"),
        ("s1", "train"),
        ("s2", "train"),
        ("s2", "val"),
        ("s2", "test"),
        ("s3", "train"),
    }
    assert [sizes["s2", split] for split in ("train", "val", "test")] == [12, 2, 2]
    assert sizes["s0", "train"] == 16
    with pytest.raises(InputError, match="no such setup"):
        opened(mini.root, "dexycb/s4")


def test_the_papers_lists_count_sequence_camera_frame(mini, tmp_path):
    (tmp_path / "list.json").write_text(json.dumps(["00000009", "00000002"]))
    reader = opened(mini.root, ids=tmp_path / "list.json")
    assert [reader[index].key for index in range(2)] == [
        f"dexycb/{writer.PERSON}/20200709_141801/839512060362/000000",
        f"dexycb/{writer.PERSON}/20200709_141800/840412060917/000000",
    ]


def test_an_unseen_hand_is_left_out_and_an_unposed_object_gives_no_scene(tmp_path):
    mini = writer.write(tmp_path, unseen=True)
    with pytest.raises(MissingHandError, match=r"labels_000000\.npz: no hand is seen"):
        opened(tmp_path)[0]
    labels = dict(np.load(mini.annotation))
    other = dict(np.load(mini.annotation.parents[1] / writer.SERIALS[1] / "labels_000000.npz"))
    np.savez(mini.annotation, **(labels | {name: other[name] for name in ("pose_m", "joint_3d")}))
    assert opened(tmp_path).scene(0) is None


def test_a_person_without_all_sequences_is_refused(tmp_path):
    writer.write(tmp_path)
    folder = tmp_path / writer.PERSON / "20200709_141899"
    (folder / "meta.yml").unlink()
    folder.rmdir()
    with pytest.raises(InputError, match=r"subject-01: holds 99 sequences, not 100"):
        opened(tmp_path)


def test_the_released_labels_are_given_on_request(tmp_path):
    name = "1_20200709_141800_840412060917_0"
    bits = write_released(writer.write(tmp_path), name)
    reader = opened(tmp_path, labels="released")
    assert len(reader) == 1
    np.testing.assert_array_equal(reader[0].contact, bits)
