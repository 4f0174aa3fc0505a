"""Fingerprints: the same for the same data, another for other data."""

import dataclasses

import pytest
from toys import ToyReader

from haco.data.fingerprint import fingerprint
from haco.data.labels import truth_of
from haco.geometry.contact import PROTOCOLS

RULE = PROTOCOLS["harmonised"]


@dataclasses.dataclass(frozen=True)
class Changed(ToyReader):
    """One sample has another side, or one vertex another distance."""

    what: str = ""

    def __getitem__(self, index):
        sample = super().__getitem__(index)
        if index != 5:
            return sample
        if self.what == "side":
            return dataclasses.replace(sample, side="right" if sample.side == "left" else "left")
        distance = sample.distance.copy()
        distance[700] = 0.0
        return dataclasses.replace(sample, distance=distance)


def test_same_data_has_the_same_fingerprint():
    assert fingerprint(ToyReader(20)) == fingerprint(ToyReader(20))


@pytest.mark.parametrize(
    "other", [ToyReader(19), ToyReader(20, seed=1), Changed(20, what="side"), Changed(20)]
)
def test_other_data_has_another(other):
    readers = (ToyReader(20), other)
    one, two = (fingerprint(reader, truth_of(reader, RULE)) for reader in readers)
    assert one != two
