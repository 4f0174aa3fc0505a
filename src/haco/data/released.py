"""The label files that were released with the paper, where the user has them and asks for them.

They lie in `preprocessed_data/<split>/contact_data/<id>.npy`, beside or inside the dataset's own
folder: 778 zeros and ones for the right hand of one picture. Some sets round them badly or are
wrong in other ways (see each reader); they are for comparing with the paper's numbers.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from haco.data.annotations import numbers, reading
from haco.files import InputError
from haco.types import NUM_VERTICES, Side, Split


class ReleasedLabels:
    """One split's label files by their names."""

    def __init__(self, root: Path, split: Split) -> None:
        places = [
            parent / "preprocessed_data" / split / "contact_data" for parent in (root, root.parent)
        ]
        self.folder = next((place for place in places if place.is_dir()), places[0])
        if not self.folder.is_dir():
            raise InputError(
                f"{self.folder}: no such folder; the released label files are not there, get them "
                "or leave out labels='released'"
            )
        self.ids = frozenset(path.stem for path in self.folder.glob("*.npy"))

    def has(self, name: str, side: Side) -> bool:
        """Say whether there is a file; the released labels know right hands only."""
        return side == "right" and name in self.ids

    def contact(self, name: str) -> Bool[np.ndarray, " vertices"]:
        """Read the bits of one picture's right hand."""
        path = self.folder / f"{name}.npy"
        with reading(path):
            stored = np.load(path, allow_pickle=False)
        return numbers({"contact": stored}, "contact", (NUM_VERTICES,), path) > 0.5


def released_labels(root: Path, split: Split, *, wanted: bool) -> ReleasedLabels | None:
    """Open the released labels if they were asked for."""
    return ReleasedLabels(root, split) if wanted else None
