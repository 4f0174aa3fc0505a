"""A sheet of hands for the eye: each picture with its box, and with the surfaces laid over it."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from PIL import Image, ImageDraw

from haco.geometry.boxes import square_box
from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.pictures.colours import SIDE_COLOURS, probability_colours
from haco.pictures.text import font
from haco.types import Side

CELL = 224
_COLUMNS, _GAP, _MARGIN = 4, 14, 1.6
_INK, _PALE, _PAPER = (30, 30, 30), (110, 110, 110), (203, 203, 203)
_UNKNOWN, _THING = np.array([120.0, 150.0, 205.0]), np.array([66.0, 146.0, 120.0])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Surface:
    """A mesh as a camera sees it."""

    points: Float[np.ndarray, "vertices 3"]
    """Pixel x, pixel y, and depth in metres."""
    faces: Int[np.ndarray, "faces 3"] | None
    """None draws the vertices as dots."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandView:
    """One hand to be looked at."""

    image: UInt8[np.ndarray, "height width 3"]
    box: Float32[np.ndarray, "4"]
    side: Side
    caption: str
    hand: Surface | None
    nearness: Float[np.ndarray, " vertices"] | None
    """Of each vertex, 1 touching to 0 far away; NaN where unknown; None if nothing is known."""
    thing: Surface | None
    """What it may touch."""


