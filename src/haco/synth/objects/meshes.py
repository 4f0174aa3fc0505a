"""Things given as triangle meshes: exact distances for labels, a distance grid for posing.

A closed mesh is a solid. An open one, such as a scan with a hole, is a solid too if its surface
mostly has an inside: where the generalised winding number exceeds one half, holes are closed in
thought. What has none, such as a leaf of one layer, is a sheet: distances to it have no sign, and
while a hand closes on it, it counts as a few millimetres thick.
"""

import dataclasses
import functools

import numpy as np
from jaxtyping import Float, Float64, Int, Int64
from scipy.spatial import KDTree

from haco.geometry.surfaces import Surface
from haco.synth.objects.shapes import Shape

MARGIN = 0.03
"""How far the grid reaches beyond the mesh, metres."""
_CELLS = 44
"""Along the longest side of the mesh."""
_SPACING = 0.003
"""Of the points that stand for the surface far off it, metres."""
_MOST_POINTS = 20_000
_LEAF = 0.001
"""Half the thickness of a sheet while it is grasped, metres, beside what the grid blurs."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """Signed distance on a regular grid in the frame of the mesh, metres."""

    values: Float64[np.ndarray, "x y z"]
    low: Float64[np.ndarray, "3"]
    step: float


@dataclasses.dataclass(frozen=True, eq=False)
class MeshShape:
    """A thing given by its mesh, in a frame of its own: long axis y, thinnest x, centre 0."""

    kind: str
    """Name of its file."""
    vertices: Float64[np.ndarray, "vertices 3"]
    """Metres."""
    faces: Int64[np.ndarray, "faces 3"]
    """Wound outwards."""
    colours: Float64[np.ndarray, "vertices 3"] | None
    """Linear red, green, blue, if the file has any."""

    @functools.cached_property
    def surface(self) -> Surface:
        """Build the search trees; copies of a vertex at seams are joined there."""
        return Surface(self.vertices, self.faces)

    @functools.cached_property
    def has_inside(self) -> bool:
        """Whether it is a solid, or an open mesh that mostly encloses something."""
        if self.surface.is_closed:
            return True
        points, normals = self._sampled
        return float(self.surface.enclosed(points - 0.002 * normals).mean()) > 0.5

    @property
    def extents(self) -> Float64[np.ndarray, "3"]:
        """Sizes along x, y and z, metres."""
        return np.ptp(self.vertices, axis=0)

    def distance(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, " points"]:
        """Measure the distance, metres: exact; negative inside, never negative for a sheet.

        Args:
            points: In the shape's own frame, metres.
        """
        points = np.ascontiguousarray(points, np.float64)
        away = self.surface.closest_point(points).distance
        return np.where(self._inside(points), -away, away)

    def mesh(self) -> tuple[Float[np.ndarray, "vertices 3"], Int[np.ndarray, "faces 3"]]:
        """Give the triangles, wound outwards."""
        return self.vertices, self.faces

    @functools.cached_property
    def grid(self) -> Grid:
        """Measure distances all about the mesh, exact near the surface; for posing only."""
        step = float(self.extents.max()) / _CELLS
        low = self.vertices.min(axis=0) - MARGIN
        counts = np.ceil((self.extents + 2 * MARGIN) / step).astype(int) + 1
        axes = [low[axis] + step * np.arange(counts[axis]) for axis in range(3)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        away = KDTree(self._sampled[0]).query(points)[0]
        near = np.flatnonzero(away < 2.5 * step + 2 * _SPACING)
        away[near] = self.surface.closest_point(points[near]).distance
        thick = 0.0 if self.has_inside else _LEAF + 0.5 * step
        values = np.where(self._inside(points), -away, away) - thick
        return Grid(values.reshape(counts), low, step)

    def _inside(self, points: np.ndarray) -> np.ndarray:
        return self.surface.enclosed(points) if self.has_inside else np.zeros(len(points), bool)

    @functools.cached_property
    def _sampled(self) -> tuple[np.ndarray, np.ndarray]:
        return sample_surface(self.vertices, self.faces)


AnyShape = Shape | MeshShape


def sample_surface(
    vertices: Float64[np.ndarray, "vertices 3"], faces: Int64[np.ndarray, "faces 3"]
) -> tuple[Float64[np.ndarray, "points 3"], Float64[np.ndarray, "points 3"]]:
    """Give points spread evenly over a mesh, always the same ones, and the normals there."""
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(across, axis=1)
    rng = np.random.default_rng(0)
    num = int(np.clip(doubled.sum() / 2 / _SPACING**2, 1000, _MOST_POINTS))
    chosen = rng.choice(len(faces), num, p=doubled / doubled.sum())
    u, v = rng.random((2, num, 1))
    folded = u + v > 1
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    a, b, c = corners[chosen].transpose(1, 0, 2)
    return a + u * (b - a) + v * (c - a), across[chosen] / doubled[chosen, None]


def principal_frame(
    vertices: Float64[np.ndarray, "vertices 3"], faces: Int64[np.ndarray, "faces 3"]
) -> Float64[np.ndarray, "vertices 3"]:
    """Turn and shift a mesh: its long axis becomes y, its thinnest x, its middle the origin."""
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1)
    centred = corners - np.average(corners.mean(axis=1), axis=0, weights=area)
    sums = centred.sum(axis=1)
    # Second moment of a triangle: its area / 12 times (sum of v v^T + (sum of v) (sum of v)^T).
    moment = np.einsum("f,fki,fkj->ij", area, centred, centred)
    moment += np.einsum("f,fi,fj->ij", area, sums, sums)
    axes = np.linalg.eigh(moment)[1][:, [0, 2]]
    # An axis has no sign of its own: its largest component shall be positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    x, y = axes.T
    turned = vertices @ np.stack([x, y, np.cross(x, y)], axis=1)
    return turned - (turned.min(axis=0) + turned.max(axis=0)) / 2
