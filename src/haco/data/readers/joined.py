"""Several datasets, one after another, as one."""

import bisect
import itertools

import numpy as np

from haco.data.labels import Truth, truth_of
from haco.data.readers.common import Reader
from haco.geometry.contact import ContactProtocol
from haco.types import Sample


class JoinedReader:
    """The samples of all `readers`; their keys still tell them apart."""

    def __init__(self, readers: tuple[Reader, ...]) -> None:
        self.readers = readers
        self._ends = list(itertools.accumulate(len(reader) for reader in readers))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        place = bisect.bisect_right(self._ends, index)
        start = self._ends[place - 1] if place else 0
        return self.readers[place][index - start]

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of all samples, in their order."""
        truths = [truth_of(reader, protocol) for reader in self.readers]
        return Truth(*(np.concatenate(rows) for rows in zip(*truths, strict=True)))
