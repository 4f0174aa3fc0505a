"""A tiny folder of a user's own: three hands in two pictures, two of them labelled."""

import csv
import json
from pathlib import Path

import numpy as np
from data_writers.pictures import picture, write_picture

BOXES = np.array([[5, 6, 30, 33], [-4, 10, 20, 40], [30, 2, 70, 44]], np.float32)
CONTACT = np.random.default_rng(3).random(778) < 0.2
DISTANCE = np.random.default_rng(4).normal(scale=0.02, size=778).astype(np.float32)
_ROWS = (
    ("images/a.jpg", "right", "labels/a.npy", "mug"),
    ("images/a.jpg", "left", "labels/b.npz", ""),
    ("dritte Höhe.png", "left", "", ""),  # found below images/, too
)
_COLUMNS = ("image", "x1", "y1", "x2", "y2", "side", "label", "interaction", "split")


def write_folder(
    root: Path, table: str, *, splits: tuple[str, str, str] = ("", "", ""), columns: int = 9
) -> Path:
    """Write pictures, labels and the table.

    Args:
        root: The folder.
        table: `csv` or `coco`.
        splits: Of the three hands.
        columns: How many of a CSV's columns.

    Returns:
        The table.
    """
    write_picture(root / "images" / "a.jpg", picture(64, 48, seed=0))
    write_picture(root / "images" / "dritte Höhe.png", picture(64, 48, seed=1))
    (root / "labels").mkdir(exist_ok=True)
    np.save(root / "labels" / "a.npy", CONTACT)
    np.savez(root / "labels" / "b.npz", distance=DISTANCE)
    rows = [
        (image, *map(float, box), side, label, interaction, split)
        for (image, side, label, interaction), box, split in zip(_ROWS, BOXES, splits, strict=True)
    ]
    if table == "csv":
        path = root / "hands.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(row[:columns] for row in (_COLUMNS, *rows))
        return path
    path = root / "hands.json"
    path.write_text(json.dumps(_coco(rows)))
    return path


def _coco(rows: list[tuple]) -> dict:
    names = sorted({row[0] for row in rows})
    categories = [{"id": 1, "name": "right_hand"}, {"id": 2, "name": "left_hand"}]
    annotations = []
    for place, (image, x1, y1, x2, y2, side, label, interaction, split) in enumerate(rows):
        annotation = {
            "id": 10 + place,
            "image_id": names.index(image),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "category_id": 1 if side == "right" else 2,
            "label": label,
            "interaction": interaction or "unknown",
            "split": split,
        }
        annotations.append(annotation)
    crowd = {"id": 99, "image_id": 0, "bbox": [0, 0, 0, 0], "iscrowd": 1}
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    return {
        "images": images,
        "annotations": [*annotations, crowd],
        "categories": categories,
    }
