"""Packed datasets: any reader's samples in one folder that a training run reads fast.

A pack holds `pictures.bin` (the pictures, one JPEG after the other), `offsets.npy` (where each
begins and the last one ends), one array a label (`distance.npy` in float16 metres, `box.npy`,
`side.npy`, `key.npy`, `interaction.npy`, and `keypoints.npy`, `contact.npy`, `valid.npy` where the
source has them) and `card.json`, which says what was packed and is written last: a folder without
it is not finished. All arrays are memory maps, so opening is free and workers share the memory.
"""

import functools
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from haco.data.labels import Truth, cut
from haco.files import InputError
from haco.geometry.contact import ContactProtocol
from haco.types import SIDES, Sample, Split

CARD, PICTURES = "card.json", "pictures.bin"
OPTIONAL = ("distance", "contact", "valid", "keypoints")
"""Labels that a source may lack; its arrays are then absent from the pack."""
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
        names = ("box", "side", "key", "interaction", *OPTIONAL)
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
        labels = {name: np.array(row[name]) for name in OPTIONAL if name in row}
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

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of all samples, in their order, without reading a picture."""
        if "distance" not in self._arrays:
            contact = np.array(self._arrays["contact"])
            valid = np.array(self._arrays.get("valid", np.ones_like(contact)))
            return Truth(contact & valid, valid)
        contact = np.zeros((len(self), self._arrays["distance"].shape[1]), bool)
        known = np.zeros_like(contact)
        for rows, dataset, interaction in self._kinds():
            valid = self._arrays["valid"][rows] if "valid" in self._arrays else None
            distance = self._arrays["distance"][rows].astype(np.float32)
            contact[rows], known[rows] = cut(distance, valid, protocol, dataset, interaction)
        return Truth(contact, known)

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
            f"{folder}: no finished packed dataset here; make one with haco.data.packing"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{folder / CARD}: cannot be read ({error}); pack it again") from error
