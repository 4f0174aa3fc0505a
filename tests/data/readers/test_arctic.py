"""ARCTIC from a mini set of its own form."""

import json

import numpy as np
import pytest
from data.readers.checks import assert_reads, assert_sample, write_released
from data_writers import arctic as writer
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.readers.common import MissingHandError
from haco.files import InputError
from haco.geometry.camera import project, transform_points


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    return writer.write(tmp_path_factory.mktemp("arctic"))


def opened(root, name="arctic", split="train", **options):
    return open_dataset(name, root, split=split, mano_dir=mano_folder(), **options)


@pytest.mark.parametrize("pictures", ["cropped_images", "images"])
@pytest.mark.parametrize("shape_per_frame", [False, True], ids=["one shape", "shapes"])
def test_both_hands_are_seen_through_the_head_cameras_lens(pictures, shape_per_frame, tmp_path):
    mini = writer.write(tmp_path, pictures=pictures, shape_per_frame=shape_per_frame)
    assert_reads(opened(tmp_path), mini)


def test_the_lens_moves_boxes_by_pixels(mini):
    # Else the test above could not tell a reader that forgets it.
    truth = mini.truths[0]
    straight, seen = project(truth.vertices, truth.K), truth.pixels(truth.vertices)
    assert np.linalg.norm(straight - seen, axis=1).mean() > 2


def test_neighbouring_frames_and_the_row_of_the_pictures_own_number_are_far_off(mini):
    # Else nobody would notice the offset forgotten.
    first, third = mini.truths[0], mini.truths[2]
    assert np.linalg.norm(first.vertices - third.vertices, axis=1).mean() > 0.03
    assert first.key == "arctic/s01/box_use_01/0/00017/left"


@pytest.mark.parametrize("pictures", ["cropped_images", "images"])
def test_fixed_cameras_are_read_in_full_and_cropped(pictures, tmp_path):
    mini = writer.write(tmp_path, protocol="p1", pictures=pictures, processed=True)
    assert_reads(opened(tmp_path, "arctic/p1"), mini)


def test_cropped_pictures_of_fixed_cameras_need_their_boxes(tmp_path):
    writer.write(tmp_path, protocol="p1")
    with pytest.raises(InputError, match="were cropped is in processed_seqs only"):
        opened(tmp_path, "arctic/p1")[0]


def test_hands_that_the_authors_call_invalid_are_left_out(tmp_path):
    mini = writer.write(tmp_path, processed=True)
    reader = opened(tmp_path)
    with pytest.raises(MissingHandError, match=r"00018\.jpg: does not show the left hand"):
        reader[2]
    for index in (0, 1, 3):
        assert_sample(reader, index, mini.truths[index])


def test_a_hand_that_the_lens_would_fold_into_the_picture_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "LENS", np.array([-0.9, 0, 0, 0, 0, 0, 0, 0]))
    writer.write(tmp_path)
    with pytest.raises(MissingHandError, match="does not show"):
        opened(tmp_path)[0]


@pytest.mark.parametrize("top_label", [0, 1], ids=["0 by the code", "1 by the page"])
def test_the_top_is_what_lies_on_its_own_mesh(top_label, tmp_path):
    mini = writer.write(tmp_path, top_label=top_label)
    assert_reads(opened(tmp_path), mini)


@pytest.mark.parametrize("top_label", [0, 1])
def test_without_that_mesh_the_top_is_0(top_label, tmp_path):
    mini = writer.write(tmp_path, top_label=top_label, part_meshes=False)
    if top_label == 0:
        assert_reads(opened(tmp_path), mini)
    else:
        with pytest.raises(AssertionError):
            assert_reads(opened(tmp_path), mini)


def test_parts_are_rigid_so_that_a_tree_serves_the_whole_set(mini):
    reader = opened(mini.root)
    keys = {target.key for index in range(4) for target in reader.scene(index).targets}
    assert {"arctic/box/top", "arctic/box/bottom"} < keys
    assert len(keys) == 2 + 4


def test_an_object_whose_parts_share_triangles_is_bent(tmp_path):
    writer.write(tmp_path, joined=True)
    separate = writer.write(tmp_path / "separate")
    whole = opened(tmp_path).scene(0).targets[0]
    top, bottom, _ = opened(separate.root).scene(0).targets
    expected = np.where(
        np.arange(16)[:, None] < 8,
        transform_points(bottom.vertices, bottom.T_scene_target),
        transform_points(top.vertices, top.T_scene_target),
    )
    found = transform_points(whole.vertices, whole.T_scene_target)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert len(whole.faces) == 25
    assert whole.key == "arctic/s01/box_use_01/10/object"


def test_parts_must_fit_the_mesh(tmp_path):
    writer.write(tmp_path)
    path = tmp_path / "meta/object_vtemplates/box/parts.json"
    path.write_text(json.dumps([0, 1, 2] * 5 + [0]))
    with pytest.raises(InputError, match=r"parts\.json: numbers other parts"):
        opened(tmp_path).scene(0)
    path.write_text(json.dumps([0, 1]))
    with pytest.raises(InputError, match=r"parts\.json: its 'parts' has 2 numbers, not 16"):
        opened(tmp_path).scene(0)


def test_sequences_whose_truth_is_not_there_are_named(mini):
    with pytest.raises(InputError, match=r"box_use_02\.object\.npy: no such file"):
        opened(mini.root, split="test")
    with pytest.raises(InputError, match="no such protocol; say p1 or p2"):
        opened(mini.root, "arctic/p3")


def test_the_released_labels_are_given_on_request(tmp_path):
    bits = write_released(writer.write(tmp_path), "s01-box_use_01-0-00018")
    reader = opened(tmp_path, labels="released")
    assert [reader[index].key for index in range(len(reader))] == [
        "arctic/s01/box_use_01/0/00018/right"
    ]
    np.testing.assert_array_equal(reader[0].contact, bits)
