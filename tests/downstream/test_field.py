import numpy as np
import pytest
import torch
from downstream.grasps import RADIUS, sphere
from torch.testing import assert_close

from haco.downstream.field import distance_field


@pytest.fixture(scope="module")
def field():
    mesh = sphere()
    return distance_field(mesh.vertices, mesh.faces, resolution=48)


def test_distance_to_a_sphere_is_right_to_a_fifth_of_a_millimetre(field, rng):
    points = torch.from_numpy(rng.normal(size=(500, 3)) * 0.025).float()
    radius = points.norm(dim=-1)
    seen = (radius > 0.015) & (radius < 0.06)  # the cusp in the middle is rounded off
    assert_close(field(points)[seen], (radius - RADIUS)[seen], atol=2e-4, rtol=0)


def test_far_off_the_way_to_the_grid_is_added(field):
    points = torch.tensor([[0.5, 0.0, 0.0], [0.0, -0.3, 0.0]])
    assert_close(field(points), torch.tensor([0.5, 0.3]) - RADIUS, atol=1e-3, rtol=0)


def test_gradients_point_out_of_the_surface(field):
    points = torch.tensor([[0.04, 0.0, 0.0], [0.0, 0.03, 0.0], [0.0, 0.0, 0.2]], requires_grad=True)
    field(points).sum().backward()
    assert points.grad is not None
    expected = torch.eye(3)
    assert_close(points.grad, expected, atol=0.06, rtol=0)


def test_inner_points_fill_the_volume(field):
    inner = field.inner_points()
    assert float(inner.norm(dim=-1).max()) < RADIUS
    volume = len(inner) * field.cell_volume
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)


def test_inside_out_is_the_same_and_an_open_surface_has_no_inside():
    mesh = sphere()
    points = torch.tensor([[0.0, 0.0, 0.02]])
    turned = distance_field(mesh.vertices, mesh.faces[:, ::-1].copy(), resolution=24)
    assert turned.is_closed
    assert float(turned(points)) < 0
    opened = distance_field(mesh.vertices, mesh.faces[20:], resolution=24)
    assert not opened.is_closed
    assert float(opened(points)) > 0
