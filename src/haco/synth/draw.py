"""Made samples as pictures with their labels drawn, so that a person can judge them."""

import numpy as np
from jaxtyping import Float, Float64, UInt8
from PIL import Image, ImageDraw

from haco.geometry.camera import project
from haco.geometry.contact import PROTOCOLS
from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.hands.open_hand import open_hand_arrays
from haco.hands.topologies import load_hand
from haco.pictures.colours import SIDE_COLOURS, probability_colours
from haco.pictures.hands import draw_hand
from haco.pictures.text import font
from haco.types import Sample

KIND_WORDS = {
    "power": "power grasp",
    "pinch": "pinch",
    "surface": "touching a surface",
    "body": "touching a body",
    "hands": "touching the other hand",
    "near": "near something, not touching",
    "free": "touching nothing",
    "tool": "using a thing",
    "scene": "touching part of a room",
    "clasp": "clasping the other hand",
    "shared": "holding a thing with both hands",
    "gesture": "making a sign",
    "self": "touching only itself",
}
FARTHEST = 0.02
"""From this distance on, metres, skin is drawn in the colour of untouched skin."""
PANEL = 400
GAP, INK = 16, (30, 30, 30)
_PALE = (110, 110, 110)


def draw_labels(sample: Sample) -> Image.Image:
    """Draw a made sample beside its labels: in its own view, on an open palm and on the back."""
    nearness = closeness(sample)
    view = Image.fromarray(draw_in_view(sample, PANEL))
    hand = load_hand("open")
    palm, back = (
        Image.fromarray(draw_hand(hand, nearness, side=sample.side, view=side, height=PANEL))
        for side in ("palm", "back")
    )
    panels = [
        ("the picture, the hand's box and joints", _marked(sample, PANEL)),
        ("the hand, drawn through all that hides it", view),
        ("its palm, opened", palm),
        ("its back", back),
    ]
    width = sum(panel.width + GAP for _, panel in panels) + GAP
    sheet = Image.new("RGB", (width, PANEL + 176), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 10), _sentence(sample), INK, font(22))
    x = GAP
    for words, panel in panels:
        draw.text((x, 44), words, _PALE, font(15))
        sheet.paste(panel, (x, 66))
        x += panel.width + GAP
    sheet.paste(draw_distance_legend(min(width - 2 * GAP, 720)), (GAP, PANEL + 78))
    return sheet


def closeness(sample: Sample) -> Float64[np.ndarray, " vertices"]:
    """Say how near each vertex is to anything: 1 at 0 mm or inside, 0.5 at 10 mm, 0 from 20 mm."""
    assert sample.distance is not None
    return np.clip(1 - sample.distance.astype(np.float64) / FARTHEST, 0, 1)


def draw_in_view(sample: Sample, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Draw the hand over its faded picture, seen by the same camera, coloured by distance.

    Args:
        sample: A made sample, whose picture is square.
        size: Pixels along each side of the drawing.
    """
    assert sample.K is not None
    assert sample.vertices is not None
    vertices, faces = sample.vertices.astype(np.float64), open_hand_arrays().closed_faces
    K = _scaled(sample.K, 2 * size / len(sample.image))
    pixels = np.column_stack([project(vertices, K), vertices[:, 2]])
    fragments = rasterize(pixels, faces, 2 * size, 2 * size)
    light = 0.55 + 0.45 * np.abs(vertex_normals(vertices, faces)[:, 2:])
    colours = interpolate(fragments, faces, probability_colours(closeness(sample)) * light)
    faded = np.asarray(Image.fromarray(sample.image).resize((2 * size, 2 * size)).convert("L"))
    canvas = np.repeat(255 - (255 - faded[..., None]) * 0.45, 3, axis=2)
    covered = fragments.face_index >= 0
    canvas[covered] = colours[covered]
    return canvas.reshape(size, 2, size, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)


def _scaled(K: Float[np.ndarray, "3 3"], factor: float) -> Float64[np.ndarray, "3 3"]:
    """Give the intrinsics of a picture that is resized by `factor`."""
    scaled = K.astype(np.float64)
    scaled[:2, :2] *= factor
    scaled[:2, 2] = (scaled[:2, 2] + 0.5) * factor - 0.5
    return scaled


def _marked(sample: Sample, size: int) -> Image.Image:
    assert sample.keypoints is not None
    factor = size / len(sample.image)
    picture = Image.fromarray(sample.image).resize((size, size), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((sample.box * factor).tolist(), outline=SIDE_COLOURS[sample.side], width=2)
    points = [((x + 0.5) * factor, (y + 0.5) * factor) for x, y in sample.keypoints.tolist()]
    for finger in range(5):
        chain = [points[0], *points[1 + 4 * finger : 5 + 4 * finger]]
        draw.line(chain, fill=(255, 255, 255), width=1)
    for x, y in points:
        draw.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), fill=SIDE_COLOURS[sample.side])
    return picture


def num_touching(sample: Sample) -> int:
    """Count the vertices within 10 mm of something."""
    assert sample.distance is not None
    contact = PROTOCOLS["harmonised"].contact(sample.distance, "synthetic", sample.interaction)
    return int(np.count_nonzero(contact))


def _sentence(sample: Sample) -> str:
    assert sample.distance is not None
    touching, count = num_touching(sample), len(sample.distance)
    return (
        f"A {sample.side} hand, {KIND_WORDS[sample.interaction]}: {touching} of its {count} "
        f"surface points ({touching / count:.0%}) lie within 10 mm of something"
    )


def draw_distance_legend(width: int) -> Image.Image:
    """Draw the bar that says which colour is how far off."""
    legend = Image.new("RGB", (width, 90), "white")
    draw = ImageDraw.Draw(legend)
    draw.text((0, 2), "How far this skin is from the nearest thing", INK, font(17))
    bar = probability_colours(np.linspace(1, 0, width)).round().astype(np.uint8)
    legend.paste(Image.fromarray(np.repeat(bar[None], 20, axis=0)), (0, 30))
    marks = ((0.0, "la", "0 mm: touching"), (0.5, "ma", "10 mm: up to here it counts as contact"))
    for place, anchor, words in (*marks, (1.0, "ra", "20 mm or more")):
        draw.text((place * (width - 1), 57), words, INK, font(15), anchor)
    draw.line((width / 2, 26, width / 2, 52), fill=(0, 0, 0), width=3)
    return legend
