"""A placed object drawn over the photo, beside the photo itself."""

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image, ImageDraw

from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.pictures.text import font

_OBJECT, _HAND = np.array([60.0, 120.0, 220.0]), np.array([240.0, 170.0, 120.0])
_HEAD, _SIDE = 30, 420


def draw_placed(
    image: UInt8[np.ndarray, "height width 3"],
    object_mask: Bool[np.ndarray, "height width"],
    object_vertices: Float[np.ndarray, "object_vertices 3"],
    object_faces: Int[np.ndarray, "object_faces 3"],
    hand_vertices: Float[np.ndarray, "vertices 3"],
    hand_faces: Int[np.ndarray, "faces 3"],
    K: Float[np.ndarray, "3 3"],
) -> Image.Image:
    """Draw the photo with the object's mask, and both surfaces over it.

    Args:
        image: RGB.
        object_mask: Pixels said to show the object.
        object_vertices: Camera frame, metres.
        object_faces: Of the object.
        hand_vertices: Camera frame, metres.
        hand_faces: Of the hand.
        K: Of the camera.
    """
    masked = image.astype(np.float64)
    masked[object_mask] = 0.5 * masked[object_mask] + 0.5 * _OBJECT
    vertices = np.concatenate([object_vertices, hand_vertices])
    faces = np.concatenate([object_faces, np.asarray(hand_faces) + len(object_vertices)])
    colours = np.concatenate(
        [
            _lit(object_vertices, object_faces, _OBJECT),
            _lit(hand_vertices, np.asarray(hand_faces), _HAND),
        ]
    )
    flat = vertices @ K.T
    corners = np.column_stack([flat[:, :2] / flat[:, 2:], vertices[:, 2]])
    fragments = rasterize(corners, faces, *image.shape[:2])
    drawn, covered = 0.6 * image.astype(np.float64) + 60, fragments.face_index >= 0
    drawn[covered] = interpolate(fragments, faces, colours)[covered]
    return _side_by_side(
        {"the photo and the object's mask": masked, "hand, and the object as placed": drawn}
    )


def _lit(vertices: np.ndarray, faces: np.ndarray, colour: np.ndarray) -> np.ndarray:
    light = 0.45 + 0.55 * np.abs(vertex_normals(vertices, faces)[:, 2:])
    return colour * light


def _side_by_side(pictures: dict[str, np.ndarray]) -> Image.Image:
    height, width = next(iter(pictures.values())).shape[:2]
    scale = _SIDE / max(height, width)
    size = (round(width * scale), round(height * scale))
    sheet = Image.new("RGB", ((size[0] + 10) * len(pictures), size[1] + _HEAD), "white")
    for number, (title, picture) in enumerate(pictures.items()):
        left = number * (size[0] + 10)
        ImageDraw.Draw(sheet).text((left + 4, 6), title, (30, 30, 30), font(16))
        shown = Image.fromarray(picture.round().astype(np.uint8)).resize(size)
        sheet.paste(shown, (left, _HEAD))
    return sheet
