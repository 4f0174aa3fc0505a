"""Tables of hands in pictures, as people write them: CSV, or JSON after COCO."""

import csv
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from haco.data.annotations import read_json, reading
from haco.files import InputError
from haco.types import SIDES, Side

_COLUMNS = ("image", "x1", "y1", "x2", "y2", "side")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One hand of a table."""

    image: str
    """Path of the picture, below the table's folder or below `images` in it."""
    box: Float32[np.ndarray, "4"]
    side: Side
    split: str = ""
    label: str = ""
    """Path of the label's file, below the table's folder; empty if there is none."""
    contact: tuple[bool | int | float, ...] = ()
    """The label itself, where the table holds it."""
    keypoints: Float32[np.ndarray, "21 2"] | None = None
    interaction: str = "unknown"


def read_table(path: Path) -> list[Row]:
    """Read all hands of a `.csv` or `.json` table, in the order of the file.

    Raises:
        InputError: The file cannot be read, or a hand in it lacks something; it names the place.
    """
    with reading(path):
        rows = _csv_rows(path) if path.suffix == ".csv" else _coco_rows(path)
    if not rows:
        raise InputError(f"{path}: lists no hand; write one row a hand")
    return rows


def _csv_rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise InputError(f"{path}: has no column {', '.join(missing)}; needs {_COLUMNS}")
        return [_csv_row(f"{path}, line {table.line_num}", row) for row in table]


def _csv_row(place: str, row: Mapping[str, str | None]) -> Row:
    optional = {name: row.get(name) or "" for name in ("split", "label", "interaction")}
    return Row(
        image=row["image"] or "",
        box=_box(place, [row[name] for name in ("x1", "y1", "x2", "y2")]),
        side=_side(place, row["side"]),
        split=optional["split"],
        label=optional["label"],
        interaction=optional["interaction"] or "unknown",
    )


def _coco_rows(path: Path) -> list[Row]:
    table = read_json(path)
    images = {image["id"]: image["file_name"] for image in table["images"]}
    names = {each["id"]: each["name"] for each in table.get("categories", ())}
    annotations = [each for each in table["annotations"] if not each.get("iscrowd")]
    return [
        _coco_row(f"{path}, annotation {each.get('id', place)}", each, images, names)
        for place, each in enumerate(annotations)
    ]


def _coco_row(
    place: str, annotation: dict[str, Any], images: dict[Any, str], names: dict[Any, str]
) -> Row:
    if annotation.get("image_id") not in images:
        raise InputError(f"{place}: names image {annotation.get('image_id')}, which is not listed")
    if len(annotation.get("bbox") or ()) != 4:
        raise InputError(f"{place}: has no bbox of x, y, width, height")
    x, y, width, height = annotation["bbox"]
    category = names.get(annotation.get("category_id"), "").lower()
    named = next((side for side in SIDES if side in category), "")
    return Row(
        image=images[annotation["image_id"]],
        box=_box(place, [x, y, x + width, y + height]),
        side=_side(place, annotation.get("side", named)),
        split=annotation.get("split", ""),
        label=annotation.get("label", ""),
        contact=tuple(annotation.get("contact", ())),
        keypoints=_keypoints(place, annotation.get("keypoints")),
        interaction=annotation.get("interaction", "unknown"),
    )


def _box(place: str, edges: list[Any]) -> Float32[np.ndarray, "4"]:
    try:
        box = np.array([float(edge) for edge in edges], np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{place}: its box {edges} is not four numbers") from error
    if not (np.isfinite(box).all() and (box[:2] < box[2:]).all()):
        raise InputError(f"{place}: its box {box.tolist()} holds no pixel (x1 < x2, y1 < y2)")
    return box


def _side(place: str, name: Any) -> Side:
    for side in SIDES:
        if name == side:
            return side
    raise InputError(f"{place}: has side {name!r}; say left or right, as the person has it")


def _keypoints(place: str, values: Any) -> Float32[np.ndarray, "21 2"] | None:
    """Read COCO's x, y, visibility; what has visibility 0 is unknown."""
    if not values:
        return None
    if len(values) != 63:
        raise InputError(f"{place}: has {len(values)} numbers as keypoints, not 21 x 3")
    points = np.array(values, np.float32).reshape(21, 3)
    return np.where(points[:, 2:] > 0, points[:, :2], np.float32(np.nan))
