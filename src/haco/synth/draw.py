"""Made samples as pictures with their labels drawn, so that a person can judge them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float64, UInt8
from PIL import Image, ImageDraw

from haco.files import InputError, write_atomically
from haco.geometry.camera import project
from haco.geometry.contact import PROTOCOLS
from haco.geometry.mesh import vertex_normals
from haco.geometry.raster import interpolate, rasterize
from haco.hands.open_hand import open_hand_arrays
from haco.hands.topologies import load_hand
from haco.pictures.colours import SIDE_COLOURS, probability_colours
from haco.pictures.hands import draw_hand
from haco.pictures.text import font
from haco.synth.engine import find_picture_set, make_sample
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
PANEL, CELL = 400, 180
_GAP, _INK, _PALE = 16, (30, 30, 30), (110, 110, 110)
_SHEET_COLUMNS = 4


def write_pictures(
    picture_set: str,
    num: int,
    seed: int,
    size: int,
    out: Path,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Make samples and write them as pictures, with their labels drawn and in files.

    Writes for sample i `<i>.png` (the picture) and `<i>_labels.png` (its labels drawn); for all of
    them `sheet.png`, `labels.npz` (the labels as arrays) and `labels.json` (the same for reading).

    Args:
        picture_set: A name in `PICTURE_SETS`.
        num: How many samples; at least one.
        seed: Of the series.
        size: Pixels along each side of a picture.
        out: Folder; made if missing.
        progress: Called with the number of samples done, after each.
    """
    find_picture_set(picture_set)
    if num < 1 or size < 32:
        raise InputError(
            f"{num} pictures of {size} pixels cannot be drawn; ask for one or more of 32 or more"
        )
    cells, samples = [], []
    for index in range(num):
        sample = make_sample(picture_set, seed, index, size=size)
        _save(out / f"{index:05d}.png", Image.fromarray(sample.image))
        _save(out / f"{index:05d}_labels.png", draw_labels(sample))
        cells.append(_draw_cell(sample, index))
        samples.append(_without_picture(sample))
        if progress is not None:
            progress(index + 1)
    _save(out / "sheet.png", _draw_sheet(cells, f"picture set '{picture_set}', seed {seed}"))
    _write_labels(samples, out)


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
    width = sum(panel.width + _GAP for _, panel in panels) + _GAP
    sheet = Image.new("RGB", (width, PANEL + 176), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 10), _sentence(sample), _INK, font(22))
    x = _GAP
    for words, panel in panels:
        draw.text((x, 44), words, _PALE, font(15))
        sheet.paste(panel, (x, 66))
        x += panel.width + _GAP
    sheet.paste(_draw_distance_legend(min(width - 2 * _GAP, 720)), (_GAP, PANEL + 78))
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


def _num_touching(sample: Sample) -> int:
    assert sample.distance is not None
    contact = PROTOCOLS["harmonised"].contact(sample.distance, "synthetic", sample.interaction)
    return int(np.count_nonzero(contact))


def _sentence(sample: Sample) -> str:
    assert sample.distance is not None
    touching, count = _num_touching(sample), len(sample.distance)
    return (
        f"A {sample.side} hand, {KIND_WORDS[sample.interaction]}: {touching} of its {count} "
        f"surface points ({touching / count:.0%}) lie within 10 mm of something"
    )


def _draw_distance_legend(width: int) -> Image.Image:
    legend = Image.new("RGB", (width, 90), "white")
    draw = ImageDraw.Draw(legend)
    draw.text((0, 2), "How far this skin is from the nearest thing", _INK, font(17))
    bar = probability_colours(np.linspace(1, 0, width)).round().astype(np.uint8)
    legend.paste(Image.fromarray(np.repeat(bar[None], 20, axis=0)), (0, 30))
    marks = ((0.0, "la", "0 mm: touching"), (0.5, "ma", "10 mm: up to here it counts as contact"))
    for place, anchor, words in (*marks, (1.0, "ra", "20 mm or more")):
        draw.text((place * (width - 1), 57), words, _INK, font(15), anchor)
    draw.line((width / 2, 26, width / 2, 52), fill=(0, 0, 0), width=3)
    return legend


def _draw_cell(sample: Sample, index: int) -> Image.Image:
    cell = Image.new("RGB", (2 * CELL + 4, CELL + 24), "white")
    words = f"{index}: {KIND_WORDS[sample.interaction]}, {sample.side}, {_num_touching(sample)}"
    ImageDraw.Draw(cell).text((0, 3), words, _INK, font(14))
    picture = Image.fromarray(sample.image).resize((CELL, CELL), Image.Resampling.LANCZOS)
    cell.paste(picture, (0, 24))
    cell.paste(Image.fromarray(draw_in_view(sample, CELL)), (CELL + 4, 24))
    return cell


def _draw_sheet(cells: list[Image.Image], title: str) -> Image.Image:
    columns = min(_SHEET_COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    width, height = cells[0].width + _GAP, cells[0].height + 8
    sheet = Image.new("RGB", (max(columns * width + _GAP, 720), rows * height + 150), "white")
    heading = f"Made pictures ({title}); the number counts points within 10 mm of something"
    ImageDraw.Draw(sheet).text((_GAP, 12), heading, _INK, font(18))
    for place, cell in enumerate(cells):
        row, column = divmod(place, columns)
        sheet.paste(cell, (_GAP + column * width, 44 + row * height))
    sheet.paste(_draw_distance_legend(680), (_GAP, 52 + rows * height))
    return sheet


def _without_picture(sample: Sample) -> dict[str, np.ndarray]:
    fields = ("key", "side", "interaction", "box", "K", "keypoints", "distance")
    return {field: np.asarray(getattr(sample, field)) for field in fields}


def _write_labels(samples: list[dict[str, np.ndarray]], out: Path) -> None:
    arrays = {field: np.stack([sample[field] for sample in samples]) for field in samples[0]}
    arrays["distance"] = arrays["distance"].astype(np.float16)
    with write_atomically(out / "labels.npz") as part:
        np.savez_compressed(part, **arrays)  # pyright: ignore[reportArgumentType]
    readable = []
    for index, sample in enumerate(samples):
        rounded = sample | {"distance": sample["distance"].astype(np.float64).round(5)}
        values = {field: value.tolist() for field, value in rounded.items()}
        readable.append({"file": f"{index:05d}.png"} | values)
    with write_atomically(out / "labels.json") as part:
        part.write_text(json.dumps({"unit of distance": "metres", "samples": readable}, indent=1))


def _save(path: Path, picture: Image.Image) -> None:
    with write_atomically(path) as part:
        picture.save(part)
