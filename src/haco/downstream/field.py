"""An object's signed distance on a grid, which torch can read between and differentiate."""

import dataclasses

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import grid_sample

from haco.geometry.surfaces import Surface

RESOLUTION = 48
"""Cells along the longest side."""
MARGIN = 0.03
"""Metres around the object that the grid covers; farther off, the way to the grid is added."""


@dataclasses.dataclass(frozen=True)
class DistanceField:
    """Signed distance to one object, trilinear between the points of a grid."""

    values: Float[Tensor, "depth height width"]
    """Metres, negative inside; axes z, y, x."""
    low: Float[Tensor, "3"]
    """Corner of the grid, metres, in the object's frame."""
    high: Float[Tensor, "3"]
    """The opposite corner."""
    is_closed: bool
    """Whether the object has an inside; an open surface keeps its distances positive."""

    @property
    def cell_volume(self) -> float:
        """Volume that one point of the grid stands for, cubic metres."""
        steps = torch.tensor(self.values.shape[::-1]) - 1
        return float(((self.high - self.low) / steps).prod())

    def __call__(self, points: Float[Tensor, "*batch points 3"]) -> Float[Tensor, "*batch points"]:
        """Measure distances, with a gradient.

        Args:
            points: Metres, in the object's frame.

        Returns:
            Metres, negative inside. Within the grid it is as exact as a cell is small; beyond it,
            the distance at the nearest place of the grid and the way there are added.
        """
        inner = points.clamp(self.low, self.high)
        place = 2 * (inner - self.low) / (self.high - self.low) - 1
        read = grid_sample(
            self.values[None, None],
            place.reshape(1, 1, 1, -1, 3),
            align_corners=True,
            padding_mode="border",
        )
        beyond = (points - inner).square().sum(dim=-1)
        way = torch.where(beyond > 0, beyond.clamp(min=1e-12).sqrt(), torch.zeros_like(beyond))
        return read.reshape(points.shape[:-1]) + way

    def inner_points(self) -> Float[Tensor, "points 3"]:
        """Give the points of the grid that lie inside the object."""
        axes = [
            torch.linspace(float(low), float(high), count)
            for low, high, count in zip(
                self.low, self.high, reversed(self.values.shape), strict=True
            )
        ]
        z, y, x = torch.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        return torch.stack([x, y, z], dim=-1)[self.values < 0]


def distance_field(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    *,
    resolution: int = RESOLUTION,
    margin: float = MARGIN,
) -> DistanceField:
    """Measure an object's signed distance at the points of a grid.

    Args:
        vertices: Metres. Faces may wind either way.
        faces: Triangles of a closed surface; of an open one nothing is known to be inside.
        resolution: Cells along the longest side.
        margin: Metres around the object that the grid covers.

    Raises:
        ValueError: As `Surface`.
    """
    surface = Surface(vertices, faces)
    low, high = surface.vertices.min(axis=0) - margin, surface.vertices.max(axis=0) + margin
    counts = np.ceil((high - low) / ((high - low).max() / resolution)).astype(int) + 1
    axes = [np.linspace(low[k], high[k], counts[k]) for k in (2, 1, 0)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    closest = surface.closest_point(points)
    inside = (
        surface.inside(points, closest)[0] if surface.is_closed else np.zeros(len(points), bool)
    )
    signed = np.where(inside, -closest.distance, closest.distance)
    return DistanceField(
        values=torch.from_numpy(signed.reshape(z.shape)).float(),
        low=torch.from_numpy(low).float(),
        high=torch.from_numpy(high).float(),
        is_closed=surface.is_closed,
    )
