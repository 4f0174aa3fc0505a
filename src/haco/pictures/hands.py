"""A hand coloured by a value per vertex, seen on its palm and on its back."""

from typing import Literal

import numpy as np
from jaxtyping import Float, UInt8

from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.hands.model import HandModel
from haco.pictures.colours import probability_colours
from haco.types import Side

View = Literal["palm", "back"]
_SUPERSAMPLE = 3
_BACKGROUND = 255.0


def draw_hand(
    hand: HandModel,
    probability: Float[np.ndarray, " vertices"],
    *,
    side: Side,
    view: View,
    height: int = 320,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw a hand with its fingers up, coloured by the probability of touch.

    Args:
        hand: The right hand whose surface to draw.
        probability: 0..1, one a vertex of `hand`.
        side: A left hand is drawn as the mirror image.
        view: Which side is turned to the onlooker.
        height: Pixels; the width is three quarters of it.
    """
    vertices = hand.template.double().numpy()
    faces = hand.closed_faces.numpy()
    # In the hand's frame the fingers point to -x, the thumb to +z and the palm faces -y.
    sight, right = ((0, 1, 0), (0, 0, 1)) if view == "palm" else ((0, -1, 0), (0, 0, -1))
    sight, right = np.array(sight, float), np.array(right, float)
    size = np.array([height * 3 // 4, height]) * _SUPERSAMPLE
    pixels = _fit(np.stack([vertices @ right, vertices[:, 0]], axis=-1), size)
    points = np.column_stack([pixels, vertices @ sight + 1.0])
    fragments = rasterize(points, faces, int(size[1]), int(size[0]))
    light = 0.5 + 0.5 * np.clip(vertex_normals(vertices, faces) @ -sight, 0, 1)
    colours = probability_colours(probability.astype(np.float64)) * light[:, None]
    covered = fragments.face_index >= 0
    picture = np.full((size[1], size[0], 3), _BACKGROUND)
    picture[covered] = interpolate(fragments, faces, colours)[covered]
    drawn = _shrink(_outline(picture, covered))
    return drawn[:, ::-1].copy() if side == "left" else drawn


def _fit(points: np.ndarray, size: np.ndarray, margin: float = 0.04) -> np.ndarray:
    """Scale and centre points so that they fill a picture of `size` pixels but for a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = ((1 - 2 * margin) * size / (high - low)).min()
    return (points - (low + high) / 2) * scale + (size - 1) / 2


def _outline(picture: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Darken the hand's rim by one drawn pixel, so that pale skin stands off white paper."""
    inside = covered.copy()
    for axis in (0, 1):
        for step in (-_SUPERSAMPLE, _SUPERSAMPLE):
            inside &= np.roll(covered, step, axis)
    picture[covered & ~inside] *= 0.55
    return picture


def _shrink(picture: np.ndarray) -> UInt8[np.ndarray, "height width 3"]:
    """Average each block of drawn pixels into one, which smooths the edges."""
    height, width = (n // _SUPERSAMPLE for n in picture.shape[:2])
    blocks = picture.reshape(height, _SUPERSAMPLE, width, _SUPERSAMPLE, 3)
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8)
