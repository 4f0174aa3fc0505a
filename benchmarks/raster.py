"""Drawing a hand's triangles: the compiled z-buffer, against loops over triangles in numpy."""

import numpy as np

from benchmarks.timing import compare
from haco.geometry.raster import rasterize
from haco.hands.open_hand import open_hand_arrays

SIZE = 256


def plain_depth(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Fill a depth buffer, one triangle after the other."""
    depth = np.full((SIZE, SIZE), np.inf)
    for a, b, c in points[faces]:
        left, top = np.ceil(np.minimum(np.minimum(a, b), c)[:2]).astype(int).clip(0)
        right, bottom = np.floor(np.maximum(np.maximum(a, b), c)[:2]).astype(int).clip(max=SIZE - 1)
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if right < left or bottom < top or area == 0:
            continue
        y, x = np.mgrid[top : bottom + 1, left : right + 1]
        v = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        w = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        u = 1 - v - w
        z = 1 / (u / a[2] + v / b[2] + w / c[2])
        patch = depth[top : bottom + 1, left : right + 1]
        np.copyto(patch, z, where=(u >= 0) & (v >= 0) & (w >= 0) & (z < patch))
    return depth


def main() -> None:
    """Compare the two on the open hand seen from its back."""
    hand = open_hand_arrays()
    vertices = hand.template.astype(np.float64)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    scale = 0.9 * SIZE / (high - low).max()
    centred = (vertices - (low + high) / 2) * scale
    points = np.column_stack(
        [centred[:, 2] + SIZE / 2, centred[:, 0] + SIZE / 2, centred[:, 1] + SIZE]
    )
    faces = hand.closed_faces.astype(np.int64)
    depth = rasterize(points, faces, SIZE, SIZE).depth
    expected = plain_depth(points, faces)
    covered = np.isfinite(expected)
    assert np.abs(depth[covered] - expected[covered]).mean() < 0.01, "the two must agree"
    compare(
        f"z-buffer of {len(faces)} triangles at {SIZE} x {SIZE}",
        lambda: rasterize(points, faces, SIZE, SIZE),
        lambda: plain_depth(points, faces),
        times=20,
    )
