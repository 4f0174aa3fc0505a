"""Contact labels computed from geometry, as `haco data label` leaves them, and how to read them.

A folder holds, for one split of one dataset, `labels-<start>.npy` (one row a sample, `SHARD` rows
a file, memory-mapped when read), `faults.jsonl` (samples that cannot be used, and why) and
`card.json`, which is written last. A row has

- `key`: the sample's key, by which labels and samples are matched;
- `status`: `LABELLED`, `NO_GEOMETRY` (the reader knows no meshes here; a label that the set itself
  ships stays) or `FAULTY` (the sample cannot be used);
- `distance`: float32, of each vertex to the nearest target, metres, negative inside; infinite if
  there is no target;
- `offset`: float16, from each vertex to that nearest place, metres, in the scene's frame;
- `side_known`: bits, 0 where the target is open and nobody knows whether the vertex is inside;
- `valid` and `interaction`: as the reader gives them.

Readers need not know any of this: `Labelled(reader, folder)` is the same reader with labels.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from haco.data.labels import Truth, contact_of, cut
from haco.data.readers.common import GeometryReader, Reader, Scene
from haco.data.shards import CARD, read_json
from haco.files import InputError
from haco.geometry.contact import PROTOCOLS, ContactProtocol
from haco.types import NUM_VERTICES, Sample, Split

SHARD = 500
"""Samples a file."""
LABELLED, NO_GEOMETRY, FAULTY = 0, 1, 2
KEY_BYTES, INTERACTION_BYTES = 160, 32
_NUM_BYTES = -(-NUM_VERTICES // 8)
ROW = np.dtype(
    [
        ("key", f"S{KEY_BYTES}"),
        ("status", np.uint8),
        ("distance", np.float32, (NUM_VERTICES,)),
        ("offset", np.float16, (NUM_VERTICES, 3)),
        ("side_known", np.uint8, (_NUM_BYTES,)),
        ("valid", np.uint8, (_NUM_BYTES,)),
        ("interaction", f"S{INTERACTION_BYTES}"),
    ]
)
FAULTS = "faults.jsonl"
SURE_CONTACT = PROTOCOLS["harmonised"].threshold("*")
"""Nearer than this, metres, a vertex touches on whichever side of the surface it is."""


def label_folder(labels: Path, name: str, split: Split) -> Path:
    """Say where the labels of one split of a dataset lie in a folder of labels."""
    return labels / f"{name.replace('/', '-')}-{split}"


def shard_path(folder: Path, start: int) -> Path:
    """Say where the shard that begins at a sample lies."""
    return folder / f"labels-{start:09d}.npy"


class LabelStore:
    """The finished labels of one split of one dataset, row by row in the reader's order."""

    def __init__(self, folder: Path) -> None:
        """Open the labels in a folder.

        Raises:
            InputError: No finished labels lie there.
        """
        if not (folder / CARD).exists():
            raise InputError(f"{folder}: no finished labels here; make them with haco data label")
        self.folder, self.card = folder, read_json(folder / CARD)
        self._len = int(self.card["plan"]["num"])

    def __len__(self) -> int:
        return self._len

    def __getitem__(self, index: int) -> np.void:
        """Give one row, a memory map of `ROW`."""
        if not 0 <= index < self._len:
            raise IndexError(f"label {index} of {self._len}")
        start = index // SHARD * SHARD
        return self._shard(start)[index - start]

    def column(self, name: str) -> np.ndarray:
        """Read one field of all rows into memory."""
        shards = [self._shard(start)[name] for start in range(0, self._len, SHARD)]
        return np.concatenate(shards) if shards else np.zeros(0, ROW[name])

    @functools.cached_property
    def _opened(self) -> dict[int, np.ndarray]:
        return {}

    def _shard(self, start: int) -> np.ndarray:
        if start not in self._opened:
            path = shard_path(self.folder, start)
            try:
                self._opened[start] = np.load(path, mmap_mode="r")
            except (OSError, ValueError) as error:
                raise InputError(
                    f"{path}: cannot be read ({error}); delete it and card.json, and label again"
                ) from error
        return self._opened[start]

    def __getstate__(self) -> dict[str, object]:
        """Travel to a worker process as a path; the maps are opened again there."""
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__init__(state["folder"])


def row_distance(
    row: np.void,
) -> tuple[Float32[np.ndarray, " vertices"], Bool[np.ndarray, " vertices"]]:
    """Give the distances of a row, metres, and the vertices for which they settle the contact.

    Where nobody knows whether a vertex is inside, a small distance still settles it.
    """
    distance = np.array(row["distance"])
    side_known, valid = (
        np.unpackbits(row[name], count=NUM_VERTICES).astype(bool)
        for name in ("side_known", "valid")
    )
    return distance, valid & (side_known | (distance < SURE_CONTACT))


class Labelled:
    """A reader whose samples carry the computed labels; samples with a fault are left out."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        """Join a reader with the labels that were made of it.

        Raises:
            InputError: There are no finished labels, or they are not of these samples.
        """
        self.reader, self.store = reader, LabelStore(folder)
        if len(self.store) != len(reader):
            raise InputError(
                f"{folder}: holds labels of {len(self.store)} samples, the dataset has "
                f"{len(reader)}; they were made of another split or version: label again"
            )
        self.rows = np.flatnonzero(self.store.column("status") != FAULTY)
        """Which samples of the reader are left, in its order."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        place = int(self.rows[index])
        sample, row = self.reader[place], self.store[place]
        key = row["key"].decode()
        if key != sample.key:
            raise InputError(
                f"{self.store.folder}: label {place} is of '{key}', but the dataset has "
                f"'{sample.key}' there; label it again"
            )
        if row["status"] == NO_GEOMETRY:
            return sample
        distance, valid = row_distance(row)
        return dataclasses.replace(sample, distance=distance, valid=valid)

    def key(self, index: int) -> str:
        """Name a sample without reading its picture."""
        return self.store[int(self.rows[index])]["key"].decode()

    def scene(self, index: int) -> Scene | None:
        """Give the geometry of one sample, where the reader knows any."""
        reader = self.reader
        return reader.scene(int(self.rows[index])) if isinstance(reader, GeometryReader) else None

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of all samples in order; pictures are read only without geometry."""
        truths = [self._truth(index, protocol) for index in range(len(self))]
        return Truth(
            np.stack([truth.contact for truth in truths]),
            np.stack([truth.valid for truth in truths]),
        )

    def _truth(self, index: int, protocol: ContactProtocol) -> Truth:
        row = self.store[int(self.rows[index])]
        if row["status"] == NO_GEOMETRY:
            return contact_of(self[index], protocol)
        distance, valid = row_distance(row)
        dataset = row["key"].decode().partition("/")[0]
        return cut(distance, valid, protocol, dataset, row["interaction"].decode())
