"""H2O from a mini set of its own form."""

import numpy as np
import pytest
from data.readers.checks import assert_reads, write_released
from data_writers import h2o as writer
from data_writers.common import write_box
from data_writers.mano import mano_folder

from haco.data.index import open_dataset
from haco.data.mesh_files import load_mesh
from haco.data.readers.common import MissingHandError
from haco.files import InputError


def opened(root, **options):
    return open_dataset("h2o", root, mano_dir=mano_folder(), **options)


def keys(reader):
    return [reader[index].key for index in range(len(reader))]


def change(path, place, value):
    numbers = path.read_text().split()
    numbers[place] = str(value)
    path.write_text(" ".join(numbers))


@pytest.mark.parametrize("full", [False, True], ids=["the ego download", "the full download"])
def test_both_hands_are_read_from_62_numbers_each(full, tmp_path):
    mini = writer.write(tmp_path, full=full)
    reader = opened(tmp_path)
    assert_reads(reader, mini)
    keys_of = [[target.key for target in reader.scene(index).targets] for index in (1, 3, 5)]
    assert keys_of == [
        ["h2o/espresso", "h2o/subject1/h1/0/cam4/000000/left"],
        ["h2o/subject1/h1/0/cam4/000001/left"],  # class 0: there is no object
        ["h2o/spray", "h2o/subject1/o2/3/cam4/000000/left"],
    ]


def test_59_numbers_a_hand_would_be_another_hand(tmp_path):
    """The set's page says 59: the right hand's numbers would then begin three too early."""
    mini = writer.write(tmp_path)
    numbers = np.array(mini.annotation.read_text().split(), float)
    shifted = np.concatenate([numbers[:62], numbers[59:121]])
    mini.annotation.write_text(" ".join(map(str, shifted)))
    with pytest.raises(MissingHandError, match="has no right hand"):
        opened(tmp_path)[1]
    mini.annotation.write_text(" ".join(map(str, numbers[:118])))
    with pytest.raises(InputError, match=r"000000\.txt: its 'numbers' has 118 numbers, not 124"):
        opened(tmp_path)[1]


def test_people_and_places_split_the_set_whatever_the_lists_are_called(tmp_path):
    writer.write(tmp_path)
    for split, take in (("val", writer.TAKES[2]), ("test", writer.TAKES[3])):
        reader = opened(tmp_path, split=split)
        assert keys(reader) == [f"h2o/{take}/cam4/000000/{side}" for side in ("left", "right")]


def test_frames_whose_object_changes_its_form_are_kept_on_request(tmp_path):
    mini = writer.write(tmp_path)
    assert {opened(tmp_path)[index].interaction for index in range(6)} == {"grab"}
    reader = opened(tmp_path, every_verb=True)
    assert len(reader) == len(mini.truths) + 2
    assert (reader[4].key[-11:], reader[4].interaction) == ("000002/left", "open")
    change(mini.annotation.parents[1] / "verb_label/000000.txt", 0, 12)
    with pytest.raises(InputError, match=r"000000\.txt: there is no verb 12"):
        opened(tmp_path)


def test_a_frame_with_one_hand_is_left_out(tmp_path):
    mini = writer.write(tmp_path)
    change(mini.annotation, 62, 0)
    reader = opened(tmp_path)
    for read in (reader.__getitem__, reader.scene):
        for index in (0, 1):
            with pytest.raises(MissingHandError, match=r"000000\.txt: has no right hand"):
                read(index)


def test_the_left_shape_is_mended_on_request_only(tmp_path):
    mini = writer.write(tmp_path)
    reader = opened(tmp_path, fix_left_shape=True)
    moved = [np.abs(reader[i].vertices - mini.truths[i].vertices).max() for i in range(2)]
    assert moved[0] > 0.01
    assert moved[1] < 1e-6


def test_a_model_in_millimetres_and_an_unknown_class_are_refused(tmp_path):
    mini = writer.write(tmp_path)
    write_box(mini.mesh, scale=1000)
    load_mesh.cache_clear()
    with pytest.raises(InputError, match="espresso: is 100 long, so it is not in metres"):
        opened(tmp_path).scene(0)
    change(mini.annotation.parents[1] / "obj_pose_rt/000000.txt", 0, 9)
    with pytest.raises(InputError, match=r"000000\.txt: there is no object of class 9"):
        opened(tmp_path).scene(0)


def test_the_released_labels_are_given_on_request(tmp_path):
    bits = write_released(writer.write(tmp_path), "subject1_ego-o2-3-cam4-000000")
    reader = opened(tmp_path, labels="released")
    assert keys(reader) == ["h2o/subject1/o2/3/cam4/000000/right"]
    np.testing.assert_array_equal(reader[0].contact, bits)
