"""A made-up dataset that is read at once, and that a network can learn in a few steps."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from haco.types import Sample

KINDS = ("power", "hands", "free")


@dataclasses.dataclass(frozen=True)
class ToyReader:
    """Flat pictures whose colour says which third of the hand touches; every third touches none."""

    num: int
    seed: int = 0
    size: int = 48
    unknown: int = 0
    """Of the first so many vertices nothing is known, in every second picture."""

    def __len__(self) -> int:
        return self.num

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.num:
            raise IndexError(index)
        rng = np.random.default_rng([self.seed, index])
        kind = index % 3
        image = rng.integers(0, 60, (self.size, self.size, 3)).astype(np.uint8)
        image[..., kind] += 150
        distance = rng.uniform(0.02, 0.1, 778).astype(np.float32)
        if kind < 2:
            distance[kind * 250 : kind * 250 + 250] = 0.001
        if index % 2:
            distance[: self.unknown] = np.nan
        return Sample(
            key=f"toy/{self.seed}/{index}",
            image=image,
            box=np.array([8, 9, 40, 38], np.float32),
            side="left" if index % 2 else "right",
            distance=distance,
            keypoints=rng.uniform(8, 40, (21, 2)).astype(np.float32),
            interaction=KINDS[kind],
        )


@contextlib.contextmanager
def damaged_picture(pack: Path, index: int) -> Iterator[None]:
    """Overwrite one picture of a pack with zeros for a while."""
    (path,) = pack.glob("data-*.arrow")
    whole = path.read_bytes()
    with pa.ipc.open_stream(whole) as stream:
        picture = stream.read_all()["image"][index].as_py()["bytes"]
    assert whole.count(picture) == 1
    path.write_bytes(whole.replace(picture, bytes(len(picture))))
    yield
    path.write_bytes(whole)
