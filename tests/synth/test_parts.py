import numpy as np
import pytest
import trimesh

from haco.geometry.proximity import signed_distance
from haco.hands.open_hand import open_hand_arrays
from haco.synth.looks.materials import draw_skin, joint_coordinate, make_material, paint_skin
from haco.synth.looks.parts import SMOOTH_COSINE, band_part, hand_part, make_part, plain_paint
from haco.synth.poses.arms import arm

GREY = np.full(3, 0.5)


def test_the_prolonged_forearm_closes_the_hand():
    whole = trimesh.Trimesh(arm().rest, arm().faces, process=False)
    assert whole.is_watertight
    assert whole.is_winding_consistent
    assert whole.volume > 0
    assert arm().rest[:, 0].max() > 0.5  # the elbow is far from the wrist


def test_normals_of_either_hand_point_outwards():
    template = open_hand_arrays().render_template.astype(float)
    skin = draw_skin(np.random.default_rng(0))
    mirror = np.array([1.0, 1.0, -1.0])
    for part in (
        hand_part(template, skin),
        hand_part(template * mirror, skin, mirrored=True),
    ):
        outer = part.vertices[part.faces] + 0.001 * part.normals
        grown = trimesh.Trimesh(outer.reshape(-1, 3), np.arange(outer.size // 3).reshape(-1, 3))
        assert grown.volume > trimesh.Trimesh(part.vertices, part.faces).volume > 0


def test_a_sleeve_ends_cleanly_and_lies_off_the_skin():
    template = open_hand_arrays().render_template.astype(float)
    material = make_material()
    sleeve = band_part(template, GREY, material, start=0.06, stop=0.5, thickness=0.008, folds=0.0)
    edge = sleeve.rest[:, 0] < 0.06  # of faces that reach across the sleeve's beginning
    assert edge.sum() > 10
    np.testing.assert_allclose(sleeve.vertices[edge, 0], 0.06, atol=0.003)
    assert sleeve.rest[edge, 0].min() < 0.056  # they came from farther off
    inner = sleeve.vertices[sleeve.rest[:, 0] > 0.065]
    gap = signed_distance(inner, arm().rest, arm().faces)
    assert np.median(gap) == pytest.approx(0.008, abs=0.001)
    assert gap.min() > 0.002


def test_a_box_keeps_its_edges_and_a_ball_has_none():
    box, ball = trimesh.creation.box((1, 1, 1)), trimesh.creation.icosphere(3, 0.5)
    for mesh, sharp in ((box, True), (ball, False)):
        vertices, faces = np.array(mesh.vertices), np.array(mesh.faces)
        part = make_part(
            vertices, faces, plain_paint(GREY, len(vertices)), make_material(), rest=vertices
        )
        cosine = (part.normals * np.asarray(mesh.face_normals)[:, None]).sum(axis=-1)
        assert (cosine > 0.999999).all() == sharp
        assert (cosine > SMOOTH_COSINE).all()
        if not sharp:
            np.testing.assert_allclose(part.normals, 2 * vertices[faces], atol=0.02)


def test_places_along_the_finger_rise_to_the_tips():
    hand = open_hand_arrays()
    bend = joint_coordinate(hand)
    tips = hand.label_to_render[hand.tips]
    np.testing.assert_allclose(bend[tips], 3.0, atol=0.2)
    assert bend[hand.render_template[:, 0] > 0.1].max() < -0.9


def test_palms_are_paler_than_backs_and_most_so_on_dark_skin():
    hand = open_hand_arrays()
    palm, back = hand.render_palmar > 0.9, hand.render_palmar < 0.1
    ratios, tones = [], []
    for seed in range(40):
        skin = draw_skin(np.random.default_rng(seed), gloves=0.0)
        colour = paint_skin(skin, hand).mean(axis=1)
        ratios.append(colour[palm].mean() / colour[back].mean())
        tones.append(skin.back.mean())
    assert min(ratios) > 1.0
    assert np.corrcoef(ratios, tones)[0, 1] < -0.6
    assert max(tones) > 5 * min(tones)  # every tone is drawn


def test_a_moved_part_keeps_its_paint():
    ball = trimesh.creation.icosphere(2, 0.1)
    vertices, faces = np.array(ball.vertices), np.array(ball.faces)
    part = make_part(
        vertices, faces, plain_paint(GREY, len(vertices)), make_material(), rest=vertices
    )
    T = np.eye(4)
    T[:3, :3] = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    T[:3, 3] = 1.0, 2.0, 3.0
    moved = part.placed(T)
    np.testing.assert_allclose(moved.vertices - T[:3, 3], vertices @ T[:3, :3].T)
    np.testing.assert_allclose(moved.normals, part.normals @ T[:3, :3].T)
    np.testing.assert_array_equal(moved.rest, part.rest)
