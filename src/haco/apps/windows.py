"""Square windows on a picture, turned, mirrored or reaching past its edge, and back again.

Pixel centres lie at whole numbers, in the picture and in what a window shows of it.
"""

import dataclasses
import math

import cv2
import numpy as np
from jaxtyping import Float, UInt8

GREY = (128, 128, 128)
"""What a window shows past the picture's edge; a hand cut by the edge is found best beside grey."""
LARGEST_WARP = 32766
"""OpenCV cannot warp a picture with a longer side."""

ZOOM_OUT = 1.4
"""The widest window over the picture's longer side: room for hands that the edge cuts."""
TILE_SIDES = (1.0, 0.6, 0.35)
"""Sides of the tiles over the picture's shorter side."""
TILE_STEP = 0.6
"""The farthest that neighbouring tiles lie apart, over their side."""
SMALLEST_TILE = 64
MOST_TILES_IN_A_ROW = 8


@dataclasses.dataclass(frozen=True)
class Window:
    """A square on a picture, which may be turned, mirrored, and reach past the edge."""

    centre: tuple[float, float]
    """Pixels of the picture."""
    side: float
    """Pixels of the picture."""
    angle: float = 0.0
    """How far its upward direction is turned clockwise from the picture's, radians."""
    mirrored: bool = False
    """Whether left and right are swapped in what it shows."""

    def matrix(self, size: int) -> Float[np.ndarray, "2 3"]:
        """Give the map from the picture's pixels to those of a `size` x `size` view."""
        scale = size / self.side
        cos, sin = scale * math.cos(self.angle), scale * math.sin(self.angle)
        linear = np.array([[cos, sin], [-sin, cos]])
        if self.mirrored:
            linear[0] *= -1
        offset = (size - 1) / 2 - linear @ np.array(self.centre)
        return np.column_stack([linear, offset])

    def to_view(
        self, points: Float[np.ndarray, "points 2"], size: int
    ) -> Float[np.ndarray, "points 2"]:
        """Take points of the picture into a view of `size` x `size` pixels."""
        matrix = self.matrix(size)
        return points @ matrix[:, :2].T + matrix[:, 2]

    def to_picture(
        self, points: Float[np.ndarray, "points 2"], size: int
    ) -> Float[np.ndarray, "points 2"]:
        """Take points of a view of `size` x `size` pixels back to the picture."""
        matrix = self.matrix(size)
        return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T

    def mirror(self) -> "Window":
        """Give the same square, shown mirrored (or upright again)."""
        return dataclasses.replace(self, mirrored=not self.mirrored)


class Picture:
    """A picture kept at halving sizes, so that a wide window does not alias."""

    def __init__(self, image: UInt8[np.ndarray, "height width 3"]):
        self.height, self.width = image.shape[:2]
        level = np.ascontiguousarray(image)
        while max(level.shape[:2]) > LARGEST_WARP:
            level = _halve(level)
        self._levels = [level]
        while min(self._levels[-1].shape[:2]) > SMALLEST_TILE:
            self._levels.append(_halve(self._levels[-1]))

    def view(self, window: Window, size: int) -> UInt8[np.ndarray, "size size 3"]:
        """Show what lies in a window, grey where it reaches past the edge."""
        shrink = window.side / size
        level = self._levels[min(max(int(math.log2(shrink)), 0), len(self._levels) - 1)]
        factor = np.array([self.width / level.shape[1], self.height / level.shape[0]])
        matrix = window.matrix(size)
        # A pixel (x, y) of the level is the pixel ((x, y) + 1/2) * factor - 1/2 of the picture.
        matrix[:, 2] += matrix[:, :2] @ (factor / 2 - 0.5)
        matrix[:, :2] *= factor
        shown = cv2.warpAffine(
            level, matrix, (size, size), borderMode=cv2.BORDER_CONSTANT, borderValue=GREY
        )
        return np.asarray(shown, np.uint8)


def _halve(image: np.ndarray) -> np.ndarray:
    size = max(image.shape[1] // 2, 1), max(image.shape[0] // 2, 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def search_windows(height: int, width: int, *, fast: bool = False) -> list[Window]:
    """Say where to look for hands: the whole, the whole with room around, and tiles.

    Args:
        height: Of the picture, pixels.
        width: Of the picture, pixels.
        fast: Only the whole.
    """
    centre, longer = ((width - 1) / 2, (height - 1) / 2), float(max(height, width))
    whole = Window(centre, longer)
    if fast:
        return [whole]
    tiles = [
        Window((x, y), side)
        for side in _tile_sides(height, width)
        for y in _tile_centres(height, side)
        for x in _tile_centres(width, side)
    ]
    return [whole, Window(centre, ZOOM_OUT * longer), *tiles]


def _tile_sides(height: int, width: int) -> list[float]:
    """Leave out tiles too small to show a hand, and those a long strip would need too many of."""
    smallest = max(SMALLEST_TILE, max(height, width) / MOST_TILES_IN_A_ROW)
    return [side for share in TILE_SIDES if (side := share * min(height, width)) >= smallest]


def _tile_centres(length: int, side: float) -> list[float]:
    if side >= length:
        return [(length - 1) / 2]
    count = math.ceil((length - side) / (TILE_STEP * side)) + 1
    return np.linspace((side - 1) / 2, length - (side + 1) / 2, count).tolist()
