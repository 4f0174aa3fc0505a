"""How often each position is in contact, counted from one matrix or from a stream of batches."""

import dataclasses
from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped, UInt8

_ROWS_AT_ONCE = 4096


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactStatistics:
    """Integer counts of a set of contact labels; two of them add, in any order."""

    negatives: Int64[np.ndarray, " vertices"]
    """Samples in which the position is known not to touch."""
    positives: Int64[np.ndarray, " vertices"]
    """Samples in which the position touches."""
    num_samples: int
    num_touching: int
    """Samples in which at least one position touches."""

    def __add__(self, other: "ContactStatistics") -> "ContactStatistics":
        """Join the counts of two sets."""
        return ContactStatistics(
            negatives=self.negatives + other.negatives,
            positives=self.positives + other.positives,
            num_samples=self.num_samples + other.num_samples,
            num_touching=self.num_touching + other.num_touching,
        )

    @property
    def mean(self) -> Float64[np.ndarray, " vertices"]:
        """Share of the samples in which each position touches; 0 where it was never known."""
        return self.positives / np.maximum(self.negatives + self.positives, 1)


def count_contact(
    contact: Shaped[np.ndarray, "samples vertices"],
    valid: Bool[np.ndarray, "samples vertices"] | None = None,
) -> ContactStatistics:
    """Count how often each position touches.

    Args:
        contact: 0 or 1 (or bool). Anything else, such as NaN or -1, is counted nowhere.
        valid: Where the labels speak; None means everywhere.
    """
    negative, positive = contact == 0, contact == 1
    if valid is not None:
        negative, positive = negative & valid, positive & valid
    return ContactStatistics(
        negatives=negative.sum(axis=0, dtype=np.int64),
        positives=positive.sum(axis=0, dtype=np.int64),
        num_samples=len(contact),
        num_touching=int(positive.any(axis=1).sum()),
    )


def count_packed(
    bits: UInt8[np.ndarray, "samples bytes"], *, num_vertices: int
) -> ContactStatistics:
    """Count a matrix kept as `numpy.packbits(contact, axis=1)`, a few thousand rows at a time."""
    blocks = range(0, max(len(bits), 1), _ROWS_AT_ONCE)
    return contact_statistics(
        np.unpackbits(bits[start : start + _ROWS_AT_ONCE], axis=1, count=num_vertices)
        for start in blocks
    )


def contact_statistics(
    batches: Iterable[Shaped[np.ndarray, "_ vertices"]],
) -> ContactStatistics:
    """Count a stream of label matrices; only one of them is in memory at a time.

    Args:
        batches: Matrices as `count_contact` takes them, at least one; sizes may differ.
    """
    total: ContactStatistics | None = None
    for batch in batches:
        counted = count_contact(batch)
        total = counted if total is None else total + counted
    if total is None:
        raise ValueError("contact statistics need at least one batch of labels, got none")
    return total
