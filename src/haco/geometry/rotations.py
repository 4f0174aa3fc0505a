"""Rotations as axis-angle vectors and as matrices: torch, batched, differentiable everywhere."""

import torch
from jaxtyping import Float
from torch import Tensor

_SMALL = 1e-4
"""Below this squared angle a series replaces the closed form; the results agree to 1e-12."""


def matrix_from_axis_angle(
    axis_angle: Float[Tensor, "*batch 3"],
) -> Float[Tensor, "*batch 3 3"]:
    """Turn axis-angle vectors into rotation matrices, with a gradient at zero too.

    Args:
        axis_angle: Axis times angle, radians.

    Returns:
        Matrices that rotate column vectors (Rodrigues' formula).
    """
    square = (axis_angle * axis_angle).sum(dim=-1)[..., None, None]
    small = square < _SMALL
    safe = torch.where(small, torch.ones_like(square), square)
    angle = safe.sqrt()
    # sin(a)/a and (1 - cos(a))/a^2, the latter from the half angle so that no digits cancel.
    sine = torch.where(small, 1 - square / 6 * (1 - square / 20), angle.sin() / angle)
    cosine = torch.where(small, 0.5 - square / 24, 2 * (angle / 2).sin() ** 2 / safe)
    cross = _cross_matrix(axis_angle)
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return identity + sine * cross + cosine * (cross @ cross)


def axis_angle_from_matrix(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Turn rotation matrices into axis-angle vectors of at most half a turn.

    It goes through the quaternion, by whichever of its four parts is the largest, and so keeps
    its precision near no turn and near half a turn alike.

    Args:
        matrix: Rotation matrices; the function does not check that they are.

    Returns:
        Axis times angle, radians, the angle in 0..pi. At exactly pi either axis may come.
    """
    quat_wxyz = _quaternion_from_matrix(matrix)
    real, imaginary = quat_wxyz[..., :1], quat_wxyz[..., 1:]
    square = (imaginary * imaginary).sum(dim=-1, keepdim=True)
    small = square < _SMALL
    length = torch.where(small, torch.ones_like(square), square).sqrt()
    # angle / sin(angle / 2); near zero from the series of atan(x)/x in x = length / real.
    slope = square / torch.where(small, real, torch.ones_like(real)) ** 2
    near_zero = 2 / torch.where(small, real, torch.ones_like(real))
    near_zero = near_zero * (1 - slope / 3 * (1 - slope * 3 / 5))
    return imaginary * torch.where(small, near_zero, 2 * torch.atan2(length, real) / length)


def mirror_axis_angle(axis_angle: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
    """Give the rotation that a mirror across the plane x = 0 shows; twice gives it back.

    It is how a pose of the right hand becomes the same pose of the left hand.
    """
    return axis_angle * axis_angle.new_tensor([1.0, -1.0, -1.0])


def _cross_matrix(vector: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    x, y, z = vector.unbind(dim=-1)
    zero = torch.zeros_like(x)
    rows = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1)
    return rows.unflatten(-1, (3, 3))


def _quaternion_from_matrix(matrix: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 4"]:
    """Give unit quaternions, real part first and not negative."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (row.unbind(dim=-1) for row in matrix.unbind(dim=-2))
    # Row i is 4 q_i q; the row with the largest q_i is the one that loses the fewest digits.
    products = torch.stack(
        [
            *(1 + xx + yy + zz, zy - yz, xz - zx, yx - xy),
            *(zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx),
            *(xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy),
            *(yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz),
        ],
        dim=-1,
    ).unflatten(-1, (4, 4))
    largest = products.diagonal(dim1=-2, dim2=-1).argmax(dim=-1)
    chosen = products.take_along_dim(largest[..., None, None], dim=-2).squeeze(-2)
    quat = chosen / chosen.norm(dim=-1, keepdim=True)
    return torch.where(quat[..., :1] < 0, -quat, quat)
