"""Distances by kept trees: exact, signed where the mesh is closed, honest where it is not."""

import numpy as np
import pytest
from geometry_toys import BLOCK, BLOCK_FACES, TOP_FACES

from haco.geometry.proximity import closest_point, signed_distance
from haco.geometry.surfaces import Surface


def brute_force_distance(point, vertices, faces) -> float:
    """The least distance to any triangle, by its plane, its edges and its corners."""
    best = np.inf
    for a, b, c in vertices[faces]:
        normal = np.cross(b - a, c - a)
        foot = point - normal * ((point - a) @ normal) / (normal @ normal)
        sides = [np.cross(q - p, foot - p) @ normal for p, q in ((a, b), (b, c), (c, a))]
        if min(sides) >= 0:
            best = min(best, np.linalg.norm(point - foot))
        for p, q in ((a, b), (b, c), (c, a)):
            along = np.clip((point - p) @ (q - p) / ((q - p) @ (q - p)), 0, 1)
            best = min(best, np.linalg.norm(point - p - along * (q - p)))
    return best


def bumpy_sphere(rng, radius=0.05):
    import trimesh

    mesh = trimesh.creation.icosphere(1, radius)
    return mesh.vertices * rng.uniform(0.8, 1.2, (len(mesh.vertices), 1)), mesh.faces


def ask(surface, points):
    closest = surface.closest_point(points)
    return (closest, *surface.inside(points, closest))


def test_distance_is_exact_against_brute_force(rng):
    vertices, faces = bumpy_sphere(rng)
    points = rng.normal(0, 0.05, (25, 3))
    found = Surface(vertices, faces).closest_point(points)
    expected = [brute_force_distance(point, vertices, faces) for point in points]
    np.testing.assert_allclose(found.distance, expected, atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(found.position - points, axis=1), expected, atol=1e-12
    )


def test_inside_is_what_the_signed_distance_says(rng):
    vertices, faces = bumpy_sphere(rng)
    points = rng.normal(0, 0.04, (500, 3))
    closest, inside, known = ask(Surface(vertices, faces), points)
    assert known.all()
    signed = signed_distance(points, vertices, faces)
    np.testing.assert_array_equal(inside, signed < 0)
    assert 100 < inside.sum() < 450
    np.testing.assert_allclose(closest.distance, np.abs(signed), atol=1e-12)


def test_faces_that_all_look_inwards_have_the_same_inside():
    points = np.array([[0, 0, 0], [0, 0, 0.6], [0.4, 0.4, 0.4]])
    _, inside, known = ask(Surface(BLOCK, BLOCK_FACES[:, ::-1]), points)
    assert known.all()
    np.testing.assert_array_equal(inside, [True, False, True])


def test_copies_of_vertices_at_seams_do_not_open_a_mesh():
    corners = BLOCK[BLOCK_FACES].reshape(-1, 3)  # every face with vertices of its own
    surface = Surface(corners, np.arange(len(corners)).reshape(-1, 3))
    assert surface.is_closed
    assert ask(surface, np.array([[0.1, 0.2, 0.3]]))[1].all()


def test_mesh_with_a_hole_is_open_and_says_what_it_does_not_know():
    surface = Surface(BLOCK, BLOCK_FACES[1:])
    assert not surface.is_closed
    points = np.array([[0, 0, 0.3], [0, 0, 0.7], [2, 2, 2.0]])
    _, inside, known = ask(surface, points)
    assert not inside.any()
    np.testing.assert_array_equal(known, [False, True, True])


def test_before_the_front_of_an_open_surface_is_outside_and_behind_it_unknown():
    """A bowl: its hull says nothing within it, the side that its faces turn there does."""
    bowl = np.delete(BLOCK_FACES, [-1, -2], axis=0)[:, ::-1]  # a box without lid, faces inwards
    _, inside, known = ask(Surface(BLOCK, bowl), np.array([[0, 0, -0.3], [0.1, 0.3, 0.1]]))
    assert not inside.any()
    assert known.all()
    # With one face turned over, no front can be trusted.
    bowl[0] = bowl[0, ::-1]
    assert not ask(Surface(BLOCK, bowl), np.array([[0, 0, -0.3]]))[2].any()


def test_flat_mesh_encloses_nothing():
    surface = Surface(BLOCK, TOP_FACES)
    _, inside, known = ask(surface, np.array([[0, 0, 0.5], [0, 0, 0.6]]))
    assert not inside.any()
    assert known[1]


def test_triangles_without_area_change_nothing(rng):
    vertices, faces = bumpy_sphere(rng)
    points = rng.normal(0, 0.05, (50, 3))
    flat = np.concatenate([faces, [[0, 0, 1], [5, 5, 5]]])
    surface = Surface(vertices, flat)
    assert surface.num_degenerate == 2
    assert surface.is_closed
    np.testing.assert_array_equal(
        surface.closest_point(points).distance, closest_point(points, vertices, faces).distance
    )


@pytest.mark.parametrize(
    ("vertices", "faces", "why"),
    [
        (BLOCK, np.zeros((0, 3), int), "no triangle"),
        (BLOCK, np.array([[0, 1, 8]]), r"vertices 0\.\.8, the mesh has 8"),
        (BLOCK * np.nan, BLOCK_FACES, "not finite"),
        (BLOCK, np.array([[0, 0, 1]]), "1 triangles has any area"),
    ],
)
def test_broken_meshes_are_refused(vertices, faces, why):
    with pytest.raises(ValueError, match=why):
        Surface(vertices, faces)
