"""Hands of a video out of a file of boxes, so that any detector or annotation can be used."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from haco.apps.detect import DetectedHand
from haco.apps.given import check_box
from haco.files import InputError
from haco.types import SIDES

COLUMNS = ("frame", "x1", "y1", "x2", "y2", "side")


class BoxFile:
    """Gives the boxes that a CSV file has for each frame.

    The first line names the columns: `frame` (from 0), `x1`, `y1`, `x2`, `y2` (pixels, far edge
    outside) and `side` (`left` or `right`), in any order; others are ignored.
    """

    def __init__(self, path: Path):
        """Read the file.

        Raises:
            InputError: No such file, a column is missing, or a line is wrong.
        """
        self.path = path
        self._boxes: dict[int, list[tuple[np.ndarray, str]]] = defaultdict(list)
        try:
            with path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
                if missing:
                    raise InputError(
                        f"{path}: has no column {', '.join(missing)}; its first line must name "
                        f"{','.join(COLUMNS)}"
                    )
                for number, row in enumerate(reader, 2):
                    self._add(number, row)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read ({error}); give a CSV file") from error

    def __call__(
        self, image: UInt8[np.ndarray, "height width 3"], index: int
    ) -> list[DetectedHand]:
        """Give the boxes of a frame.

        Raises:
            InputError: A box that does not meet the frame.
        """
        hands = []
        for box, side in self._boxes.get(index, []):
            try:
                checked = check_box(box, image)
            except InputError as error:
                raise InputError(f"{self.path}: frame {index}: {error}") from error
            hands.append(DetectedHand(box=checked, side="left" if side == "left" else "right"))
        return hands

    def state(self) -> dict[str, Any]:
        """Give nothing: the file knows all."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on."""

    def _add(self, number: int, row: dict[str, str]) -> None:
        try:
            frame = int(row["frame"])
            box = np.array([float(row[name]) for name in COLUMNS[1:5]], np.float32)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{self.path}: line {number}: {error}; give a whole frame number and four numbers"
            ) from error
        if row["side"] not in SIDES:
            raise InputError(
                f"{self.path}: line {number}: side {row['side']!r} is unknown; say left or right"
            )
        self._boxes[frame].append((box, row["side"]))
