"""Splits for sets that publish none: the same on every machine, by sequence or by time."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from haco.types import Split

T = TypeVar("T")


def without_tail(frames: Sequence[T], split: Split) -> Sequence[T]:
    """Cut one sequence of a set that has no validation split: its last tenth validates.

    Args:
        frames: One sequence's, in order of time; what there is of it for training.
        split: `train` gives all but the last tenth, `val` the last tenth; at least one frame
            validates where there are two.
    """
    num_val = max(len(frames) // 10, 1 if len(frames) > 1 else 0)
    cut = len(frames) - num_val
    return frames[cut:] if split == "val" else frames[:cut]


def split_of(name: str) -> Split:
    """Put a sequence, recording or pair into a split by its name: 80, 10 and 10 of a hundred."""
    place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 10
    return "val" if place == 8 else "test" if place == 9 else "train"
