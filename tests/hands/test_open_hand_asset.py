"""Laws of the open hand's arrays, as they lie in the asset file."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

import haco

ASSET = Path(haco.__file__).parent / "hands" / "assets" / "open_hand.npz"
FINGERS = ("thumb", "index", "middle", "ring", "little")
BASES = (13, 1, 4, 10, 7)
"""The first joint of each finger, thumb to little."""

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def hand() -> Arrays:
    with np.load(ASSET) as arrays:
        wide = {name: arrays[name] for name in arrays.files}
    return {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in wide.items()}


def halves(faces: np.ndarray) -> set[tuple[int, int]]:
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = {(int(a), int(b)) for a, b in directed}
    assert len(pairs) == 3 * len(faces), "two faces run the same way along an edge"
    return pairs


def rim(faces: np.ndarray) -> list[int]:
    """Walk the open edges; fails unless they are one loop."""
    pairs = halves(faces)
    following = {a: b for a, b in pairs if (b, a) not in pairs}
    loop = [min(following)]
    while following[loop[-1]] != loop[0]:
        loop.append(following[loop[-1]])
    assert len(loop) == len(following)
    return loop


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return np.cross(b - a, c - a)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    total = np.zeros_like(vertices)
    np.add.at(total, faces, normals(vertices, faces)[:, None])
    return total / np.linalg.norm(total, axis=1, keepdims=True)


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.fixture(scope="module")
def joined(hand: Arrays) -> csr_matrix:
    """Which label vertices share an edge."""
    ends = np.array(sorted(halves(hand["faces"]))).T
    return coo_matrix((np.ones(ends.shape[1]), ends), shape=(778, 778)).tocsr()


def count_pieces(members: np.ndarray, joined: csr_matrix) -> int:
    """Count the pieces that the member vertices form along edges."""
    return connected_components(joined[members][:, members], directed=False)[0]


def bones(hand: Arrays) -> np.ndarray:
    """Return each finger's three joints and its tip, (5, 4, 3)."""
    joints = hand["J_regressor"] @ hand["template"]
    tips = hand["template"][hand["tips"]]
    return np.stack(
        [np.vstack([joints[b : b + 3], tip]) for b, tip in zip(BASES, tips, strict=True)]
    )


def members(hand: Arrays, part: str) -> np.ndarray:
    return hand["part_index"] == list(hand["part_names"]).index(part)


def test_asset_is_smaller_than_a_megabyte():
    assert ASSET.stat().st_size < 1_000_000


def test_arrays_have_the_shapes_and_types_of_the_contract():
    shapes = {
        "template": (778, 3), "faces": (1538, 3), "closed_faces": (1552, 3),
        "shapedirs": (778, 3, 10), "J_regressor": (16, 778), "lbs_weights": (778, 16),
        "parents": (16,), "tips": (5,), "nail": (778,), "cluster_336": (778,),
        "cluster_84": (778,), "cluster_21": (21, 778), "part_names": (36,), "part_index": (778,),
        "flexion_axes": (15, 3), "abduction_axes": (5, 3), "label_to_render": (778,),
        "render_template": (2786, 3), "render_faces": (5528, 3), "render_shapedirs": (2786, 3, 10),
        "render_weights": (2786, 17), "render_nail": (2786,), "render_palmar": (2786,),
        "render_finger": (2786,),
    }  # fmt: skip
    with np.load(ASSET) as arrays:
        assert {name: arrays[name].shape for name in arrays.files} == shapes
        assert {arrays[name].dtype.kind for name in arrays.files} == set("fibU")
        assert all(
            arrays[n].dtype.itemsize == 4 for n in arrays.files if arrays[n].dtype.kind in "fi"
        )


