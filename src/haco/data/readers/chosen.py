"""Some samples of a reader, or all of them kept in memory."""

import dataclasses

import numpy as np
from jaxtyping import Int64

from haco.data.labels import Truth, truth_of
from haco.data.readers.common import Reader
from haco.geometry.contact import ContactProtocol
from haco.types import Sample


@dataclasses.dataclass(frozen=True)
class ChosenReader:
    """The samples of `reader` with the numbers in `rows`, in that order."""

    reader: Reader
    rows: Int64[np.ndarray, " chosen"]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return self.reader[int(self.rows[index])]

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of the chosen samples, in their order."""
        whole = truth_of(self.reader, protocol)
        return Truth(whole.contact[self.rows], whole.valid[self.rows])


class RememberedReader:
    """The samples of a reader, each read once and then kept in memory."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._kept: dict[int, Sample] = {}

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int) -> Sample:
        if index not in self._kept:
            self._kept[index] = self.reader[index]
        return self._kept[index]

    def __getstate__(self) -> dict[str, object]:
        """Travel to a worker process without what is kept."""
        return {"reader": self.reader, "_kept": {}}
