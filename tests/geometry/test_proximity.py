"""Distances to meshes against a brute-force search over every triangle."""

import numpy as np
import pytest

from haco.geometry.proximity import closest_point, signed_distance

OCTAHEDRON = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]])
OCTAHEDRON_FACES = np.array(
    [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
)


def nearest_on_segment(point, start, end):
    along = np.clip((point - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
    return start + along * (end - start)


def nearest_on_triangle(point, corners):
    """The foot of the perpendicular if it lies inside, else the nearest place of the edges."""
    a, b, c = corners
    weights = np.linalg.lstsq(np.stack([b - a, c - a], 1), point - a, rcond=None)[0]
    places = [nearest_on_segment(point, *pair) for pair in ((a, b), (b, c), (c, a))]
    if weights.min() >= 0 and weights.sum() <= 1:
        places.append(a + weights @ np.stack([b - a, c - a]))
    return min(places, key=lambda place: np.linalg.norm(point - place))


def test_closest_point_equals_brute_force_over_all_triangles(rng):
    vertices = rng.normal(size=(12, 3))
    faces = np.stack([rng.permutation(12)[:3] for _ in range(15)])
    points = rng.normal(0, 1.5, (40, 3))
    found = closest_point(points, vertices, faces)
    for point, distance, position, face in zip(
        points, found.distance, found.position, found.face_index, strict=True
    ):
        places = [nearest_on_triangle(point, vertices[corners]) for corners in faces]
        distances = np.linalg.norm(np.array(places) - point, axis=1)
        np.testing.assert_allclose(distance, distances.min(), atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(position - point), distance, atol=1e-9)
        np.testing.assert_allclose(distances[face], distances.min(), atol=1e-9)


def test_signed_distance_to_an_octahedron_is_right_by_hand():
    points = np.array([[0, 0, 0], [2, 0, 0], [1, 1, 1], [0.5, 0, 0], [0, 0, -1]], float)
    root3 = np.sqrt(3)
    expected = [-1 / root3, 1, 2 / root3, -0.5 / root3, 0]
    found = signed_distance(points, OCTAHEDRON, OCTAHEDRON_FACES)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_signed_distance_agrees_with_the_unsigned_one(rng):
    points = rng.uniform(-1.5, 1.5, (200, 3))
    signed = signed_distance(points, OCTAHEDRON, OCTAHEDRON_FACES)
    unsigned = closest_point(points, OCTAHEDRON, OCTAHEDRON_FACES).distance
    np.testing.assert_allclose(np.abs(signed), unsigned, atol=1e-6)
    np.testing.assert_array_equal(signed < 0, np.abs(points).sum(axis=1) < 1)


def test_rigid_motion_changes_no_distance(rng):
    points = rng.normal(size=(30, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    shift = rng.normal(size=3)
    moved = signed_distance(points @ turn.T + shift, OCTAHEDRON @ turn.T + shift, OCTAHEDRON_FACES)
    here = signed_distance(points, OCTAHEDRON, OCTAHEDRON_FACES)
    np.testing.assert_allclose(moved, here, atol=1e-6)


def test_single_precision_and_no_points_are_served():
    none = np.zeros((0, 3), np.float32)
    vertices = OCTAHEDRON.astype(np.float32)
    faces = OCTAHEDRON_FACES.astype(np.int32)
    assert signed_distance(none, vertices, faces).shape == (0,)
    assert closest_point(none, vertices, faces).position.shape == (0, 3)
    one = np.array([[0, 0, 3]], np.float32)
    np.testing.assert_allclose(signed_distance(one, vertices, faces), [2.0], atol=1e-6)


def test_broken_meshes_are_refused():
    with pytest.raises(ValueError, match="at least one triangle"):
        closest_point(np.zeros((1, 3)), OCTAHEDRON, np.zeros((0, 3), int))
    with pytest.raises(ValueError, match=r"vertices 0\.\.9"):
        signed_distance(np.zeros((1, 3)), OCTAHEDRON, np.array([[0, 1, 9]]))