def test_surface_is_a_disc_with_a_rim_of_sixteen_edges(hand):
    faces = hand["faces"]
    loop = rim(faces)
    num_edges = (len(halves(faces)) + len(loop)) / 2
    assert len(loop) == 16
    assert len(hand["template"]) - num_edges + len(faces) == 1
    assert len(faces) == 2 * len(hand["template"]) - len(loop) - 2
    assert_array_equal(np.unique(faces), np.arange(778))


def test_rim_lies_in_the_plane_of_the_wrist_cut(hand):
    assert_allclose(hand["template"][rim(hand["faces"])][:, 0], 0.025, atol=1e-6)
    assert hand["template"][:, 0].max() < 0.025 + 1e-6


def test_closed_surface_is_watertight_outward_and_holds_a_hand(hand):
    closed = hand["closed_faces"]
    pairs = halves(closed)
    assert_array_equal(closed[:1538], hand["faces"])
    assert all((b, a) in pairs for a, b in pairs)
    assert 0.310e-3 < volume(hand["template"], closed) < 0.335e-3
    cap = normals(hand["template"], closed[1538:])
    assert (cap[:, 0] > 0).all()
    assert_allclose(cap[:, 1:], 0, atol=1e-9)


def test_no_triangle_is_a_sliver_or_a_spike(hand):
    corners = hand["template"][hand["faces"]]
    squares = ((corners - np.roll(corners, 1, axis=1)) ** 2).sum(axis=2)
    area = np.linalg.norm(normals(hand["template"], hand["faces"]), axis=1) / 2
    assert (4 * np.sqrt(3) * area / squares.sum(axis=1)).min() > 0.2
    assert np.sqrt(squares.max()) < 0.03
    assert np.bincount(hand["faces"].ravel()).max() <= 11


@pytest.mark.parametrize("name", ["lbs_weights", "render_weights", "J_regressor"])
def test_rows_are_shares_that_sum_to_one(hand, name):
    assert hand[name].min() >= 0
    assert_allclose(hand[name].sum(axis=1), 1, atol=1e-6)


def test_skeleton_is_in_mano_order(hand):
    assert list(hand["parents"]) == [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14]
    joints = hand["J_regressor"] @ hand["template"]
    across = joints[list(BASES[1:]), 2]
    assert (np.diff(across) < 0).all(), "index, middle, ring, little run from +z to -z"
    for child, parent in enumerate(hand["parents"]):
        assert parent < 0 or joints[child, 0] < joints[parent, 0]


@pytest.mark.parametrize("size", [-2, 0, 2])
def test_regressed_joints_keep_the_frame_in_every_shape(hand, size):
    near = 1e-4 + 5e-4 * abs(size)
    for beta in np.eye(10) * size:
        joints = hand["J_regressor"] @ (hand["template"] + hand["shapedirs"] @ beta)
        assert_allclose(joints[0], 0, atol=near)
        assert_allclose(joints[4, 1:], 0, atol=near)
        assert_allclose(joints[1, 1], joints[7, 1], atol=near)  # z runs from little to index


def test_fingers_point_along_minus_x_with_the_thumb_at_plus_z_and_the_palm_down(hand):
    lines = bones(hand)
    assert (lines[:, 3, 0] < lines[:, 0, 0] - 0.03).all()
    assert lines[0, 3, 2] > lines[1:, 3, 2].max() + 0.02
    outward = vertex_normals(hand["template"], hand["faces"])
    for part in ("palm_centre", "palm_fingers", "palm_thenar", "palm_hypothenar"):
        assert outward[members(hand, part), 1].mean() < -0.4, part
    assert outward[members(hand, "back"), 1].mean() > 0.4


def test_middle_finger_ends_nineteen_centimetres_from_the_wrist(hand):
    line = np.vstack([np.zeros(3), bones(hand)[2]])
    length = sum(np.linalg.norm(b - a) for a, b in pairwise(line))
    assert length == pytest.approx(0.191, abs=0.003)