def draw_sheet(
    views: Sequence[HandView], *, heading: str, legend: Sequence[str]
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw all hands, in rows of four, under a heading and over a legend.

    Args:
        views: At least one.
        heading: One line.
        legend: Words for the colours' two ends.
    """
    columns = min(_COLUMNS, len(views))
    rows = -(-len(views) // columns)
    width, height = 2 * CELL + 2 + _GAP, CELL + 44
    size = (max(columns * width + _GAP, 940), rows * height + 156)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 12), heading, _INK, font(22))
    for place, view in enumerate(views):
        row, column = divmod(place, columns)
        corner = (_GAP + column * width, 50 + row * height)
        sheet.paste(_draw_cell(view), corner)
    _draw_legend(sheet, 58 + rows * height, legend)
    return np.asarray(sheet)


def _draw_cell(view: HandView) -> Image.Image:
    cell = Image.new("RGB", (2 * CELL + 2, CELL + 36), "white")
    draw = ImageDraw.Draw(cell)
    for line, words in enumerate(view.caption.split("\n")[:2]):
        draw.text((0, 16 * line), words, (_INK, _PALE)[line], font(13))
    window = square_box(view.box, _MARGIN)
    scale = CELL / float(window[2] - window[0])
    picture = _cut(view.image, window, scale)
    cell.paste(_with_box(picture, view, window, scale), (0, 36))
    cell.paste(Image.fromarray(_overlaid(picture, view, window, scale)), (CELL + 2, 36))
    return cell


def _cut(image: np.ndarray, window: np.ndarray, scale: float) -> UInt8[np.ndarray, "cell cell 3"]:
    if scale < 1:  # Average first, so that a large photo does not alias.
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        share = np.array(size) / (image.shape[1], image.shape[0])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    else:
        share = np.ones(2)
    step = scale / share
    matrix = np.column_stack([np.diag(step), (0.5 - window[:2] * share) * step - 0.5])
    return cv2.warpAffine(image, matrix, (CELL, CELL), borderValue=_PAPER)


def _with_box(picture: np.ndarray, view: HandView, window: np.ndarray, scale: float) -> Image.Image:
    drawn = Image.fromarray(picture)
    left, top, right, bottom = ((view.box - np.tile(window[:2], 2)) * scale).tolist()
    ImageDraw.Draw(drawn).rectangle(
        (left, top, right, bottom), outline=SIDE_COLOURS[view.side], width=2
    )
    return drawn


def _overlaid(
    picture: np.ndarray, view: HandView, window: np.ndarray, scale: float
) -> UInt8[np.ndarray, "cell cell 3"]:
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    canvas = 255 - (255 - grey) * 0.5
    for surface, is_hand in ((view.thing, False), (view.hand, True)):
        if surface is None:
            continue
        points = surface.points.astype(np.float64)
        points[:, :2] = (points[:, :2] + 0.5 - window[:2]) * scale - 0.5
        colours = (
            _colours(view.nearness, len(points)) if is_hand else np.tile(_THING, (len(points), 1))
        )
        if surface.faces is None:
            _draw_dots(canvas, points, colours)
        else:
            _draw_mesh(canvas, points, surface.faces, colours, share=1.0 if is_hand else 0.6)
    return canvas.round().clip(0, 255).astype(np.uint8)


def _colours(nearness: np.ndarray | None, num: int) -> np.ndarray:
    if nearness is None:
        return np.tile(_UNKNOWN, (num, 1))
    known = np.isfinite(nearness)
    colours = probability_colours(np.where(known, nearness, 0).astype(np.float64))
    return np.where(known[:, None], colours, _UNKNOWN)


def _draw_mesh(
    canvas: np.ndarray, points: np.ndarray, faces: np.ndarray, colours: np.ndarray, *, share: float
) -> None:
    """Lay a shaded mesh over the canvas; `share` 1 hides what is beneath."""
    fragments = rasterize(points, faces, CELL, CELL)
    light = 0.45 + 0.55 * np.abs(
        vertex_normals(points * [1, 1, 0.5 / _pixel(points)], faces)[:, 2:]
    )
    drawn = interpolate(fragments, faces, colours * light)
    covered = fragments.face_index >= 0
    canvas[covered] = (1 - share) * canvas[covered] + share * drawn[covered]


def _pixel(points: np.ndarray) -> float:
    """Say how deep, metres, a mesh is for each pixel that it is wide: its shading's scale."""
    wide = np.ptp(points[:, :2], axis=0).max()
    return max(float(np.ptp(points[:, 2])), 1e-6) / max(float(wide), 1.0)


def _draw_dots(canvas: np.ndarray, points: np.ndarray, colours: np.ndarray) -> None:
    """Draw vertices from far to near."""
    for place in np.argsort(-points[:, 2]):
        x, y = points[place, :2]
        if -5 < x < CELL + 5 and -5 < y < CELL + 5:
            centre = (round(float(x)), round(float(y)))
            cv2.circle(canvas, centre, 3, (60.0, 60.0, 60.0), -1, cv2.LINE_AA)
            cv2.circle(canvas, centre, 2, tuple(colours[place].tolist()), -1, cv2.LINE_AA)


def _draw_legend(sheet: Image.Image, top: int, words: Sequence[str]) -> None:
    draw = ImageDraw.Draw(sheet)
    bar = probability_colours(np.linspace(0, 1, 300)).round().astype(np.uint8)
    sheet.paste(Image.fromarray(np.repeat(bar[None], 18, axis=0)), (_GAP, top + 6))
    draw.text((_GAP, top + 28), words[0], _INK, font(15))
    draw.text((_GAP + 300, top + 28), words[1], _INK, font(15), "ra")
    places = ((_UNKNOWN, "contact unknown"), (_THING, "object, other hand, scene"))
    for place, (colour, meaning) in enumerate(places):
        x = _GAP + 340 + place * 190
        draw.rectangle((x, top + 6, x + 18, top + 24), fill=tuple(colour.astype(int)))
        draw.text((x + 26, top + 6), meaning, _INK, font(15))
    boxes = "left: the picture and the hand's box, blue for a left hand, orange for a right one"
    surfaces = "right: the hand's surface (or its vertices) and what it may touch, as annotated"
    draw.text((_GAP, top + 52), boxes, _PALE, font(15))
    draw.text((_GAP, top + 72), surfaces, _PALE, font(15))
