"""A hand's crop from a photo: one warp, against bilinear sampling written out in numpy."""

import numpy as np

from benchmarks.timing import compare
from haco.data.transforms import crop_hand


def plain_crop(image: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """Sample each pixel of the crop from its four neighbours."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    y, x = np.mgrid[:size, :size]
    points = np.stack([x, y, np.ones_like(x)], axis=-1) @ inverse[:2].T
    low = np.floor(points).astype(int)
    share = points - low
    total = np.zeros((size, size, 3))
    for dy in (0, 1):
        for dx in (0, 1):
            column, row = low[..., 0] + dx, low[..., 1] + dy
            inside = (column >= 0) & (column < image.shape[1]) & (row >= 0) & (row < image.shape[0])
            weight = np.abs(1 - dx - share[..., 0]) * np.abs(1 - dy - share[..., 1]) * inside
            total += weight[..., None] * image[row * inside, column * inside]
    return total.round().astype(np.uint8)


def main() -> None:
    """Compare the two on a 640 x 480 photo."""
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    box = np.array([200, 100, 340, 260], np.float32)
    crop, matrix = crop_hand(image, box, "right")
    difference = np.abs(crop.astype(int) - plain_crop(image, matrix, 256).astype(int))
    assert np.median(difference) <= 1, "the two crops must show the same"
    compare(
        "crop of 256 from 640 x 480",
        lambda: crop_hand(image, box, "right"),
        lambda: plain_crop(image, matrix, 256),
        times=20,
    )
