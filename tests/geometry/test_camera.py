import numpy as np
import pytest
import torch

from haco.geometry.camera import intrinsics, look_at, project, transform_points, unproject


def test_a_point_straight_ahead_falls_on_the_middle_of_the_picture():
    K = intrinsics(np.pi / 2, width=100, height=60)
    pixel = project(np.array([0.0, 0.0, 2.0]), K)
    np.testing.assert_allclose(pixel, [49.5, 29.5])


def test_field_of_view_reaches_from_edge_to_edge():
    K = intrinsics(np.pi / 2, width=100, height=60)
    edges = project(np.array([[-3.0, 0.0, 3.0], [3.0, 0.0, 3.0]]), K)
    np.testing.assert_allclose(edges[:, 0], [-0.5, 99.5])  # outer edges of the outer pixels


def test_right_is_right_and_down_is_down():
    K = intrinsics(1.0, width=64)
    middle, moved = project(np.array([[0.0, 0.0, 1.0], [0.1, 0.2, 1.0]]), K)
    assert (moved > middle).all()


def test_unprojecting_undoes_projecting(rng):
    K = np.array([[310.0, 2.0, 40.0], [0.0, 290.0, 55.0], [0.0, 0.0, 1.0]])
    points = rng.uniform([-1, -1, 2], [1, 1, 4], (4, 5, 3))
    again = unproject(project(points, K), points[..., 2], K)
    np.testing.assert_allclose(again, points, atol=1e-12)


def test_torch_projects_like_numpy_and_has_gradients(rng):
    K = intrinsics(0.7, width=64)
    points = rng.uniform([-1, -1, 2], [1, 1, 4], (7, 3))
    tensor = torch.from_numpy(points).requires_grad_()
    pixels = project(tensor, torch.from_numpy(K))
    np.testing.assert_allclose(pixels.detach().numpy(), project(points, K), atol=1e-12)
    pixels.sum().backward()
    assert tensor.grad is not None
    np.testing.assert_allclose(tensor.grad[:, 0], K[0, 0] / points[:, 2])


def test_a_camera_sees_its_target_ahead_and_up_above():
    eye, target = np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0])
    T_camera_world = look_at(eye, target, up=np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(transform_points(target, T_camera_world), [0, 0, 3], atol=1e-12)
    above = transform_points(np.array([1.0, 5.0, 4.0]), T_camera_world)
    np.testing.assert_allclose(above, [0, -1, 3], atol=1e-12)
    # Looking along +y with z upwards, +x is to the right.
    right = transform_points(np.array([2.0, 5.0, 3.0]), T_camera_world)
    np.testing.assert_allclose(right, [1, 0, 3], atol=1e-12)


def test_a_camera_moves_points_rigidly(rng):
    R_camera_world = look_at(*rng.normal(size=(3, 3)))[:3, :3]
    np.testing.assert_allclose(R_camera_world @ R_camera_world.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(R_camera_world), 1.0)


def test_looking_along_up_is_refused():
    up = np.array([0.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="own up direction"):
        look_at(np.zeros(3), 2 * up, up)
