"""Packed datasets: any reader's samples in one folder that a training run reads fast.

A pack is a folder that Hugging Face's `datasets` opens (`datasets.load_from_disk`): Arrow files
`data-*.arrow` with a row a sample (`image`, a JPEG; `key`, `interaction`, `side`, `box`; and
`distance` in float16 metres, `contact`, `valid`, `keypoints` and `K`, null where a sample lacks
them; a column that all lack is left out), and `state.json` and `dataset_info.json`, which tell it
so. Beside them lie `faults.jsonl` (samples left out, and why) and `card.json`, which says what was
packed and is written last: a folder without it is not finished. All is mapped into memory, so
opening is nearly free and workers share the memory. haco reads the files itself, many times faster
than through `datasets`.
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from jaxtyping import Int64

from haco.data.labels import Truth, cut
from haco.data.shards import CARD, read_json
from haco.files import InputError
from haco.geometry.contact import ContactProtocol
from haco.types import NUM_VERTICES, SIDES, Sample, Split

if TYPE_CHECKING:
    from haco.data.arrow_rows import Rows

FAULTS, STATE, INFO = "faults.jsonl", "state.json", "dataset_info.json"
OPTIONAL = ("distance", "contact", "valid", "keypoints", "K")
"""What a sample may lack."""
EXTRAS = ("vertices", "masks")
"""What `haco.data.side_truth` may have laid beside a pack."""


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
        self._starts = np.cumsum([0, *map(len, self._batches)])

    @functools.cached_property
    def _batches(self) -> list["Rows"]:
        from haco.data.arrow_rows import read_batches

        files = read_json(self.folder / STATE)["_data_files"]
        return [rows for file in files for rows in read_batches(self.folder / file["filename"])]

    @functools.cached_property
    def _extras(self) -> dict[str, np.ndarray]:
        paths = {name: self.folder / f"{name}.npy" for name in EXTRAS}
        return {name: np.load(path, mmap_mode="r") for name, path in paths.items() if path.exists()}

    def __getstate__(self) -> dict[str, object]:
        """Travel to a worker process as a path; the files are mapped again there."""
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__init__(state["folder"])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        batch = int(np.searchsorted(self._starts, index, side="right")) - 1
        rows, row = self._batches[batch], int(index - self._starts[batch])
        labels = {name: rows.array(name, row) for name in OPTIONAL}
        labels |= {name: np.array(array[index]) for name, array in self._extras.items()}
        if labels["distance"] is not None:
            labels["distance"] = labels["distance"].astype(np.float32)
        box = rows.array("box", row)
        assert box is not None
        return Sample(
            key=rows.text("key", row),
            image=self._decode(rows.picture(row), index),
            box=box,
            side=SIDES[rows.side(row)],
            interaction=rows.text("interaction", row),
            **labels,
        )

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of all samples, in their order, without reading a picture."""
        contact = np.zeros((len(self), NUM_VERTICES), bool)
        known = np.zeros_like(contact)
        for numbers, _, some in self.truths(protocol):
            contact[numbers], known[numbers] = some
        return Truth(contact, known)

    def truths(
        self, protocol: ContactProtocol
    ) -> Iterator[tuple[Int64[np.ndarray, " rows"], str, Truth]]:
        """Give the truth of a few samples at a time, all of one kind of interaction.

        Yields:
            Their numbers, their interaction, and their truth.
        """
        for start, rows in zip(self._starts, self._batches, strict=False):
            datasets = [key.partition("/")[0] for key in rows.texts("key")]
            kinds = np.array([*zip(datasets, rows.texts("interaction"), strict=True)])
            for dataset, interaction in np.unique(kinds, axis=0).tolist():
                chosen = np.flatnonzero((kinds == (dataset, interaction)).all(axis=1))
                truth = _truth_of(rows, chosen, protocol, dataset, interaction)
                yield start + chosen, interaction, truth

    def _decode(self, data: np.ndarray, index: int) -> np.ndarray:
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if picture is None:
            raise InputError(f"{self.folder}: picture {index} is damaged; pack the dataset again")
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _truth_of(
    rows: "Rows",
    chosen: np.ndarray,
    protocol: ContactProtocol,
    dataset: str,
    interaction: str,
) -> Truth:
    """Give the truth of some rows of one batch, which are of one dataset and one interaction."""
    valid = (rows.arrays("valid") | ~rows.having("valid")[:, None])[chosen]
    contact = rows.arrays("contact")[chosen] & valid
    known = valid & rows.having("contact")[chosen, None]
    measured = rows.having("distance")[chosen]
    if measured.any():
        distance = rows.arrays("distance")[chosen][measured].astype(np.float32)
        contact[measured], known[measured] = cut(
            distance, valid[measured], protocol, dataset, interaction
        )
    return Truth(contact, known)


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