def test_tips_have_manos_numbers_and_are_the_ends_of_their_fingers(hand):
    assert list(hand["tips"]) == [745, 317, 445, 556, 673]
    mover = hand["lbs_weights"].argmax(axis=1)
    for base, tip, line in zip(BASES, hand["tips"], bones(hand), strict=True):
        mine = np.flatnonzero(mover == base + 2)
        along = (hand["template"][mine] - line[2]) @ (line[3] - line[2])
        assert tip in mine
        assert along[mine == tip] > along.max() - 0.001 * np.linalg.norm(line[3] - line[2])


def test_label_mesh_is_a_subset_of_the_render_mesh(hand):
    at = hand["label_to_render"]
    assert len(np.unique(at)) == 778
    for name in ("template", "shapedirs"):
        assert_array_equal(hand[name], hand[f"render_{name}"][at])
    assert_array_equal(hand["nail"], hand["render_nail"][at])
    assert_allclose(hand["lbs_weights"], hand["render_weights"][at][:, :16], atol=1e-6)


def test_forearm_joint_moves_the_forearm_only(hand):
    x, share = hand["render_template"][:, 0], hand["render_weights"][:, 16]
    assert x.max() == pytest.approx(0.2, abs=1e-6)
    assert share[x < 0.025 + 1e-6].max() == 0
    assert share[x > 0.066].min() == 1


def test_render_mesh_has_one_open_end_which_is_the_forearm_cut(hand):
    loop = rim(hand["render_faces"])
    assert_allclose(hand["render_template"][loop][:, 0], 0.2, atol=1e-6)


@pytest.mark.parametrize(("name", "largest"), [("cluster_336", 8), ("cluster_84", 22)])
def test_coarse_clusters_share_out_the_vertices_in_connected_patches(hand, joined, name, largest):
    cluster = hand[name]
    sizes = np.bincount(cluster)
    assert len(sizes) == int(name.removeprefix("cluster_"))
    assert sizes.min() >= 1
    assert sizes.max() <= largest
    assert all(count_pieces(cluster == i, joined) == 1 for i in range(len(sizes)))
    assert len(np.unique(cluster[hand["tips"]])) == 5


def test_joint_clusters_share_out_the_vertices_around_their_joints(hand):
    assert_array_equal(hand["cluster_21"].sum(axis=0), 1)
    joints = np.vstack([np.zeros(3), bones(hand).reshape(-1, 3)])
    centres = [hand["template"][mine].mean(axis=0) for mine in hand["cluster_21"]]
    nearest = np.linalg.norm(joints[:, None] - centres, axis=2).argmin(axis=1)
    assert_array_equal(nearest, np.arange(21))


def test_every_part_is_one_connected_piece(hand, joined):
    assert_array_equal(np.unique(hand["part_index"]), np.arange(36))
    for part in hand["part_names"]:
        assert count_pieces(members(hand, part), joined) == 1, part


def test_finger_parts_face_their_side_and_follow_each_other_to_the_tip(hand):
    outward = vertex_normals(hand["template"], hand["faces"])
    for finger, base, line in zip(FINGERS, BASES, bones(hand), strict=True):
        for i, segment in enumerate(("base", "middle", "tip")):
            bone = line[i + 1] - line[i]
            palm_side = np.cross(hand["flexion_axes"][base - 1 + i], bone / np.linalg.norm(bone))
            palmar, dorsal = (
                members(hand, f"{finger}_{segment}_{side}") for side in ("palmar", "dorsal")
            )
            if (finger, segment) == ("thumb", "base"):
                palm_side = palm_side - [0, 1, 0]  # its bone lies in the palm
            assert outward[palmar].mean(axis=0) @ palm_side > 0.3
            assert outward[dorsal].mean(axis=0) @ palm_side < -0.2
            share = (
                (hand["template"][palmar | dorsal].mean(axis=0) - line[i]) @ bone / (bone @ bone)
            )
            assert 0.2 < share < 0.9
            assert line[0, 2] - 0.02 < hand["template"][palmar | dorsal, 2].mean()


