"""ObMan from a mini set of its own form."""

import json

import numpy as np
import pytest
from data.readers.checks import assert_reads, write_released
from data_writers import obman as writer

from haco.data.index import open_dataset
from haco.geometry.mesh import boundary_loops


@pytest.mark.parametrize("by_path", [False, True], ids=["by ids", "by obj_path"])
def test_hand_and_object_come_out_of_blenders_frame(by_path, tmp_path):
    mini = writer.write(tmp_path, by_path=by_path)
    assert_reads(open_dataset("obman", tmp_path), mini)


def test_the_lists_of_the_paper_choose_and_order_the_pictures(tmp_path):
    writer.write(tmp_path)
    (tmp_path / "train_87k.json").write_text(json.dumps(["00000017"]))
    reader = open_dataset("obman", tmp_path, ids=tmp_path / "train_87k.json")
    assert [reader[index].key for index in range(len(reader))] == ["obman/train/00000017"]


def test_an_open_model_stays_open(tmp_path):
    # The released system closed it or, failing that, called every vertex free.
    mini = writer.write(tmp_path, open_mesh=True)
    scene = open_dataset("obman", tmp_path).scene(0)
    assert len(boundary_loops(scene.targets[0].faces)) == 1
    np.testing.assert_allclose(scene.vertices, mini.truths[0].vertices, atol=1e-6)


def test_the_released_labels_are_given_on_request(tmp_path):
    bits = write_released(writer.write(tmp_path), "00000017")
    reader = open_dataset("obman", tmp_path, labels="released")
    assert len(reader) == 1
    np.testing.assert_array_equal(reader[0].contact, bits)
