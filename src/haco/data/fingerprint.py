"""Fingerprints of data: a short text that changes when the data does."""

import hashlib

import numpy as np

from haco.data.labels import Truth
from haco.data.readers.common import Reader

_LOOKED_AT = 8
"""Samples whose pictures count; reading all would take as long as an epoch."""


def fingerprint(reader: Reader, truth: Truth | None = None) -> str:
    """Give a text that differs for other data.

    It covers how many samples there are, the contact of all of them where `truth` gives it, and
    key, picture, box and side of a few, evenly spread. One other picture among many may thus go
    unnoticed; another order, other labels, or pictures made anew do not.

    Args:
        reader: The data.
        truth: Of all its samples.
    """
    total = hashlib.sha256(f"{len(reader)}".encode())
    for bits in truth or ():
        total.update(np.packbits(bits, axis=1).tobytes())
    picked = np.unique(np.linspace(0, len(reader) - 1, _LOOKED_AT).astype(int)) if reader else ()
    for index in picked:
        sample = reader[int(index)]
        total.update(f"{sample.key} {sample.side} {sample.image.shape}".encode())
        total.update(sample.box.tobytes())
        total.update(sample.image.tobytes())
    return total.hexdigest()[:16]
