"""Packed datasets: any reader's samples in one folder that a training run reads fast.

A pack holds `pictures.bin` (the pictures, one JPEG after the other), `offsets.npy` (where each
begins and the last one ends), one array a label (`distance.npy` in float16 metres, `box.npy`,
`side.npy`, `key.npy`, `interaction.npy`, and `keypoints.npy`, `contact.npy`, `valid.npy`, `K.npy`
where the source has them; `has.npy` has a bit for each of these, 1 where a sample has it),
`faults.jsonl` (samples left out, and why) and `card.json`, which says what was packed and is
written last: a folder without it is not finished. All arrays are memory maps, so opening is free
and workers share the memory.
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Int64

from haco.data.labels import Truth, cut
from haco.data.shards import CARD
from haco.files import InputError
from haco.geometry.contact import ContactProtocol
from haco.types import NUM_VERTICES, SIDES, Sample, Split

PICTURES, FAULTS = "pictures.bin", "faults.jsonl"
OPTIONAL = ("distance", "contact", "valid", "keypoints", "K")
"""What a sample may lack, in the order of the bits in `has.npy`. An array is absent from the pack
if all of them lack it."""
_ROWS_AT_ONCE = 4096


class PackedReader:
    """The samples of one pack, in the order in which they were packed."""

    def __init__(self, root: Path | None, split: Split = "train", name: str = "") -> None:
        """Open the pack in the folder `root/name-split`; without a name, in `root` itself.

        Raises:
            InputError: No finished pack lies there.
        """
        if root is None:
            raise InputError("a packed dataset lies in a folder; say which (root)")
        self.folder = root / f"{name}-{split}" if name else root
        self.card = read_card(self.folder)
        self._offsets = np.load(self.folder / "offsets.npy", mmap_mode="r")
        names = ("box", "side", "key", "interaction", "has", *OPTIONAL)
        paths = {name: self.folder / f"{name}.npy" for name in names}
        self._arrays = {
            name: np.load(path, mmap_mode="r") for name, path in paths.items() if path.exists()
        }

    @functools.cached_property
    def _pictures(self) -> np.memmap:
        return np.memmap(self.folder / PICTURES, np.uint8, "r")

    def __getstate__(self) -> dict[str, object]:
        """Travel to a worker process as a path; the maps are opened again there."""
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__init__(state["folder"])

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        row = {name: array[index] for name, array in self._arrays.items()}
        labels = {name: np.array(row[name]) for name in OPTIONAL if self._has(row, name)}
        if "distance" in labels:
            labels["distance"] = labels["distance"].astype(np.float32)
        return Sample(
            key=row["key"].decode(),
            image=self._picture(index),
            box=np.array(row["box"]),
            side=SIDES[row["side"]],
            interaction=row["interaction"].decode(),
            **labels,
        )

    def _has(self, row: dict[str, np.ndarray], name: str) -> bool:
        """Say whether one sample has a label; a pack without `has` has its arrays throughout."""
        return name in row and bool(row.get("has", 0xFF) >> OPTIONAL.index(name) & 1)

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of all samples, in their order, without reading a picture."""
        contact = np.zeros((len(self), NUM_VERTICES), bool)
        known = np.zeros_like(contact)
        for rows, _, some in self.truths(protocol):
            contact[rows], known[rows] = some
        return Truth(contact, known)

    def truths(
        self, protocol: ContactProtocol
    ) -> Iterator[tuple[Int64[np.ndarray, " rows"], str, Truth]]:
        """Give the truth of a few thousand samples at a time, all of one kind of interaction.

        Yields:
            Their numbers, their interaction, and their truth.
        """
        for rows, dataset, interaction in self._kinds():
            valid = self._column("valid", rows, np.ones(NUM_VERTICES, bool))
            distance = self._column("distance", rows, np.full(NUM_VERTICES, np.nan, np.float16))
            bits = self._column("contact", rows, np.zeros(NUM_VERTICES, bool))
            cut_rows = self._rows_with("distance", rows)
            contact, known = bits & valid, valid.copy()
            if cut_rows.any():
                measured = distance[cut_rows].astype(np.float32)
                contact[cut_rows], known[cut_rows] = cut(
                    measured, valid[cut_rows], protocol, dataset, interaction
                )
            known[~cut_rows & ~self._rows_with("contact", rows)] = False
            yield rows, interaction, Truth(contact, known)

    def _column(self, name: str, rows: np.ndarray, absent: np.ndarray) -> np.ndarray:
        array = self._arrays.get(name)
        return np.tile(absent, (len(rows), 1)) if array is None else array[rows]

    def _rows_with(self, name: str, rows: np.ndarray) -> Bool[np.ndarray, " rows"]:
        if name not in self._arrays:
            return np.zeros(len(rows), bool)
        if "has" not in self._arrays:
            return np.ones(len(rows), bool)
        return (self._arrays["has"][rows] >> OPTIONAL.index(name) & 1).astype(bool)

    def _kinds(self) -> Iterator[tuple[np.ndarray, str, str]]:
        """Go through the rows in groups of one dataset and one interaction, none too large."""
        datasets = np.char.partition(np.array(self._arrays["key"]), b"/")[:, 0]
        kinds = np.char.add(np.char.add(datasets, b"/"), np.array(self._arrays["interaction"]))
        for kind in np.unique(kinds):
            dataset, _, interaction = kind.decode().partition("/")
            rows = np.flatnonzero(kinds == kind)
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                yield rows[start : start + _ROWS_AT_ONCE], dataset, interaction

    def _picture(self, index: int) -> np.ndarray:
        start, stop = self._offsets[index], self._offsets[index + 1]
        picture = cv2.imdecode(self._pictures[start:stop], cv2.IMREAD_COLOR)
        if picture is None:
            raise InputError(
                f"{self.folder / PICTURES}: picture {index} is damaged; pack the dataset again"
            )
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def read_card(folder: Path) -> dict[str, object]:
    """Read what a pack says of itself.

    Raises:
        InputError: The folder holds no finished pack.
    """
    try:
        return json.loads((folder / CARD).read_text())
    except FileNotFoundError as error:
        raise InputError(
            f"{folder}: no finished packed dataset here; make one with haco data pack"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / CARD}: cannot be read ({error}); pack it again") from error
