"""ContactPose's measured contact against contact by distance, on the object's side.

A warm hand leaves heat where it touched; the set stores it as a colour on the object's vertices.
That is the only measured contact in all these sets, so it tells what a rule such as "nearer than
10 mm" is worth: here the same rule says which vertices of the object touch, and heat is the judge.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64, Int

from haco.data.mesh_files import Mesh
from haco.data.readers.common import Target
from haco.files import InputError
from haco.geometry.contact import contact_from_distance
from haco.geometry.proximity import signed_distance

_SHARE = 0.5 + np.log(0.4 / 0.6) / (2 * np.log(19.0))
"""Of the way from the least heat to the most, where contact begins. The authors stretch the heat by
a sigmoid that is 0.05 at the least and 0.95 at the most, and cut it at 0.4; solved for the heat."""
THRESHOLDS = (0.002, 0.003, 0.004, 0.005, 0.0075, 0.010, 0.015, 0.020)
"""Metres."""


@runtime_checkable
class MeasuredReader(Protocol):
    """A reader of grasps with heat, such as ContactPose's."""

    def grasps(self) -> list[int]:
        """Give the number of one sample of each grasp."""
        ...

    def measured(self, index: int) -> Mesh:
        """Give a sample's object, whose colours are the heat."""
        ...

    def hands(self, index: int) -> list[Target]:
        """Give the hands in the object's frame."""
        ...


class HeatAgreement(NamedTuple):
    """How contact by distance agrees with measured contact, over all vertices of all objects."""

    threshold: float
    """Metres."""
    both: int
    """Vertices that touch by both."""
    distance_only: int
    heat_only: int
    neither: int

    @property
    def precision(self) -> float:
        """Share of contact by distance that heat confirms; NaN if there is none."""
        return _share(self.both, self.both + self.distance_only)

    @property
    def recall(self) -> float:
        """Share of measured contact that distance finds; NaN if there is none."""
        return _share(self.both, self.both + self.heat_only)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return _share(2 * self.both, 2 * self.both + self.distance_only + self.heat_only)


def heat_contact(heat: Int[np.ndarray, " vertices"]) -> Bool[np.ndarray, " vertices"]:
    """Say which vertices of an object were touched, by the authors' rule; heat 0 is untouched."""
    warm = heat[heat > 0]
    if len(warm) == 0:
        return np.zeros(len(heat), bool)
    least, most = int(warm.min()), int(warm.max())
    return heat >= max(least + _SHARE * (most - least), 1)


def distance_to_hands(reader: MeasuredReader, index: int) -> Float64[np.ndarray, " vertices"]:
    """Measure from each vertex of a sample's object to the nearest hand, negative inside one."""
    points = reader.measured(index).vertices
    return np.min(
        [signed_distance(points, hand.vertices, hand.faces) for hand in reader.hands(index)],
        axis=0,
    )


def compare_with_heat(
    reader: MeasuredReader, thresholds: Sequence[float] = THRESHOLDS
) -> list[HeatAgreement]:
    """Compare contact by distance with measured contact, one frame a grasp.

    Args:
        reader: Of ContactPose.
        thresholds: Distances below which an object's vertex touches, metres.

    Returns:
        The agreement at each threshold.

    Raises:
        InputError: An object's file has no heat.
    """
    counts = np.zeros((len(thresholds), 2, 2), np.int64)
    for index in reader.grasps():
        colours = reader.measured(index).colours
        if colours is None:
            raise InputError(f"grasp of sample {index}: its object has no colours, so no heat")
        measured = heat_contact(colours[:, 0].astype(np.int64))
        distance = distance_to_hands(reader, index)
        for place, threshold in enumerate(thresholds):
            near = contact_from_distance(distance, threshold)
            np.add.at(counts[place], (near.astype(int), measured.astype(int)), 1)
    return [
        HeatAgreement(threshold, int(each[1, 1]), int(each[1, 0]), int(each[0, 1]), int(each[0, 0]))
        for threshold, each in zip(thresholds, counts, strict=True)
    ]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
