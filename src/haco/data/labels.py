"""From what a source knows of touch to the contact that a network learns."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from haco.data.readers.common import Reader
from haco.geometry.contact import ContactProtocol
from haco.types import NUM_VERTICES, Sample


class Truth(NamedTuple):
    """The truth of one sample, or of many in rows."""

    contact: Bool[np.ndarray, "*batch vertices"]
    """False wherever it is not known."""
    valid: Bool[np.ndarray, "*batch vertices"]
    """True where it is known."""


@runtime_checkable
class Tabled(Protocol):
    """A reader that can give the truth of all its samples without reading a picture."""

    def truth(self, protocol: ContactProtocol) -> Truth:
        """Give the truth of all samples, in their order."""
        ...


def contact_of(sample: Sample, protocol: ContactProtocol) -> Truth:
    """Say which vertices of a sample touch, and for which of them that is known.

    Where the source gives distances the protocol cuts them; where it gives bits they are taken
    as they are. A vertex whose distance is NaN is unknown.
    """
    if sample.distance is not None:
        dataset = sample.key.partition("/")[0]
        return cut(sample.distance, sample.valid, protocol, dataset, sample.interaction)
    if sample.contact is None:
        nothing = np.zeros(NUM_VERTICES, bool)
        return Truth(nothing, nothing)
    valid = np.ones_like(sample.contact) if sample.valid is None else sample.valid
    return Truth(sample.contact & valid, valid)


def cut(
    distance: Float[np.ndarray, "*batch vertices"],
    valid: Bool[np.ndarray, "*batch vertices"] | None,
    protocol: ContactProtocol,
    dataset: str,
    interaction: str,
) -> Truth:
    """Cut signed distances, metres, of one or many samples of one kind under a protocol."""
    known = ~np.isnan(distance)
    if valid is not None:
        known &= valid
    return Truth(protocol.contact(distance, dataset, interaction) & known, known)


def truth_of(reader: Reader, protocol: ContactProtocol) -> Truth:
    """Give the truth of all samples of a reader, in rows; the fast way where the reader has one."""
    if isinstance(reader, Tabled):
        return reader.truth(protocol)
    truths = [contact_of(reader[index], protocol) for index in range(len(reader))]
    return Truth(
        np.stack([truth.contact for truth in truths]), np.stack([truth.valid for truth in truths])
    )
