import numpy as np
import pytest
import torch

from haco.geometry.mesh import connected_components
from haco.hands import load_hand, open_hand_arrays
from haco.hands.parts import PART_NAMES, derive_regions, part_maxima
from haco.hands.skeleton import FINGER_JOINTS, FINGERS, finger_of_vertices, place_along


def test_the_open_hands_parts_share_out_every_vertex_once():
    parts = load_hand("open").parts
    assert tuple(parts) == PART_NAMES
    counts = torch.stack(list(parts.values())).sum(dim=0)
    assert counts.tolist() == [1] * 778
    assert all(where.sum() >= 4 for where in parts.values())


def test_a_tip_lies_in_its_fingers_tip():
    hand = load_hand("open")
    for finger, tip in zip(FINGERS, hand.tips, strict=True):
        (name,) = (name for name, where in hand.parts.items() if where[tip])
        assert name.startswith(f"{finger}_tip_")


def rest_arrays() -> dict[str, np.ndarray]:
    hand = open_hand_arrays()
    vertices = hand.template.astype(np.float64)
    return {
        "vertices": vertices,
        "faces": hand.faces,
        "lbs_weights": hand.lbs_weights,
        "joints": hand.J_regressor @ vertices,
        "tips": vertices[hand.tips],
    }


def flat_arrays() -> dict[str, np.ndarray]:
    """The open hand with its fingers stretched, as MANO's rest pose is."""
    hand, axes = load_hand("open"), torch.tensor(open_hand_arrays().flexion_axes)
    bend = torch.tensor([0.1, 0.25, 0.2]).repeat(5)[:, None]
    surface = hand(hand_pose=-bend * axes)
    order = [0, *(k * 4 + 1 + i for k in (1, 2, 4, 3, 0) for i in range(3))]
    return rest_arrays() | {
        "vertices": surface.vertices.double().numpy(),
        "joints": surface.joints[order].double().numpy(),
        "tips": surface.joints[4::4].double().numpy(),
    }


@pytest.mark.parametrize("arrays", [rest_arrays, flat_arrays])
def test_derived_parts_agree_with_the_open_hands_table(arrays):
    part, _ = derive_regions(**arrays())
    table = open_hand_arrays().part_index
    thumb = [name.startswith("thumb") for name in PART_NAMES]
    assert (part == table).mean() > 0.945
    assert (part == table)[np.array(thumb)[table]].mean() > 0.94
    assert np.bincount(part, minlength=len(PART_NAMES)).min() >= 3


def test_derived_parts_do_not_depend_on_where_the_hand_lies(rng):
    arrays = rest_arrays()
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)
    moved = {name: 1.3 * arrays[name] @ rotation.T + 0.2 for name in ("vertices", "joints", "tips")}
    for here, there in zip(derive_regions(**arrays), derive_regions(**arrays | moved), strict=True):
        np.testing.assert_array_equal(there, here)


def test_each_finger_gets_a_nail_on_the_back_of_its_tip():
    arrays = rest_arrays()
    part, nail = derive_regions(**arrays)
    for k, finger in enumerate(FINGERS):
        mine = nail & (finger_of_vertices(arrays["lbs_weights"]) == k)
        assert 2 <= mine.sum() <= 9
        assert {PART_NAMES[i] for i in part[mine]} == {f"{finger}_tip_dorsal"}
        assert connected_components(mine, arrays["faces"]).max() == 0
    known = open_hand_arrays().nail
    assert (nail & known).sum() > 0.5 * (nail | known).sum()


def test_part_maxima_are_the_largest_values():
    parts = {"one": torch.tensor([True, False, True]), "two": torch.tensor([False, True, False])}
    values = np.array([0.25, 0.5, 0.75])
    assert part_maxima(values, parts) == {"one": 0.75, "two": 0.5}


def test_places_along_a_bent_finger():
    line = np.array([[0.0, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0]])
    points = np.array([[-1.0, 3, 0], [0, 1, 0], [1, -1, 0], [3, -1, 5], [2, 1.5, 0], [2, 9, 0]])
    np.testing.assert_allclose(place_along(points, line), [-0.5, 0, 0.5, 1, 2.5, 3])


def test_the_skin_of_each_finger_follows_its_joints():
    finger = finger_of_vertices(np.eye(16))
    expected = np.full(16, -1)
    for k, chain in enumerate(FINGER_JOINTS):
        expected[list(chain)] = k
    assert finger.tolist() == expected.tolist()
    assert expected.tolist() == [-1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 3, 3, 3, 0, 0, 0]
