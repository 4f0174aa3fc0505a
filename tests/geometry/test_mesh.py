from pathlib import Path

import numpy as np
import pytest
import torch

from haco.geometry.mesh import (
    adjacency,
    boundary_loops,
    close_holes,
    connected_components,
    edges,
    geodesic_distances,
    propagation_matrix,
    remove_small_components,
    vertex_normals,
)

GOLDEN = Path(__file__).parent.parent / "golden" / "learning"
SQUARE = np.array([[0, 1, 2], [0, 2, 3]])
"""Two triangles that share the diagonal 0-2."""
CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])


@pytest.fixture(scope="module")
def assets() -> dict[str, np.ndarray]:
    return dict(np.load(GOLDEN / "assets.npz"))


def bits(packed: np.ndarray) -> np.ndarray:
    return np.unpackbits(packed, axis=-1, count=778).astype(bool)


def test_a_square_has_five_edges():
    assert edges(SQUARE).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]


def test_neighbours_in_a_square():
    expected = [[0, 1, 1, 1], [1, 0, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0]]
    np.testing.assert_array_equal(adjacency(SQUARE, 4).toarray(), expected)


def test_the_diagonal_of_a_square_spreads_twice_as_much_as_its_sides():
    expected = [[1.0, 1, 2, 1], [1, 1, 1, 0], [2, 1, 1, 1], [1, 0, 1, 1]]
    torch.testing.assert_close(propagation_matrix(SQUARE, 4), torch.tensor(expected))


def test_propagation_equals_the_golden_one(assets):
    golden = np.load(GOLDEN / "smooth.npz")
    expected = np.zeros((778, 778), np.float32)
    expected[golden["adj_row"], golden["adj_col"]] = golden["adj_val"]
    got = propagation_matrix(assets["faces_open"], 778)
    torch.testing.assert_close(got, torch.from_numpy(expected), rtol=0, atol=0)
    assert got.sum() == 6 * 1538 + 778


def test_numpy_and_torch_faces_are_the_same(assets):
    faces = assets["faces_closed"]
    tensor = torch.from_numpy(faces).long()
    np.testing.assert_array_equal(edges(tensor), edges(faces))
    torch.testing.assert_close(propagation_matrix(tensor, 778), propagation_matrix(faces, 778))


@pytest.mark.parametrize(("min_size", "row"), [(1, 0), (5, 1), (20, 2), (50, 3)])
def test_removal_equals_the_golden_one_on_the_closed_hand(min_size, row, assets):
    golden = np.load(GOLDEN / "postproc.npz")
    assert golden["min_sizes"][row] == min_size
    got = remove_small_components(bits(golden["masks_bits"]), assets["faces_closed"], min_size)
    np.testing.assert_array_equal(got, bits(golden["out_bits"])[row])


def test_removal_equals_the_golden_one_on_the_open_hand(assets):
    golden = np.load(GOLDEN / "postproc.npz")
    masks = torch.from_numpy(bits(golden["masks_bits"]))
    got = remove_small_components(masks, torch.from_numpy(assets["faces_open"]), 20)
    np.testing.assert_array_equal(got.numpy(), bits(golden["out_open_bits_min20"]))


def test_removal_leaves_its_input_alone():
    contact = np.array([True, False, False, False])
    assert not remove_small_components(contact, SQUARE, 2).any()
    assert contact.tolist() == [True, False, False, False]


def test_components_are_those_that_a_walk_finds(assets, rng):
    faces = assets["faces_open"]
    contact = rng.random(778) < 0.3
    neighbours = adjacency(faces, 778)
    patches = connected_components(contact, faces)
    assert (patches[~contact] == -1).all()
    for start in np.flatnonzero(contact):
        seen, waiting = {start}, [start]
        while waiting:
            around = neighbours.indices[slice(*neighbours.indptr[waiting.pop() :][:2])]
            new = {vertex for vertex in around if contact[vertex]} - seen
            seen |= new
            waiting += new
        assert seen == set(np.flatnonzero(patches == patches[start]))


def test_the_rim_of_a_square_is_walked_as_its_faces_are_wound():
    (loop,) = boundary_loops(SQUARE)
    assert loop.tolist() == [0, 1, 2, 3]


def test_two_rims_that_meet_are_refused():
    with pytest.raises(ValueError, match="meet in one vertex"):
        boundary_loops(np.array([[0, 1, 2], [0, 3, 4]]))


def test_closing_a_hand_adds_fourteen_faces_and_leaves_no_rim(assets):
    faces = assets["faces_open"]
    assert [len(loop) for loop in boundary_loops(faces)] == [16]
    closed = close_holes(faces)
    assert len(closed) == len(faces) + 14
    np.testing.assert_array_equal(closed[: len(faces)], faces)
    assert boundary_loops(closed) == []
    half = np.concatenate([closed[:, [0, 1]], closed[:, [1, 2]], closed[:, [2, 0]]])
    assert len(np.unique(half, axis=0)) == len(half), "some neighbours are wound against each other"


def test_the_normal_of_a_square_points_at_who_sees_it_anticlockwise():
    np.testing.assert_array_equal(vertex_normals(CORNERS, SQUARE), [[0, 0, 1]] * 4)


def test_normals_are_those_of_a_plain_loop_and_turn_with_the_surface(assets, rng):
    vertices, faces = assets["verts"].astype(np.float64), assets["faces_open"]
    expected = np.zeros_like(vertices)
    for i, j, k in faces:
        normal = np.cross(vertices[j] - vertices[i], vertices[k] - vertices[i])
        for corner in (i, j, k):
            expected[corner] += normal
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)
    both = np.stack([vertices, vertices @ rotation.T + 1])
    got = vertex_normals(both, faces)
    np.testing.assert_allclose(got[0], expected, atol=1e-12)
    np.testing.assert_allclose(got[1], expected @ rotation.T, atol=1e-12)


def test_a_vertex_of_no_face_has_no_normal():
    vertices = np.concatenate([CORNERS, [[5.0, 5, 5]]]).astype(np.float32)
    normals = vertex_normals(vertices, SQUARE)
    assert normals.dtype == np.float32
    np.testing.assert_array_equal(normals[4], 0)


def test_ways_along_a_square():
    across = np.sqrt(2)
    np.testing.assert_allclose(
        geodesic_distances(CORNERS, SQUARE),
        [[0, 1, across, 1], [1, 0, 1, 2], [across, 1, 0, 1], [1, 2, 1, 0]],
    )
    apart = geodesic_distances(np.concatenate([CORNERS, [[5.0, 5, 5]]]), SQUARE, np.array([4]))
    np.testing.assert_array_equal(apart, [[np.inf] * 4 + [0]])
