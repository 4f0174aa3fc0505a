"""A hand's surface laid over the photo it was fitted to, and the same hand seen from behind."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw

from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.pictures.colours import SIDE_COLOURS, draw_legend, probability_colours
from haco.pictures.text import font
from haco.types import Side

_SIZE, _GAP, _HEAD = 340, 14, 58
_WIDTH = 3 * _SIZE + 4 * _GAP
_ROOM = 1.35
_OPAQUE = 0.8
_INK, _FAINT = (30, 30, 30), (110, 110, 110)
_COLUMNS = ("photo", "the hand fitted to it", "the same hand from behind")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PosedHand:
    """One hand laid over a photo."""

    side: Side
    vertices: Float[np.ndarray, "vertices 3"]
    """Pixel x, pixel y and depth on the same scale (larger is farther)."""
    faces: Int[np.ndarray, "faces 3"]
    probability: Float[np.ndarray, " vertices"]
    error: float
    """Mean distance of its joints from where they are seen, pixels."""
    is_close: bool
    """Whether that is little enough to draw it."""


def draw_posed_hands(
    image: UInt8[np.ndarray, "height width 3"], hands: Sequence[PosedHand], *, threshold: float
) -> UInt8[np.ndarray, "drawn_height drawn_width 3"]:
    """Draw a row a hand: the photo, the surface over it, and the surface from behind.

    Args:
        image: RGB.
        hands: In the order of their numbers.
        threshold: Probability from which a vertex is called touching.
    """
    legend = Image.fromarray(draw_legend(720, threshold=threshold))
    row = _HEAD + _SIZE + 26
    sheet = Image.new("RGB", (_WIDTH, len(hands) * row + legend.height + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for number, hand in enumerate(hands):
        top = number * row
        colour = SIDE_COLOURS[hand.side]
        draw.text((_GAP, top + 8), f"{number + 1}  {hand.side} hand", colour, font(21))
        words = f"its joints lie {hand.error:.1f} pixels from where they are seen"
        if not hand.is_close:
            words += ", which is too far: the surface is not drawn"
        draw.text((_GAP, top + 34), words, _FAINT, font(15))
        for column, picture in enumerate(_row(image, hand)):
            x = _GAP + column * (_SIZE + _GAP)
            sheet.paste(Image.fromarray(picture), (x, top + _HEAD))
            place = (x + _SIZE / 2, top + _HEAD + _SIZE + 4)
            draw.text(place, _COLUMNS[column], _INK, font(15), "ma")
    sheet.paste(legend, ((_WIDTH - legend.width) // 2, len(hands) * row + _GAP))
    return np.asarray(sheet)


def draw_surface(
    picture: UInt8[np.ndarray, "height width 3"],
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    probability: Float[np.ndarray, " vertices"],
    *,
    opaque: float = _OPAQUE,
) -> UInt8[np.ndarray, "height width 3"]:
    """Lay a hand's surface over a picture, coloured by the probability of touch.

    Args:
        picture: RGB.
        vertices: Pixel x, pixel y of the picture, and depth on the same scale.
        faces: Closed, anticlockwise from outside as the camera (x right, y down) sees it.
        probability: 0 to 1, one a vertex.
        opaque: 1 hides the picture behind it, 0 shows only the picture.
    """
    fragments = rasterize(vertices, faces, *picture.shape[:2], perspective=False)
    covered = fragments.face_index >= 0
    light = 0.5 + 0.5 * np.abs(vertex_normals(vertices, faces)[:, 2])
    colours = probability_colours(probability.astype(np.float64)) * light[:, None]
    shown = picture.astype(np.float64)
    hand = interpolate(fragments, faces, colours)
    shown[covered] = opaque * hand[covered] + (1 - opaque) * shown[covered]
    return np.clip(shown.round(), 0, 255).astype(np.uint8)


def _row(image: np.ndarray, hand: PosedHand) -> list[np.ndarray]:
    low, high = hand.vertices[:, :2].min(axis=0), hand.vertices[:, :2].max(axis=0)
    scale = _SIZE / (_ROOM * max(float((high - low).max()), 1.0))
    shift = (_SIZE - 1) / 2 - scale * (low + high) / 2
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    photo = cv2.warpAffine(image, matrix, (_SIZE, _SIZE), flags=how, borderValue=(235, 235, 235))
    photo = np.asarray(photo, np.uint8)
    if not hand.is_close:
        return [photo]
    vertices = hand.vertices * scale
    vertices[:, :2] += shift
    behind = vertices * [-1, 1, -1] + [_SIZE - 1, 0, 0]
    white = np.full_like(photo, 255)
    faces, probability = hand.faces, hand.probability
    return [
        photo,
        draw_surface(photo, vertices, faces, probability),
        draw_surface(white, behind, faces, probability, opaque=1.0),
    ]
