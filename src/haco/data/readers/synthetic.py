"""Made pictures of touching hands, with exact distances, from the engine in `haco.synth`.

Nothing is downloaded and nothing lies on disk: a sample is drawn when it is asked for, in about a
tenth of a second. Train on a packed copy instead (`haco.data.store`), which reads a hundred times
faster.

Quirks: none; the engine speaks our units and frames. Contact is known as signed distance at every
vertex. Splits never share a picture: each has an engine seed of its own.
"""

import dataclasses
from pathlib import Path

from haco.synth.engine import make_sample
from haco.synth.picture_sets import PictureSet
from haco.types import Sample, Split

_SPLIT_SEED: dict[Split, int] = {"train": 1, "val": 2, "test": 3}
_SPLIT_NUM: dict[Split, int] = {"train": 40_000, "val": 1_000, "test": 2_000}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyntheticReader:
    """Samples `0 .. num - 1` of one picture set under one engine seed."""

    picture_set: str | PictureSet
    """A set, or a name of `haco.synth.engine.PICTURE_SETS`."""
    seed: int
    """Of the engine, as in `make_sample`."""
    num: int
    """How many samples."""
    size: int = 256
    """Pixels of a picture along each side."""

    def __len__(self) -> int:
        return self.num

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.num:
            raise IndexError(f"sample {index} of {self.num}")
        return make_sample(self.picture_set, self.seed, index, size=self.size)


def open_synthetic(
    root: Path | None = None,
    split: Split = "train",
    picture_set: str = "full",
    *,
    seed: int = 0,
    num: int | None = None,
    size: int = 256,
) -> SyntheticReader:
    """Choose the samples of one split; none is drawn yet.

    Args:
        root: Not looked at: these pictures lie nowhere.
        split: Gives the engine's seed, 3 `seed` + 1, 2 or 3, and the usual number of samples.
        picture_set: A name of `haco.synth.engine.PICTURE_SETS`.
        seed: Another seed gives other pictures in all three splits.
        num: How many samples; None for 40,000 to train, 1,000 to validate, 2,000 to test.
        size: Pixels of a picture along each side.
    """
    del root
    return SyntheticReader(
        picture_set=picture_set,
        seed=3 * seed + _SPLIT_SEED[split],
        num=_SPLIT_NUM[split] if num is None else num,
        size=size,
    )
