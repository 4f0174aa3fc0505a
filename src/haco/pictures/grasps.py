"""A hand on an object, before and after, seen from two sides and through the object."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw

from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.pictures.text import font

_SIDE, _SUPERSAMPLE, _HEAD = 300, 2, 30
_OBJECT = np.array([150.0, 175.0, 205.0])
_SKIN, _TOUCH, _INSIDE = (
    np.array(each, float) for each in ((226, 212, 200), (240, 130, 40), (150, 0, 60))
)
_DEEP = 0.002
"""Metres inside the object from which skin is shown as piercing it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspRow:
    """One posed hand."""

    title: str
    vertices: Float[np.ndarray, "vertices 3"]
    """Metres, in the object's frame."""
    distance: Float[np.ndarray, " vertices"]
    """Of each vertex from the object, metres, negative inside."""


def draw_grasps(
    rows: Sequence[GraspRow],
    hand_faces: Int[np.ndarray, "faces 3"],
    object_vertices: Float[np.ndarray, "object_vertices 3"],
    object_faces: Int[np.ndarray, "object_faces 3"],
    *,
    threshold: float,
) -> Image.Image:
    """Draw each hand on the object from two sides, and once with the object as if of glass.

    Args:
        rows: The hands, one a row; all are seen from the same places.
        hand_faces: Of the hand.
        object_vertices: Metres.
        object_faces: Of the object.
        threshold: Skin nearer than this touches, metres.
    """
    sights = _sights(rows[-1].vertices, object_vertices)
    sheet = Image.new("RGB", (3 * _SIDE, (_SIDE + _HEAD) * len(rows) + _HEAD), "white")
    draw = ImageDraw.Draw(sheet)
    points = np.concatenate([object_vertices, *(row.vertices for row in rows)])
    for number, row in enumerate(rows):
        top = number * (_SIDE + _HEAD)
        draw.text((10, top + 7), row.title, (30, 30, 30), font(16))
        colours = _skin_colours(row.distance, threshold)
        hand = (row.vertices, hand_faces, colours)
        thing = (object_vertices, object_faces, np.tile(_OBJECT, (len(object_vertices), 1)))
        views = [
            _draw([hand, thing], sights[0], points),
            _draw([hand, thing], sights[1], points),
            _through(hand, thing, sights[1], points),
        ]
        for column, view in enumerate(views):
            sheet.paste(Image.fromarray(view), (column * _SIDE, top + _HEAD))
    _legend(draw, (_SIDE + _HEAD) * len(rows), threshold)
    return sheet


_Mesh = tuple[np.ndarray, np.ndarray, np.ndarray]


def _sights(vertices: np.ndarray, object_vertices: np.ndarray) -> list[np.ndarray]:
    """Give frames (right, down, away) that look at the flat of the hand; last, past the object."""
    _, axes = np.linalg.eigh(np.cov(vertices.T))
    away, right, down = axes.T
    if (object_vertices.mean(axis=0) - vertices.mean(axis=0)) @ away < 0:
        right, away = -right, -away
    return [np.stack([right, down, away]), np.stack([-right, down, -away])]


def _draw(
    meshes: Sequence[_Mesh], sight: np.ndarray, points: np.ndarray
) -> UInt8[np.ndarray, "h w 3"]:
    size = _SIDE * _SUPERSAMPLE
    framed = points @ sight[:2].T
    middle = (framed.min(axis=0) + framed.max(axis=0)) / 2
    scale = 0.92 * size / (framed.max(axis=0) - framed.min(axis=0)).max()
    vertices, faces, colours, first = [], [], [], 0
    for corners, triangles, colour in meshes:
        light = 0.55 + 0.45 * np.abs(vertex_normals(corners, triangles) @ sight[2])
        pixels = (corners @ sight[:2].T - middle) * scale + size / 2
        vertices.append(np.column_stack([pixels, corners @ sight[2]]))
        faces.append(np.asarray(triangles) + first)
        colours.append(colour * light[:, None])
        first += len(corners)
    all_faces = np.concatenate(faces)
    fragments = rasterize(np.concatenate(vertices), all_faces, size, size, perspective=False)
    picture = np.full((size, size, 3), 255.0)
    covered = fragments.face_index >= 0
    picture[covered] = interpolate(fragments, all_faces, np.concatenate(colours))[covered]
    blocks = picture.reshape(_SIDE, _SUPERSAMPLE, _SIDE, _SUPERSAMPLE, 3)
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8)


def _through(
    hand: _Mesh, thing: _Mesh, sight: np.ndarray, points: np.ndarray
) -> UInt8[np.ndarray, "h w 3"]:
    alone, both = (_draw(meshes, sight, points) for meshes in ([hand], [hand, thing]))
    return (0.75 * alone + 0.25 * both).round().astype(np.uint8)


def _skin_colours(distance: np.ndarray, threshold: float) -> np.ndarray:
    colours = np.tile(_SKIN, (len(distance), 1))
    colours[distance < threshold] = _TOUCH
    colours[distance < -_DEEP] = _INSIDE
    return colours


def _legend(draw: ImageDraw.ImageDraw, top: int, threshold: float) -> None:
    words = (
        (_TOUCH, f"touches (nearer than {1e3 * threshold:.0f} mm)"),
        (_INSIDE, f"deeper than {1e3 * _DEEP:.0f} mm inside"),
        (_OBJECT, "object; on the right as if of glass"),
    )
    for column, (colour, text) in enumerate(words):
        left = 10 + column * _SIDE
        draw.rectangle((left, top + 8, left + 16, top + 22), fill=tuple(colour.astype(int)))
        draw.text((left + 24, top + 6), text, (30, 30, 30), font(15))
