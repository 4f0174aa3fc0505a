"""Things in use, fittings of rooms, clasped hands, things held by two hands, and self-touch."""

import numpy as np
import pytest

from haco.geometry.proximity import closest_point
from haco.hands.open_hand import open_hand_arrays
from haco.synth.looks.postprocess import defocus
from haco.synth.objects.tools import PEN_TIP, TOOLS, draw_keyboard, draw_panel, rod
from haco.synth.objects.walls import draw_wall
from haco.synth.poses import used
from haco.synth.poses.capsules import self_overlap
from haco.synth.poses.clasps import _wrist_held
from haco.synth.poses.gestures import GESTURES, gesture, touching_itself
from haco.synth.poses.grasps import draw_interaction
from haco.synth.poses.postures import hand_pose_of
from haco.synth.poses.skin import pose_label_mesh, shape_hand

FITTINGS = {"keyboard": draw_keyboard, "panel": draw_panel, "wall": draw_wall}


@pytest.fixture(scope="module")
def shaped():
    return shape_hand(np.zeros(10), hand=open_hand_arrays())


def test_a_hand_leans_on_a_wall_and_its_forearm_comes_off_it(shaped):
    touch = first(used._leaning, shaped)
    assert touch.objects[0].shape.kind == "wall"
    assert touch.wrist_bend[2] >= 0.15
    assert touch.objects[0].T_hand_object[1, 1] > 0.8  # its free side to the palm


def first(recipe, *arguments):
    """What a recipe proposes at the first of some seeds at which it proposes anything."""
    for seed in range(20):
        touch = recipe(*arguments, np.random.default_rng([9, seed]))
        if touch is not None:
            return touch
    raise AssertionError("nothing was proposed in 20 tries")


@pytest.mark.parametrize("kind", [*TOOLS, *FITTINGS])
def test_distances_to_things_are_those_to_their_meshes(kind, rng):
    shape = (TOOLS | FITTINGS)[kind](rng)
    vertices, faces = shape.mesh()
    centres = vertices[faces].mean(axis=1)
    points = centres[rng.integers(len(centres), size=300)] + rng.normal(0, 0.01, (300, 3))
    distance = shape.distance(points)
    outside = distance > 0.0005
    meshed = closest_point(points, vertices, faces).distance
    if kind in ("panel", "wall"):  # its wall has no end, its mesh has
        outside &= np.abs(points).max(axis=1) < 0.7
    assert outside.sum() > 50
    # Flat facets lie a little inside round things.
    np.testing.assert_allclose(meshed[outside], distance[outside], atol=0.002)


def test_a_rod_goes_from_end_to_end(rng):
    start, stop = rng.normal(0, 0.1, (2, 3))
    bar = used.Shape("rod", (rod(tuple(start), tuple(stop), 0.01),))
    between = start + rng.random((20, 1)) * (stop - start)
    np.testing.assert_allclose(bar.distance(between), -0.01, atol=1e-9)


@pytest.mark.parametrize("kind", [kind for kind in used.TOOL_SHARES if kind not in ("pen", "book")])
def test_things_with_a_grip_are_gripped_by_thumb_or_fingers_and_palm(kind, shaped):
    touch = first(lambda *a: used.gripped(a[0], TOOLS[kind](a[1]), a[1]), shaped)
    vertices = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[0]
    contact = touch.objects[0].distance(vertices) < 0.01
    fingers = shaped.arrays.lbs_weights[:, 1:].sum(axis=1) > 0.5
    assert contact[fingers].mean() > 0.03


def test_a_pen_that_writes_touches_paper_and_fingers(shaped):
    touch = None
    for seed in range(40):
        touch = used._writing(shaped, np.random.default_rng([4, seed]))
        if touch is not None and len(touch.objects) == 2:
            break
    pen, paper = touch.objects
    tip = pen.T_hand_object[:3, 3] - PEN_TIP * pen.T_hand_object[:3, 1]
    vertices, joints = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))
    rests = min(paper.distance(tip[None])[0], paper.distance(vertices).min())
    assert -0.003 < rests < 0.003
    assert (pen.distance(joints[[4, 8]]) < 0.02).all()  # thumb and index
    assert paper.distance(pen.mesh()[0]).min() > -0.003


def test_a_shared_thing_is_held_from_two_sides(shaped):
    touch = first(used.shared, shaped)
    other = touch.other_hand
    assert other.mirrored
    assert touch.objects[0].distance(other.vertices).min() < 0.01
    own = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[0]
    assert np.linalg.norm(own.mean(axis=0) - other.vertices.mean(axis=0)) > 0.04
    assert touch.objects[0].distance(other.vertices).min() > -0.01
    corners = other.vertices[open_hand_arrays().closed_faces[:, ::-1]]
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert volume > 1e-4  # a left hand, wound outwards


def test_a_held_wrist_counts_the_whole_forearm(shaped):
    holders = [first(_wrist_held, shaped)]
    assert all(touch.other_hand.wrist_held for touch in holders)
    one = None
    for seed in range(60):
        one = draw_interaction("clasp", np.random.default_rng([2, seed]))
        if one.other_hand.wrist_held:
            break
    assert (one.distance < 0.01).sum() > 10
    assert one.distance.min() > -0.00501


def test_gestures_leave_no_finger_inside_another(shaped):
    drawn = [gesture(shaped, np.random.default_rng(seed)) for seed in range(30)]
    assert len(GESTURES) >= 10
    deep = []
    for touch in drawn:
        joints = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[1]
        deep.append(self_overlap(shaped, joints) > 0.004)
    assert np.mean(deep) < 0.5  # those are drawn again
    assert all(not touch.objects and touch.other_hand is None for touch in drawn)


def test_self_touch_brings_the_thumb_to_a_finger(shaped):
    touch = first(touching_itself, shaped)
    joints = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[1]
    assert self_overlap(shaped, joints) > 0.0  # skin presses on skin


def test_defocus_blurs_only_what_is_off_the_plane_of_focus(rng):
    light = rng.random((32, 32, 3)).astype(np.float32)
    depth = np.full((32, 32), 0.5)
    depth[:, 16:] = np.inf
    seen = defocus(light, depth, focus=0.5, focal=400.0, aperture=0.02)
    np.testing.assert_allclose(seen[:, :16], light[:, :16], atol=1e-6)
    assert seen[4:-4, 20:-4].std() < 0.4 * light[4:-4, 20:-4].std()
