import numpy as np
import pytest
import trimesh

from haco.geometry.camera import intrinsics, project, unproject
from haco.geometry.raster import interpolate, rasterize

SIZE = 32
K = intrinsics(np.pi / 2, width=SIZE)


def test_agrees_with_casting_a_ray_through_every_pixel(rng):
    vertices, faces = random_triangles(rng, count=40)
    fragments = rasterize(to_pixels(vertices), faces, SIZE, SIZE)
    face_index, depth = cast_rays(vertices, faces)
    assert (face_index >= 0).mean() > 0.3
    np.testing.assert_array_equal(fragments.face_index, face_index)
    np.testing.assert_allclose(fragments.depth, depth)


def test_agrees_with_casting_rays_on_a_closed_surface():
    ball = trimesh.creation.icosphere(subdivisions=2, radius=0.8)
    vertices = np.asarray(ball.vertices) + np.array([0.1, -0.2, 2.0])
    fragments = rasterize(to_pixels(vertices), np.asarray(ball.faces), SIZE, SIZE)
    _, depth = cast_rays(vertices, np.asarray(ball.faces))
    np.testing.assert_allclose(fragments.depth, depth, rtol=1e-9)
    covered = fragments.face_index >= 0
    assert not np.diff(covered.astype(int), axis=1).clip(0).sum(axis=1).max() > 1  # no holes


def test_the_point_seen_lies_behind_its_pixel(rng):
    vertices, faces = random_triangles(rng, count=10)
    fragments = rasterize(to_pixels(vertices), faces, SIZE, SIZE)
    points = interpolate(fragments, faces, vertices)
    rows, columns = np.nonzero(fragments.face_index >= 0)
    pixels = np.stack([columns, rows], axis=-1).astype(float)
    seen = unproject(pixels, fragments.depth[rows, columns], K)
    np.testing.assert_allclose(points[rows, columns], seen, atol=1e-9)


def test_perspective_is_undone_on_a_slanted_edge():
    # Seen from depth 1 to depth 3: half way across the picture is a quarter of the way along.
    vertices = np.array([[0.0, 0.0, 1.0], [8.0, 0.0, 3.0], [0.0, 8.0, 1.0]])
    faces = np.array([[0, 1, 2]])
    value = np.array([0.0, 1.0, 0.0])
    slanted = interpolate(rasterize(vertices, faces, 9, 9), faces, value)
    flat = interpolate(rasterize(vertices, faces, 9, 9, perspective=False), faces, value)
    assert slanted[0, 4] == pytest.approx(0.25)
    assert flat[0, 4] == pytest.approx(0.5)


def test_the_nearer_triangle_hides_the_farther_in_either_order():
    near = np.array([[0.0, 0.0, 1.0], [9.0, 0.0, 1.0], [0.0, 9.0, 1.0]])
    vertices = np.concatenate([near, near * [1, 1, 2]])
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    for order in ([0, 1], [1, 0]):
        seen = rasterize(vertices, faces[order], 10, 10).face_index[2, 2]
        assert order[seen] == 0


def test_both_sides_of_a_triangle_are_seen_alike(rng):
    vertices, faces = random_triangles(rng, count=1)
    front = rasterize(to_pixels(vertices), faces, SIZE, SIZE)
    back = rasterize(to_pixels(vertices), faces[:, ::-1], SIZE, SIZE)
    np.testing.assert_array_equal(front.face_index, back.face_index)
    np.testing.assert_allclose(front.barycentric, back.barycentric[..., ::-1], atol=1e-12)


def test_a_triangle_that_reaches_behind_the_camera_is_left_out():
    vertices = np.array([[0.0, 0.0, 1.0], [9.0, 0.0, -1.0], [0.0, 9.0, 1.0]])
    fragments = rasterize(vertices, np.array([[0, 1, 2]]), 10, 10)
    assert (fragments.face_index == -1).all()
    assert np.isinf(fragments.depth).all()
    assert (interpolate(fragments, np.array([[0, 1, 2]]), np.ones(3)) == 0).all()


def test_a_parallel_view_keeps_depths_of_either_sign():
    vertices = np.array([[0.0, 0.0, -1.0], [9.0, 0.0, -1.0], [0.0, 9.0, -1.0]])
    fragments = rasterize(vertices, np.array([[0, 1, 2]]), 10, 10, perspective=False)
    np.testing.assert_allclose(fragments.depth[1, 1], -1.0)


def random_triangles(rng, count):
    corners = rng.uniform([-1.5, -1.5, 1.0], [1.5, 1.5, 3.0], size=(count, 3, 3))
    return corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)


def to_pixels(vertices):
    return np.concatenate([project(vertices, K), vertices[:, 2:]], axis=1)


def cast_rays(vertices, faces):
    """Cut every pixel's ray with every triangle (Möller and Trumbore): slow, plain, another way."""
    columns, rows = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    pixels = np.stack([columns, rows], axis=-1).astype(float)
    rays = unproject(pixels, np.ones((SIZE, SIZE)), K)[:, :, None]  # z is 1, so t is the depth
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    across = np.cross(rays, c - a)
    scale = 1.0 / (across * (b - a)).sum(-1)
    u = scale * (across * -a).sum(-1)
    v = scale * (rays * np.cross(-a, b - a)).sum(-1)
    t = scale * ((c - a) * np.cross(-a, b - a)).sum(-1)
    hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
    depth = np.where(hit, t, np.inf)
    nearest = depth.min(axis=-1)
    return np.where(np.isfinite(nearest), depth.argmin(axis=-1), -1), nearest