def test_palm_parts_lie_on_their_side(hand):
    centre = {
        part: hand["template"][members(hand, part)].mean(axis=0) for part in hand["part_names"]
    }
    assert centre["palm_thenar"][2] > centre["palm_centre"][2] > centre["palm_hypothenar"][2]
    assert centre["wrist"][0] > centre["palm_thenar"][0] > centre["palm_fingers"][0]
    assert centre["back"][1] > centre["palm_centre"][1]


def test_each_finger_has_a_nail_on_the_back_of_its_tip(hand):
    for finger in FINGERS:
        assert hand["nail"][members(hand, f"{finger}_tip_dorsal")].sum() >= 3
    tips = [i for i, part in enumerate(hand["part_names"]) if part.endswith("tip_dorsal")]
    assert np.isin(hand["part_index"][hand["nail"]], tips).all()
    assert hand["render_palmar"][hand["render_nail"]].max() == 0


def test_palm_side_of_the_render_mesh_agrees_with_the_parts(hand):
    palmar = hand["render_palmar"][hand["label_to_render"]]
    assert palmar.min() == 0
    assert palmar.max() == 1
    for part in hand["part_names"]:
        mean = palmar[members(hand, part)].mean()
        if part.endswith("palmar") or part.startswith("palm"):
            assert mean > 0.7, part
        elif part != "wrist":
            assert mean < 0.3, part


def test_render_fingers_are_those_of_the_parts(hand):
    finger = hand["render_finger"][hand["label_to_render"]]
    assert list(finger[hand["tips"]]) == [0, 1, 2, 3, 4]
    for i, name in enumerate(FINGERS):
        for segment in ("middle", "tip"):
            assert (finger[members(hand, f"{name}_{segment}_palmar")] == i).mean() > 0.9
    assert (finger[members(hand, "wrist")] == -1).all()


def test_first_beta_is_size_and_later_ones_do_less(hand):
    effect = np.sqrt((hand["shapedirs"] ** 2).sum(axis=1).mean(axis=0)) * 1000
    assert (np.diff(effect) < 0).all()
    assert effect[0] == pytest.approx(10.9, abs=0.5)
    assert effect[9] > 0.05
    grown = hand["template"] + 2 * hand["shapedirs"][:, :, 0]
    closed = hand["closed_faces"]
    assert volume(grown, closed) / volume(hand["template"], closed) == pytest.approx(1.8, abs=0.3)


def test_likely_shapes_turn_no_triangle_over(hand):
    rest = normals(hand["template"], hand["faces"])
    for beta in np.concatenate([np.eye(10) * 2, np.eye(10) * -2]):
        moved = normals(hand["template"] + hand["shapedirs"] @ beta, hand["faces"])
        assert ((rest * moved).sum(axis=1) > 0).all()


def test_positive_flexion_brings_every_tip_towards_the_palm(hand):
    palm = hand["template"][members(hand, "palm_centre")].mean(axis=0)
    assert_allclose(np.linalg.norm(hand["flexion_axes"], axis=1), 1, atol=1e-5)
    for base, line in zip(BASES, bones(hand), strict=True):
        for i in range(3):
            movement = np.cross(hand["flexion_axes"][base - 1 + i], line[3] - line[i])
            assert movement @ (palm - line[3]) > 0


def test_positive_abduction_swings_fingers_to_the_little_side_and_the_thumb_out(hand):
    for axis, base, line in zip(hand["abduction_axes"], BASES, bones(hand), strict=True):
        assert np.linalg.norm(axis) == pytest.approx(1, abs=1e-5)
        assert axis @ hand["flexion_axes"][base - 1] == pytest.approx(0, abs=1e-5)
        movement = np.cross(axis, line[3] - line[0])
        assert (movement[2] > 0) == (base == BASES[0])
