"""Distances to shapes against answers by hand, meshes and brute-force search of surfaces."""

import numpy as np
import pytest

from haco.geometry.proximity import signed_distance
from haco.synth.objects.shapes import SHAPE_SHARES, Shape, draw_body, draw_shape, draw_surface
from haco.synth.objects.solids import capsule, ellipsoid, frustum, half_space, rounded_box, torus


def distance_to(primitive, *points):
    return Shape("test", (primitive,)).distance(np.array(points, float))


def test_ellipsoid_distance_is_exact_by_hand():
    on_axes = [(0.05, 0, 0), (0, 0.01, 0), (0, 0, -0.04), (0, 0, 0)]
    found = distance_to(ellipsoid(0.03, 0.02, 0.01), *on_axes)
    np.testing.assert_allclose(found, [0.02, -0.01 * np.sqrt(2 / 3), 0.03, -0.01])


def test_ellipsoid_distance_equals_the_nearest_of_a_dense_surface(rng):
    axes = np.array([0.05, 0.02, 0.009])
    directions = rng.normal(size=(400_000, 3))
    surface = axes * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    points = rng.uniform(-0.07, 0.07, (40, 3))
    nearest = [np.linalg.norm(surface - point, axis=1).min() for point in points]
    found = distance_to(ellipsoid(*axes), *points)
    np.testing.assert_allclose(np.abs(found), nearest, atol=1.5e-4)
    np.testing.assert_array_equal(found < 0, ((points / axes) ** 2).sum(axis=1) < 1)


def test_steep_frustum_distance_is_exact_by_hand():
    cone = frustum(0.01, 0.03, 0.01, rounding=1e-9)  # its side falls at 45 degrees
    places = [(0.03, 0.01, 0), (0.02, 0, 0), (0, 0.02, 0), (0.06, -0.01, 0), (0.04, 0.01, 0)]
    expected = [0.01 * np.sqrt(2), 0, 0.01, 0.03, 0.015 * np.sqrt(2)]
    np.testing.assert_allclose(distance_to(cone, *places), expected, atol=1e-8)


def test_other_solids_are_exact_by_hand():
    box = rounded_box(np.array([0.01, 0.02, 0.03]), 0.005)
    corner = (0.01 - 0.005 + 0.03, 0.02 - 0.005 + 0.04, 0)
    np.testing.assert_allclose(
        distance_to(box, (0.03, 0, 0), corner, (0, 0, 0)), [0.02, 0.045, -0.01]
    )
    np.testing.assert_allclose(
        distance_to(capsule(0.02, 0.01), (0.03, 0, 0), (0.03, 0.06, 0)), [0.02, 0.04]
    )
    np.testing.assert_allclose(
        distance_to(torus(0.05, 0.01), (0, 0, 0), (0.08, 0.04, 0), (0.05, 0, 0)),
        [0.04, 0.04, -0.01],
    )
    np.testing.assert_allclose(distance_to(half_space(), (3, 0.2, 1), (0, -1, 0)), [0.2, -1])


def draw(kind, rng):
    return draw_body(rng) if kind == "body" else draw_shape(kind, 0.02, rng)


@pytest.mark.parametrize("kind", [*SHAPE_SHARES, "body"])
def test_distance_agrees_with_the_mesh_outside(kind, rng):
    for _ in range(3):
        shape = draw(kind, rng)
        vertices, faces = shape.mesh()
        starts = vertices[rng.integers(len(vertices), size=300)]
        points = starts + rng.uniform(-0.05, 0.05, (300, 3))
        exact, meshed = shape.distance(points), signed_distance(points, vertices, faces)
        near = (exact > 0) & (exact < 0.03)
        assert near.sum() > 30
        # A mesh of flat triangles lies a little inside the round solid.
        coarseness = 0.0015 if kind == "body" else 0.0006
        assert (np.abs(exact - meshed)[near] < coarseness).all()
        assert np.mean((exact < 0) == (meshed < 0)) > 0.97
        assert shape.face_parts().shape == (len(faces),)


def test_surfaces_are_flat_and_free_above(rng):
    for _ in range(10):
        shape = draw_surface(rng)
        np.testing.assert_allclose(shape.distance(np.array([[0.01, 0.03, 0.01]])), [0.03])
        np.testing.assert_allclose(shape.mesh()[0][:, 1].max(), 0.0, atol=1e-12)
        vertices, faces = shape.mesh()
        a, b, c = (vertices[faces[:, i]] for i in range(3))
        top = (vertices[faces][:, :, 1] > -1e-9).all(axis=1)
        assert (np.cross(b - a, c - a)[top, 1] >= 0).all()


@pytest.mark.parametrize("kind", list(SHAPE_SHARES))
def test_meshes_wind_outwards(kind, rng):
    for primitive in draw_shape(kind, 0.02, rng).primitives:
        vertices, faces = primitive.mesh()
        a, b, c = (vertices[faces[:, i]] for i in range(3))
        middle = vertices.mean(axis=0)
        assert np.einsum("ij,ij->i", a - middle, np.cross(b - middle, c - middle)).sum() > 0


def test_distance_moves_with_the_shape(rng):
    turned = np.array([[0, -1, 0, 0.1], [1, 0, 0, 0.2], [0, 0, 1, 0.3], [0, 0, 0, 1.0]])
    points = rng.normal(0, 0.05, (50, 3))
    here = distance_to(frustum(0.03, 0.02, 0.01), *points)
    there = distance_to(
        frustum(0.03, 0.02, 0.01, placed=turned), *(points @ turned[:3, :3].T + turned[:3, 3])
    )
    np.testing.assert_allclose(here, there, atol=1e-12)


def test_same_seed_draws_the_same_shape():
    first, again = (draw_shape("mug", 0.03, np.random.default_rng(7)) for _ in range(2))
    other = draw_shape("mug", 0.03, np.random.default_rng(8))
    assert first.mesh()[0].tobytes() == again.mesh()[0].tobytes()
    assert first.mesh()[0].tobytes() != other.mesh()[0].tobytes()


def test_shares_sum_to_one():
    np.testing.assert_allclose(sum(SHAPE_SHARES.values()), 1.0)


def test_unknown_shape_is_refused(rng):
    with pytest.raises(ValueError, match="'pyramid'"):
        draw_shape("pyramid", 0.03, rng)
