"""Detail of skin as fine as a hair: the lines of the palm and wrist, wrinkles, and hairs."""

import itertools
from typing import no_type_check

import numba
import numpy as np

from haco.synth.looks.noise import value_noise

# Where lines run over the open hand's palm at rest, (x, z) in millimetres: fingers along -x.
_HEART = ((-58, -42), (-66, -30), (-73, -15), (-79, 0), (-88, 12))
_HEAD = ((-76, 32), (-68, 20), (-60, 5), (-52, -12), (-47, -28))
_LIFE = ((-76, 32), (-66, 22), (-52, 14), (-36, 9), (-20, 8), (-8, 11))
_WRIST = ((2, 24), (-1, 12), (0, 0), (-1, -12), (2, -24))
LINES = np.array(
    [
        (*start, *stop)
        for line in (_HEART, _HEAD, _LIFE, _WRIST)
        for start, stop in itertools.pairwise(line)
    ],
    np.float64,
) / 1000  # fmt: skip
"""Pieces of the lines: x, z of one end, x, z of the other; metres."""
WIDTH = 0.0011
"""Half width of a line, metres."""


@numba.njit(cache=True)
@no_type_check
def palm_line_depth(x, y, z, lines):
    """How deep in a line of the palm a place at rest lies, 0..1; no line is quite smooth."""
    wander = value_noise(x / 0.007, y / 0.02, z / 0.007)[0]
    x, z = x + 0.0012 * wander, z - 0.0012 * wander
    nearest = WIDTH * WIDTH
    for i in range(lines.shape[0]):
        ax, az = lines[i, 2] - lines[i, 0], lines[i, 3] - lines[i, 1]
        dx, dz = x - lines[i, 0], z - lines[i, 1]
        along = min(max((dx * ax + dz * az) / (ax * ax + az * az), 0.0), 1.0)
        dx, dz = dx - along * ax, dz - along * az
        nearest = min(nearest, dx * dx + dz * dz)
    return 1.0 - np.sqrt(nearest) / WIDTH


@numba.njit(cache=True)
@no_type_check
def wrinkle_depth(x, y, z):
    """How deep in the net of fine wrinkles a place at rest lies, 0..1."""
    one = value_noise(x / 0.0045, y / 0.0045, z / 0.0022)[0]
    other = value_noise(x / 0.0022, y / 0.0045, z / 0.0045)[0]
    return max(0.0, 1.0 - 7.0 * min(abs(one), abs(other)))


@numba.njit(cache=True)
@no_type_check
def hair_depth(x, y, z):
    """How much of a place at rest a hair hides, 0..1; hairs lie along the arm, aslant."""
    strand = value_noise((x + 0.6 * z) / 0.007, y / 0.0011, (z - 0.4 * x) / 0.0011)[0]
    return min(1.0, max(0.0, (strand - 0.35) * 3.0))
