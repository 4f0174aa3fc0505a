"""Made samples as files that a person can open: pictures, their labels, and a contact sheet."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from haco.files import InputError, write_atomically
from haco.synth.draw import draw_labels
from haco.synth.engine import find_picture_set, make_sample
from haco.synth.picture_sets import PictureSet
from haco.synth.sheet import draw_cell, draw_sheet
from haco.types import Sample

Progress = Callable[[int], object]
"""Called with the number of samples done, after each."""
_SHEET_NAMES = (".png", ".jpg", ".jpeg")
_QUALITY = 80
"""Of a JPEG; a PNG has none."""


def write_sheet(
    picture_set: str | PictureSet,
    num: int,
    seed: int,
    size: int,
    out: Path,
    progress: Progress | None = None,
) -> Path:
    """Make samples and show them on one sheet, each beside the truth of its touch.

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set.
        num: How many samples; at least one.
        seed: Of the series.
        size: Pixels along each side of a picture, before it is scaled to its place on the sheet.
        out: A PNG or JPEG file, or a folder, which gets `sheet.png`.
        progress: Called with the number of samples done, after each.

    Returns:
        The file.
    """
    name = _checked(picture_set, num, size).name
    path = out if out.suffix.lower() in _SHEET_NAMES else out / "sheet.png"
    cells = []
    for index in range(num):
        cells.append(draw_cell(make_sample(picture_set, seed, index, size=size), index, num))
        if progress is not None:
            progress(index + 1)
    _save(path, draw_sheet(cells, f"picture set '{name}', seed {seed}"))
    return path


def write_pictures(
    picture_set: str | PictureSet,
    num: int,
    seed: int,
    size: int,
    out: Path,
    progress: Progress | None = None,
) -> None:
    """Make samples and write them as pictures, with their labels drawn and in files.

    Writes for sample i `<i>.png` (the picture) and `<i>_labels.png` (its labels drawn); for all of
    them `sheet.png`, `labels.npz` (the labels as arrays) and `labels.json` (the same for reading).

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set.
        num: How many samples; at least one.
        seed: Of the series.
        size: Pixels along each side of a picture.
        out: Folder; made if missing.
        progress: Called with the number of samples done, after each.
    """
    name = _checked(picture_set, num, size).name
    cells, samples = [], []
    for index in range(num):
        sample = make_sample(picture_set, seed, index, size=size)
        _save(out / f"{index:05d}.png", Image.fromarray(sample.image))
        _save(out / f"{index:05d}_labels.png", draw_labels(sample))
        cells.append(draw_cell(sample, index, num))
        samples.append(_without_picture(sample))
        if progress is not None:
            progress(index + 1)
    _save(out / "sheet.png", draw_sheet(cells, f"picture set '{name}', seed {seed}"))
    _write_labels(samples, out)


def _checked(picture_set: str | PictureSet, num: int, size: int) -> PictureSet:
    if num < 1 or size < 32:
        raise InputError(
            f"{num} pictures of {size} pixels cannot be drawn; ask for one or more of 32 or more"
        )
    return find_picture_set(picture_set)


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
        picture.save(part, quality=_QUALITY)
