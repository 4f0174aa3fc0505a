"""H2O-3D from a mini set of its own form."""

import numpy as np
import pytest
from data.readers.checks import assert_reads, scene_distance, write_released
from data_writers import h2o3d as writer
from data_writers.mano import mano_folder
from hands.mano_files import write_pickle

from haco.data.index import open_dataset
from haco.data.readers.common import MissingHandError
from haco.files import InputError
from haco.pickles import load_pickle


def opened(root, **options):
    return open_dataset("h2o3d", root, mano_dir=mano_folder(), **options)


def test_both_hands_are_read_and_touch_object_and_each_other(tmp_path):
    mini = writer.write(tmp_path)
    reader = opened(tmp_path)
    assert_reads(reader, mini)
    assert [target.key for target in reader.scene(1).targets] == [
        "ycb/003_cracker_box",
        "h2o3d/train/JLMB0/0000/left",
    ]


def test_the_stored_joints_tell_which_left_shape_was_meant(tmp_path):
    """The second reading moves left hands of unusual people by centimetres, right ones not."""
    mini = writer.write(tmp_path)
    reader = opened(tmp_path, fix_left_shape=True)
    with pytest.raises(InputError, match=r"0000\.pkl: the hand .* lies \d+ mm from its joints"):
        reader[0]
    np.testing.assert_allclose(reader[1].vertices, mini.truths[1].vertices, atol=1e-6)


def test_an_unseen_hand_is_left_out_but_still_touched(tmp_path):
    mini = writer.write(tmp_path, unseen=True)
    reader = opened(tmp_path)
    with pytest.raises(MissingHandError, match=r"0000\.pkl: no joint of the left hand is seen"):
        reader[0]
    np.testing.assert_allclose(scene_distance(reader.scene(1)), mini.truths[1].distance, atol=1e-6)


def test_a_frame_without_one_hand_gives_neither_sample_nor_scene(tmp_path):
    mini = writer.write(tmp_path)
    write_pickle(mini.annotation, load_pickle(mini.annotation) | {"leftHandPose": None})
    reader = opened(tmp_path)
    for read in (lambda: reader[0], lambda: reader.scene(0), lambda: reader.scene(1)):
        with pytest.raises(MissingHandError, match="has no left hand"):
            read()


def test_the_withheld_hands_of_evaluation_have_a_box_and_no_label(tmp_path):
    writer.write(tmp_path)
    reader = opened(tmp_path, split="test")
    left, right = (reader[index] for index in range(len(reader)))
    assert (left.key, right.side) == ("h2o3d/evaluation/CDE1/0005/left", "right")
    np.testing.assert_allclose([left.box, right.box], [[2.0, *writer.BOX[1:]], writer.BOX])
    for index, sample in enumerate((left, right)):
        assert sample.vertices is sample.distance is sample.contact is None
        assert reader.scene(index) is None
    meta = tmp_path / "evaluation/CDE1/meta/0005.pkl"
    write_pickle(meta, load_pickle(meta) | {"leftHandBoundingBox": [70.0, 0, 90, 20]})
    with pytest.raises(InputError, match=r"0005\.pkl: the box .* lies beside its picture"):
        reader[0]


def test_the_released_labels_are_given_on_request(tmp_path):
    bits = write_released(writer.write(tmp_path), "JLMB0-0002")
    reader = opened(tmp_path, labels="released")
    assert [reader[index].key for index in range(len(reader))] == ["h2o3d/train/JLMB0/0002/right"]
    np.testing.assert_array_equal(reader[0].contact, bits)
