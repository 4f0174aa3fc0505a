"""HO-3D, both versions, from mini sets of their own form."""

import json

import numpy as np
import pytest
from data.readers.checks import assert_reads, write_released
from data_writers import ho3d as writer
from data_writers.common import FLIP
from data_writers.mano import mano_folder
from hands.mano_files import write_pickle

from haco.data import honnotate
from haco.data.index import open_dataset
from haco.data.readers.common import MissingHandError
from haco.files import InputError
from haco.pickles import load_pickle


def opened(root, **options):
    return open_dataset("ho3d", root, mano_dir=mano_folder(), **options)


def keys(reader):
    return [reader[index].key for index in range(len(reader))]


@pytest.mark.parametrize("version", [2, 3])
def test_hand_and_object_come_out_of_opengls_frame(version, tmp_path):
    """Version 3 also ships bits; they are what the hand's distance to the object says."""
    mini = writer.write(tmp_path, version=version)
    assert (mini.truths[0].contact is None) == (version == 2)
    assert_reads(opened(tmp_path), mini)


def test_a_forgotten_turn_is_refused_or_seen(tmp_path, monkeypatch):
    mini = writer.write(tmp_path)
    monkeypatch.setattr(honnotate, "FLIP", np.eye(3))
    with pytest.raises(InputError, match="not before the camera"):
        assert_reads(opened(tmp_path), mini)


def test_joints_in_another_order_are_refused(tmp_path, monkeypatch):
    """One account has the thumb second, as ours; the joints that are stored tell."""
    writer.write(tmp_path)
    monkeypatch.setattr(honnotate, "FROM_MANO", np.arange(21))
    with pytest.raises(InputError, match=r"0000\.pkl: the hand .* lies \d+ mm from its joints"):
        opened(tmp_path)[0]


def test_the_tail_of_each_sequence_validates(tmp_path):
    writer.write(tmp_path)
    assert keys(opened(tmp_path, split="val")) == ["ho3d/train/ABF10/0002", "ho3d/train/SM2/0002"]


@pytest.mark.parametrize("turn", [np.eye(3), FLIP], ids=["OpenGL", "OpenCV"])
def test_the_given_hands_of_evaluation_are_read_in_either_frame(turn, tmp_path):
    mini = writer.write_evaluation(tmp_path, turn)
    assert [truth.key[-4:] for truth in mini.truths] == ["0007", "0003"]  # as listed
    assert_reads(opened(tmp_path, split="test"), mini)


def test_hands_of_another_version_are_refused(tmp_path):
    writer.write_evaluation(tmp_path, np.eye(3), moved=0.02)
    with pytest.raises(InputError, match=r"0007\.pkl: its wrist is not where"):
        opened(tmp_path, split="test")[0]
    (tmp_path / "evaluation_xyz.json").write_text(json.dumps([[[0.0, 0, 0]] * 21]))
    with pytest.raises(InputError, match=r"evaluation_xyz\.json: its 'xyz' has 63 numbers, not"):
        opened(tmp_path, split="test")


def test_a_frame_without_hand_is_left_out_and_one_without_object_has_no_scene(tmp_path):
    mini = writer.write(tmp_path)
    meta = load_pickle(mini.annotation)
    write_pickle(mini.annotation, meta | {"objRot": None, "objTrans": None})
    reader = opened(tmp_path)
    assert reader.scene(0) is None
    np.testing.assert_allclose(reader[0].vertices, mini.truths[0].vertices, atol=1e-6)
    write_pickle(mini.annotation, meta | {"handPose": None})
    with pytest.raises(MissingHandError, match=r"0000\.pkl: has no right hand"):
        reader[0]


def test_the_released_labels_go_by_handoccnets_numbers(tmp_path):
    mini = writer.write(tmp_path, version=2)
    bits = write_released(mini, "4711")
    with pytest.raises(InputError, match=r"HO3D_train_data\.json: no such file"):
        opened(tmp_path, labels="released")
    images = [{"id": 4711, "file_name": "SM2/rgb/0002.png"}, {"id": 5, "file_name": "A/rgb/1.png"}]
    (tmp_path / "HO3D_train_data.json").write_text(json.dumps({"images": images}))
    reader = opened(tmp_path, labels="released")
    assert keys(reader) == ["ho3d/train/SM2/0002"]  # which else validates
    np.testing.assert_array_equal(reader[0].contact, bits)
