"""Value noise: a smooth random field in space, the same on every machine."""

from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Float, Float64


@numba.njit(cache=True)
@no_type_check  # numba compiles the bare function; a checker around it would stop that
def lattice(i, j, k):
    """Give the random number in 0..1 that belongs to a whole-numbered place."""
    h = (i * 374761393 + j * 668265263 + k * 2147483647) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2246822519) & 0xFFFFFFFF
    return ((h ^ (h >> 15)) & 0xFFFFFF) / 16777215.0


@numba.njit(cache=True)
@no_type_check
def value_noise(x, y, z):
    """Give the field at a place, about -1..1, and its gradient there; one cell is 1 wide."""
    i, j, k = int(x // 1.0), int(y // 1.0), int(z // 1.0)
    x, y, z = x - i, y - j, z - k
    u, v, w = x * x * (3 - 2 * x), y * y * (3 - 2 * y), z * z * (3 - 2 * z)
    a, b = lattice(i, j, k), lattice(i + 1, j, k)
    c, d = lattice(i, j + 1, k), lattice(i + 1, j + 1, k)
    e, f = lattice(i, j, k + 1), lattice(i + 1, j, k + 1)
    g, h = lattice(i, j + 1, k + 1), lattice(i + 1, j + 1, k + 1)
    p, q, r, s = a + u * (b - a), c + u * (d - c), e + u * (f - e), g + u * (h - g)
    near, far = p + v * (q - p), r + v * (s - r)
    along_x = (b - a) * (1 - v) * (1 - w) + (d - c) * v * (1 - w)
    along_x += (f - e) * (1 - v) * w + (h - g) * v * w
    along_y = (q - p) * (1 - w) + (s - r) * w
    return (
        2 * (near + w * (far - near)) - 1,
        12 * x * (1 - x) * along_x,
        12 * y * (1 - y) * along_y,
        12 * z * (1 - z) * (far - near),
    )


def noise_at(points: Float[np.ndarray, "points 3"]) -> Float64[np.ndarray, " points"]:
    """Give the field at many places, about -1..1; one cell is 1 wide."""
    out = np.zeros(len(points))
    _fill(np.ascontiguousarray(points, np.float64), out)
    return out


@numba.njit(cache=True)
@no_type_check
def _fill(points, out):
    for i in range(len(points)):
        out[i] = value_noise(points[i, 0], points[i, 1], points[i, 2])[0]
