import numpy as np
import pytest
import scipy.spatial.transform
import torch

from haco.geometry.rotations import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    mirror_axis_angle,
)

ANGLES = [0.0, 1e-9, 1e-5, 5e-3, 0.0099, 0.0101, 0.0199, 0.3, 1.6, 3.0, np.pi - 1e-4, np.pi - 1e-9]


def turns(rng, angle, count=50) -> torch.Tensor:
    axes = rng.normal(size=(count, 3))
    return torch.from_numpy(angle * axes / np.linalg.norm(axes, axis=1, keepdims=True))


def test_a_quarter_turn_about_z_takes_x_to_y():
    matrix = matrix_from_axis_angle(torch.tensor([0.0, 0.0, np.pi / 2], dtype=torch.float64))
    expected = torch.tensor([[0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=torch.float64)
    torch.testing.assert_close(matrix, expected)


@pytest.mark.parametrize("angle", ANGLES)
def test_matrices_agree_with_scipy(angle, rng):
    axis_angle = turns(rng, angle)
    expected = scipy.spatial.transform.Rotation.from_rotvec(axis_angle.numpy()).as_matrix()
    got = matrix_from_axis_angle(axis_angle)
    torch.testing.assert_close(got, torch.from_numpy(expected), rtol=0, atol=1e-13)


@pytest.mark.parametrize("angle", ANGLES)
def test_there_and_back_is_identity(angle, rng):
    axis_angle = turns(rng, angle)
    back = axis_angle_from_matrix(matrix_from_axis_angle(axis_angle))
    torch.testing.assert_close(back, axis_angle, rtol=0, atol=1e-11)


def test_half_a_turn_comes_back_with_either_axis():
    for axis in torch.eye(3, dtype=torch.float64):
        back = axis_angle_from_matrix(torch.diag(2 * axis - 1))
        torch.testing.assert_close(back.abs(), np.pi * axis)


def test_more_than_half_a_turn_comes_back_the_short_way(rng):
    axis_angle = turns(rng, 1.5 * np.pi)
    back = axis_angle_from_matrix(matrix_from_axis_angle(axis_angle))
    torch.testing.assert_close(back, axis_angle / 1.5 * -0.5)


def test_single_precision_keeps_six_digits(rng):
    for angle in ANGLES:
        axis_angle = turns(rng, angle)
        matrix = matrix_from_axis_angle(axis_angle.float())
        exact = matrix_from_axis_angle(axis_angle)
        torch.testing.assert_close(matrix.double(), exact, rtol=0, atol=1e-6)
        if angle <= 3:
            back = axis_angle_from_matrix(matrix).double()
            torch.testing.assert_close(back, axis_angle, rtol=0, atol=2e-6)


@pytest.mark.parametrize("angle", [0.0, 1e-6, 0.0099, 0.0101, 1.0, 3.0])
def test_gradients_are_right_at_zero_and_elsewhere(angle, rng):
    axis_angle = turns(rng, angle, count=3).requires_grad_()
    assert torch.autograd.gradcheck(matrix_from_axis_angle, axis_angle)
    # The way back is only defined on rotations, so it is checked on the way there and back.
    round_trip = torch.autograd.functional.jacobian(
        lambda value: axis_angle_from_matrix(matrix_from_axis_angle(value)), axis_angle[0]
    )
    torch.testing.assert_close(round_trip, torch.eye(3, dtype=torch.float64))


def test_the_gradient_at_exactly_zero_is_finite_in_single_precision():
    axis_angle = torch.zeros(2, 3, requires_grad=True)
    axis_angle_from_matrix(matrix_from_axis_angle(axis_angle)).sum().backward()
    torch.testing.assert_close(axis_angle.grad, torch.ones(2, 3))


def test_a_mirrored_turn_is_the_turn_of_the_mirrored_world(rng):
    axis_angle = turns(rng, 1.2)
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))
    expected = mirror @ matrix_from_axis_angle(axis_angle) @ mirror
    torch.testing.assert_close(matrix_from_axis_angle(mirror_axis_angle(axis_angle)), expected)
