"""A z-buffer on the processor: which triangle each pixel sees, where on it, and how far away."""

from typing import NamedTuple, no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float64, Int, Int32


class Fragments(NamedTuple):
    """What each pixel of a picture sees."""

    face_index: Int32[np.ndarray, "height width"]
    """The nearest triangle, -1 where there is none."""
    barycentric: Float64[np.ndarray, "height width 3"]
    """How the triangle's corners mix at that place, perspective undone; sums to 1, or 0 if none."""
    depth: Float64[np.ndarray, "height width"]
    """In the unit of the vertices' depth; infinite where there is no triangle."""


def rasterize(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    height: int,
    width: int,
    *,
    perspective: bool = True,
) -> Fragments:
    """Find the nearest triangle at every pixel centre, whichever side it shows.

    A triangle with a corner at or behind the camera is left out whole. Where two triangles are
    equally near, the one with the lower index is seen.

    Args:
        vertices: Pixel x, pixel y (pixel centres at whole numbers) and depth of each vertex.
        faces: Indices into `vertices`.
        height: Pixels down.
        width: Pixels across.
        perspective: Whether depth is metres from a pinhole camera; False for a parallel view, in
            which depth may have any sign.
    """
    face_index = np.full((height, width), -1, np.int32)
    barycentric = np.zeros((height, width, 3))
    depth = np.full((height, width), np.inf)
    corners = np.ascontiguousarray(vertices, np.float64)
    _fill(
        corners, np.ascontiguousarray(faces, np.int32), perspective, face_index, barycentric, depth
    )
    return Fragments(face_index, barycentric, depth)


def interpolate(
    fragments: Fragments,
    faces: Int[np.ndarray, "faces 3"],
    values: Float[np.ndarray, "vertices *channels"],
) -> Float64[np.ndarray, "height width *channels"]:
    """Spread a value of the vertices over the pixels that see them; 0 where nothing is seen."""
    corners = faces[np.maximum(fragments.face_index, 0)]
    return np.einsum("hwc,hwc...->hw...", fragments.barycentric, values[corners].astype(np.float64))


@numba.njit(cache=True)
@no_type_check  # numba compiles the bare function; a checker around it would stop that
def _fill(vertices, faces, perspective, face_index, barycentric, depth):
    height, width = depth.shape
    for face in range(faces.shape[0]):
        a, b, c = faces[face]
        ax, ay, az = vertices[a]
        bx, by, bz = vertices[b]
        cx, cy, cz = vertices[c]
        if perspective and (az <= 0 or bz <= 0 or cz <= 0):
            continue
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0.0 or not np.isfinite(area):
            continue
        left = max(0, int(np.ceil(min(ax, bx, cx))))
        right = min(width - 1, int(np.floor(max(ax, bx, cx))))
        top = max(0, int(np.ceil(min(ay, by, cy))))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area
                wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area
                wc = ((ax - x) * (by - y) - (ay - y) * (bx - x)) / area
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                if perspective:
                    wa, wb, wc = wa / az, wb / bz, wc / cz
                total = wa + wb + wc
                wa, wb, wc = wa / total, wb / total, wc / total
                z = wa * az + wb * bz + wc * cz
                if z < depth[y, x]:
                    depth[y, x] = z
                    face_index[y, x] = face
                    barycentric[y, x, 0] = wa
                    barycentric[y, x, 1] = wb
                    barycentric[y, x, 2] = wc
