"""Your own pictures: a folder of them, a table of hands, and labels if you have some.

Paper, licence and download: they are yours.

Tree under `root`:

    train.csv, val.csv, test.csv    one table a split; or `hands.csv` for all; or the same in .json
    images/...                      pictures (any format and tree), named in the table
    labels/...                      one file a labelled hand, named in the table

A `.csv` table has a line of column names, then one row a hand:

    image,x1,y1,x2,y2,side,label
    images/mug.jpg,80,60,250,260,right,labels/mug_0.npy
    images/mug.jpg,10,75,120,190,left,

`side` is the person's own left or right. Further columns, all optional: `split` (in `hands.csv`),
`interaction` (a word for what the hand does), `label`. A `.json` table follows COCO: `images` with
`id` and `file_name`; `annotations` with `image_id`, `bbox` (x, y, width, height), and the side as
`side` or in the name of the category (`left_hand`). They may have `keypoints` (21 x 3),
`interaction`, `label` as above, or `contact`: 778 times 0 or 1.

Quirks:

- A table without splits stands for the split `test` alone: a network must never be validated on
  what it learned from, so training asks for tables of its own.
- A box that has no pixel of its picture in it, and a table that names absent files, are refused.

How contact is known: from the label's file. `.npy` holds 778 bits; `.npz` holds `contact` (bits) or
`distance` (metres, signed, NaN where unknown), and may hold `valid` (bits). A hand without a label
is a sample without truth: it can be predicted, and trains nothing.
"""

import urllib.parse
from pathlib import Path

import numpy as np

from haco.data.annotations import read_arrays, reading
from haco.data.readers.common import check_box, need_folder
from haco.data.readers.tables import Row, read_table
from haco.files import InputError, read_image
from haco.types import NUM_VERTICES, Sample, Split


class FolderReader:
    """The hands of one split of a user's own folder, in the order of their table."""

    def __init__(self, root: Path | None, split: Split = "test") -> None:
        """List the hands.

        Raises:
            InputError: There is no table, or it names what is not there.
        """
        self.root = root = need_folder(root, "your own pictures")
        self.table = _find_table(root, split)
        self.rows = _rows_of_split(self.table, read_table(self.table), split)
        wanted = {row.image: self._image_path(row) for row in self.rows}
        wanted |= {row.label: root / row.label for row in self.rows if row.label}
        absent = [name for name, path in wanted.items() if not path.is_file()]
        if absent:
            raise InputError(
                f"{self.table}: names {len(absent)} files that are not in {root}, such as "
                f"{absent[0]}; put them there or take them out of the table"
            )

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        row = self.rows[index]
        path = self._image_path(row)
        image = read_image(path)
        return Sample(
            key=f"folder/{urllib.parse.quote(row.image)}/{index}",
            image=image,
            box=check_box(row.box, image, path),
            side=row.side,
            keypoints=row.keypoints,
            interaction=row.interaction,
            **self._label(row),
        )

    def _image_path(self, row: Row) -> Path:
        direct = self.root / row.image
        return direct if direct.is_file() else self.root / "images" / row.image

    def _label(self, row: Row) -> dict[str, np.ndarray]:
        if row.contact:
            return {"contact": _bits(self.table, np.array(row.contact))}
        if not row.label:
            return {}
        path = self.root / row.label
        if path.suffix == ".npz":
            found = read_arrays(path)
        else:
            with reading(path):
                found = {"contact": np.load(path, allow_pickle=False)}
        labels = {name: _bits(path, found[name]) for name in ("contact", "valid") if name in found}
        if "distance" in found:
            labels["distance"] = _full(path, found["distance"]).astype(np.float32)
        if len(labels) == 0 or labels.keys() == {"valid"}:
            raise InputError(f"{path}: holds neither contact nor distance, but {sorted(found)}")
        return labels


def _find_table(root: Path, split: str) -> Path:
    names = [f"{stem}{suffix}" for stem in (split, "hands") for suffix in (".csv", ".json")]
    for name in names:
        if (root / name).is_file():
            return root / name
    raise InputError(f"{root}: has no table of hands; write {', '.join(names[:-1])} or {names[-1]}")


def _rows_of_split(table: Path, rows: list[Row], split: str) -> list[Row]:
    if table.stem == split or (split == "test" and not any(row.split for row in rows)):
        return rows
    chosen = [row for row in rows if row.split == split]
    if not chosen:
        raise InputError(
            f"{table}: has no hand of the split {split}; name them in a column `split`"
        )
    return chosen


def _bits(path: Path, values: np.ndarray) -> np.ndarray:
    if not np.isin(_full(path, values), (0, 1)).all():
        raise InputError(f"{path}: contact is 0 or 1; put distances in an .npz as `distance`")
    return values.astype(bool)


def _full(path: Path, values: np.ndarray) -> np.ndarray:
    if values.shape != (NUM_VERTICES,) or values.dtype.kind not in "bifu":
        raise InputError(f"{path}: a label of shape {values.shape} is not {NUM_VERTICES} numbers")
    return values
