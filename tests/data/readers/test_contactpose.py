"""ContactPose from a mini set of its own form, and its heat against distance."""

import json

import numpy as np
import pytest
from data.readers.checks import assert_reads
from data_writers import contactpose as writer
from data_writers.mano import mano_folder

from haco.data.heat import compare_with_heat, distance_to_hands, heat_contact
from haco.data.index import open_dataset
from haco.files import InputError


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    return writer.write(tmp_path_factory.mktemp("contactpose"))


def opened(root, split="train", **options):
    return open_dataset("contactpose", root, split=split, mano_dir=mano_folder(), **options)


def test_moving_and_still_hands_are_read_in_pictures_turned_three_ways(mini):
    assert_reads(opened(mini.root), mini)


def test_every_frame_is_there_on_request_and_a_person_is_of_one_split(mini):
    assert len(opened(mini.root, every=1)) == 3 * 2 * writer.NUM_FRAMES
    assert [len(opened(mini.root, split)) for split in ("val", "test")] == [0, 0]


def test_hands_without_a_fit_and_cameras_that_are_not_valid_are_left_out(tmp_path):
    mini = writer.write(tmp_path, cameras=("kinect2_right",))
    fits = json.loads(mini.annotation.read_text())
    mini.annotation.write_text(json.dumps([{"valid": False}, fits[1]]))
    reader = opened(tmp_path)
    assert [reader[index].key for index in range(len(reader))] == [
        f"contactpose/{writer.GRASP}/kinect2_right/{frame}/right" for frame in ("000", "010")
    ]
    assert len(reader.scene(0).targets) == 1


def test_a_fit_far_from_its_joints_is_refused(tmp_path):
    mini = writer.write(tmp_path)
    fits = json.loads(mini.annotation.read_text())
    fits[0]["mTc"]["translation"][0] += 0.03
    mini.annotation.write_text(json.dumps(fits))
    with pytest.raises(InputError, match=r"annotations\.json.*30 mm from its joints"):
        opened(tmp_path)[0]


def test_grasps_without_pictures_are_left_out(tmp_path):
    mini = writer.write(tmp_path)
    (mini.picture.parents[2]).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="holds no grasp with pictures"):
        opened(tmp_path)


def test_measured_contact_begins_where_the_authors_cut_their_sigmoid():
    heat = np.arange(256)
    stretched = 1 / (1 + np.exp(-2 * np.log(19) / (255 - 1) * (heat - 128)))  # .05 at 1, .95 at 255
    expected = (stretched >= 0.4) & (heat > 0)
    np.testing.assert_array_equal(heat_contact(heat), expected)
    assert not heat_contact(np.zeros(5, np.int64)).any()


def test_distance_at_the_cut_of_the_heat_agrees_with_it_and_other_distances_do_not(mini):
    reader = opened(mini.root)
    assert reader.grasps() == [0]
    distance, heat = distance_to_hands(reader, 0), reader.measured(0).colours[:, 0]
    np.testing.assert_array_equal(heat, writer.heat_at(distance))
    # Heat runs from 40 to 240, and the authors' cut lies 43 hundredths of the way up.
    measured, limit = heat_contact(heat.astype(np.int64)), writer.WARM * (1 - 0.4311)
    is_clear = np.abs(distance - limit) > 3e-4
    np.testing.assert_array_equal(measured[is_clear], (distance < limit)[is_clear])
    cut = distance[measured].max() + 1e-9
    near, exact, far = compare_with_heat(reader, (0.002, cut, 0.010))
    assert exact.f1 == exact.precision == exact.recall == 1
    assert near.precision == 1 > near.recall > 0
    assert far.recall == 1 > far.precision > 0.3
    total = near.both + near.distance_only + near.heat_only + near.neither
    assert total == len(distance) > 300
    assert 20 < exact.both < 0.9 * total


def test_an_object_without_colours_has_no_heat(tmp_path):
    mini = writer.write(tmp_path)
    lines = mini.mesh.read_bytes()
    header, body = lines.split(b"end_header\n", 1)
    for channel in (b"red", b"green", b"blue", b"alpha"):
        header = header.replace(b"uchar " + channel, b"uchar x" + channel)
    mini.mesh.write_bytes(header + b"end_header\n" + body)
    with pytest.raises(InputError, match="has no colours"):
        compare_with_heat(opened(tmp_path))
