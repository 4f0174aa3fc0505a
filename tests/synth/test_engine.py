import dataclasses
import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

import haco.synth.engine
import haco.synth.looks.extras
import haco.synth.looks.scenes
from haco.files import InputError
from haco.geometry.camera import project
from haco.geometry.proximity import signed_distance
from haco.hands.open_hand import open_hand_arrays
from haco.synth.engine import draw_visible, make_sample, mirror_sample
from haco.synth.looks.scenes import LEAST_VISIBLE, draw_scene, join_meshes, visible_share
from haco.synth.looks.things import CLEARANCE, clearance, draw_clutter
from haco.synth.looks.views import HAND_SHARE, draw_view
from haco.synth.picture_sets import PICTURE_SETS
from haco.synth.poses.arms import arm
from haco.synth.poses.grasps import draw_interaction
from haco.synth.poses.interaction import FAR

SIZE = 64
FIELDS = ("image", "box", "distance", "vertices", "keypoints", "K")


@pytest.fixture(scope="module")
def samples():
    return [make_sample("full", 3, index, size=SIZE) for index in range(12)]


def test_the_same_three_numbers_give_the_same_bytes(samples):
    again = make_sample("full", 3, 5, size=SIZE)  # made without the five before it
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(again, field), getattr(samples[5], field))
    assert (again.key, again.side, again.interaction) == (
        "synthetic/full/3/5",
        samples[5].side,
        samples[5].interaction,
    )


@pytest.mark.slow
def test_another_process_makes_the_same_bytes(samples):
    code = (
        "from haco.synth.engine import make_sample; import hashlib; "
        f"s = make_sample('full', 3, 5, size={SIZE}); "
        "print(hashlib.sha256(s.image.tobytes() + s.distance.tobytes()).hexdigest())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashlib.sha256(samples[5].image.tobytes() + samples[5].distance.tobytes())
    assert out.stdout.strip() == here.hexdigest()


def test_index_seed_and_set_each_change_the_picture(samples):
    others = [
        make_sample("full", 4, 5, size=SIZE),
        make_sample("full", 3, 500, size=SIZE),
        make_sample("easy", 3, 5, size=SIZE),
    ]
    for other in others:
        assert not np.array_equal(other.image, samples[5].image)
        assert not np.array_equal(other.vertices, samples[5].vertices)


def test_the_scene_does_not_depend_on_the_size_of_its_picture(samples):
    large = make_sample("full", 3, 0, size=2 * SIZE)
    np.testing.assert_array_equal(large.vertices, samples[0].vertices)
    np.testing.assert_allclose(
        (large.keypoints + 0.5) / (2 * SIZE), (samples[0].keypoints + 0.5) / SIZE, atol=1e-5
    )
    halved = large.image.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - samples[0].image).mean() < 12  # one scene, drawn finer


def test_the_box_holds_every_projected_vertex_tightly(samples):
    for sample in samples:
        pixels = project(sample.vertices, sample.K)
        assert (pixels >= sample.box[:2] - 1e-3).all()
        assert (pixels <= sample.box[2:] - 1 + 1e-3).all()
        np.testing.assert_allclose(pixels.min(axis=0), sample.box[:2], atol=1e-2)


def test_the_hand_fills_its_share_of_the_picture(samples):
    for sample in samples:
        share = (sample.box[2:] - sample.box[:2] - 1).max() / SIZE
        assert HAND_SHARE[0] - 1e-3 <= share <= HAND_SHARE[1] + 1e-3
        assert (sample.box[:2] > 0).all()
        assert (sample.box[2:] < SIZE).all()


def test_fingertip_keypoints_are_the_projected_fingertips(samples):
    tips = open_hand_arrays().tips
    for sample in samples:
        pixels = project(sample.vertices[tips], sample.K)
        np.testing.assert_allclose(sample.keypoints[4::4], pixels, atol=0.01)


def test_both_sides_occur_and_left_hands_are_mirrored_right_ones(samples):
    assert {sample.side for sample in samples} == {"left", "right"}
    wrist, index, little = 0, 5, 17
    for sample in samples:
        joints = unprojected_joints(sample)
        palm = np.cross(joints[index] - joints[wrist], joints[little] - joints[wrist])
        inwards = open_hand_inwards(sample)
        assert (palm @ inwards > 0) == (sample.side == "right")


def unprojected_joints(sample):
    hand = open_hand_arrays()
    joints = hand.J_regressor @ sample.vertices.astype(float)
    return {0: joints[0], 5: joints[1], 17: joints[7]}


def open_hand_inwards(sample):
    """From the back of the hand to the palm, in the camera's frame."""
    hand = open_hand_arrays()
    names = np.array(hand.part_names)[hand.part_index]
    palm = np.char.startswith(names, "palm")
    return sample.vertices[palm].mean(axis=0) - sample.vertices[names == "back"].mean(axis=0)


def test_mirroring_keeps_labels_in_place_and_undoes_itself(samples):
    sample = samples[0]
    mirrored = mirror_sample(sample)
    assert mirrored.side != sample.side
    np.testing.assert_array_equal(mirrored.image, sample.image[:, ::-1])
    np.testing.assert_array_equal(mirrored.distance, sample.distance)
    expected = project(sample.vertices, sample.K) * [-1, 1] + [SIZE - 1, 0]
    np.testing.assert_allclose(project(mirrored.vertices, mirrored.K), expected, atol=1e-3)
    again = mirror_sample(mirrored)
    for field in FIELDS:
        np.testing.assert_allclose(getattr(again, field), getattr(sample, field), atol=1e-5)


@pytest.mark.parametrize("kind", ["power", "surface", "near"])
def test_labels_agree_with_distances_to_the_drawn_meshes(kind):
    rng = np.random.default_rng(8)
    easy = PICTURE_SETS["easy"]  # nothing beside the hand and its target
    interaction, scene = None, None
    while scene is None:
        interaction = draw_interaction(kind, rng)
        scene = draw_scene(interaction, easy, rng)
    vertices = interaction.vertices @ scene.view.T_camera_hand[:3, :3].T
    vertices = vertices + scene.view.T_camera_hand[:3, 3]
    drawn = np.min(
        [np.abs(signed_distance(vertices, part.vertices, part.faces)) for part in scene.parts[1:]],
        axis=0,
    )
    np.testing.assert_allclose(np.abs(interaction.distance), drawn, atol=0.0015)


def test_what_a_scene_adds_keeps_clear_of_the_hand(rng):
    full = PICTURE_SETS["full"]
    for kind in ("free", "surface"):
        interaction = draw_interaction(kind, rng)
        forearm = arm().direction(interaction.render_vertices)
        things = []
        for _ in range(60):
            view = draw_view(interaction, forearm, full, rng)
            things += draw_clutter(interaction, view, rng)
        assert len(things) > 30
        for shape, T_hand_object in things:
            gap = clearance(shape, T_hand_object, interaction.render_vertices)
            assert gap.min() > CLEARANCE


def test_labels_know_of_what_a_scene_adds(monkeypatch):
    only_free = dataclasses.replace(PICTURE_SETS["full"], shares={"free": 1.0})
    monkeypatch.setattr(haco.synth.engine, "PICTURE_SETS", {"free": only_free})
    nearest = [make_sample("free", 0, index, size=32).distance.min() for index in range(8)]
    assert min(nearest) > CLEARANCE
    assert min(nearest) < FAR == max(nearest)  # some scenes add things, some add none


def test_a_hand_that_no_view_shows_is_given_up(rng, monkeypatch):
    interaction = draw_interaction("power", rng)
    easy = PICTURE_SETS["easy"]
    for share, seen in ((LEAST_VISIBLE - 0.01, False), (LEAST_VISIBLE, True)):
        monkeypatch.setattr(haco.synth.looks.scenes, "visible_share", lambda *_, share=share: share)
        assert (draw_scene(interaction, easy, rng) is not None) == seen


def test_a_hand_behind_its_own_double_nearer_by_is_not_seen(rng):
    _, scene = draw_visible(PICTURE_SETS["easy"], rng)
    hand = scene.parts[0]
    nearer = np.diag([0.5, 0.5, 0.5, 1.0])  # towards the camera: the same outline
    assert visible_share((hand,), scene.view) == 1.0
    assert visible_share((hand, hand.placed(nearer)), scene.view) == 0.0
    vertices, faces = join_meshes((hand, hand))
    assert len(vertices) == 2 * len(hand.vertices)
    assert faces.max() == len(vertices) - 1


def test_all_kinds_of_a_set_are_drawn_in_their_shares():
    for picture_set in PICTURE_SETS.values():
        assert sum(picture_set.shares.values()) == pytest.approx(1.0)
    assert len({picture_set.number for picture_set in PICTURE_SETS.values()}) == len(PICTURE_SETS)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("ho", {"power", "pinch", "tool"}),
        ("hh", {"hands", "clasp"}),
        ("hs", {"surface", "scene"}),
        ("hb", {"body"}),
        ("mixed", {"power", "pinch", "tool", "hands", "clasp", "surface", "scene", "body"}),
    ],
)
def test_a_set_of_one_kind_of_contact_has_no_other(name, kinds):
    drawn = {make_sample(name, 0, index, size=16).interaction for index in range(12)}
    assert drawn - {"near", "free"} <= kinds
    assert drawn & kinds


def test_sets_travel_to_other_processes_and_bear_their_names():
    for name, picture_set in PICTURE_SETS.items():
        assert picture_set.name == name
        assert pickle.loads(pickle.dumps(picture_set)) == picture_set  # noqa: TID251 - our own bytes


def test_an_unknown_set_is_refused_by_name():
    with pytest.raises(InputError, match="no picture set is called 'dull'; choose of easy, full"):
        make_sample("dull", 0, 0)


def test_the_complete_set_adds_kinds_and_keeps_strangers_hands_clear(monkeypatch):
    monkeypatch.setattr(haco.synth.looks.extras, "PASSER_BY_SHARE", 1.0)
    monkeypatch.setattr(haco.synth.looks.extras, "RING_SHARE", 1.0)
    free = dataclasses.replace(PICTURE_SETS["complete"], shares={"gesture": 1.0})
    monkeypatch.setattr(haco.synth.engine, "PICTURE_SETS", {"signs": free})
    drawn = [haco.synth.engine.draw_all("signs", 0, index) for index in range(4)]
    strangers = 0
    for one in drawn:
        roles = [part.role for part in one.scene.parts]
        assert roles[0] == "hand"
        assert "clothing" in roles  # at least the ring
        strangers += any(len(p.vertices) == len(arm().rest) for p in one.scene.parts[1:])
        assert one.scene.clutter_distance.min() > CLEARANCE
        assert one.interaction.kind == "gesture"
    assert strangers > 0
