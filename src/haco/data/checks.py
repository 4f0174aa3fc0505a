"""Bad data: what makes a sample unusable, said in one line. None is ever trained on silently.

Labelling and packing read every sample through `read_sample`. What it refuses is counted and named,
and then left out, or the work stops there: the user's choice.
"""

from typing import NamedTuple

import numpy as np

from haco.data.readers.common import Reader
from haco.files import InputError
from haco.types import NUM_VERTICES, Sample


class Read(NamedTuple):
    """A sample, or why there is none."""

    sample: Sample | None
    key: str
    """Empty where not even the key could be read."""
    why: str
    """Empty if all is well."""


def read_sample(reader: Reader, index: int) -> Read:
    """Read one sample and check it; what is wrong with it is told, not raised.

    A picture that is cut short, a missing file or annotation and values that are no numbers are
    faults of the data. Any other exception is a fault of the program and is raised.
    """
    try:
        sample = reader[index]
    except InputError as error:
        return Read(None, "", str(error))
    except (OSError, LookupError, ValueError) as error:
        return Read(None, "", f"cannot be read: {type(error).__name__}: {error}")
    why = fault_of(sample)
    return Read(None if why else sample, sample.key, why)


def fault_of(sample: Sample) -> str:
    """Say what makes a sample unusable; nothing if it can be used.

    Unknown labels and unknown keypoints (NaN) are no faults.
    """
    height, width = sample.image.shape[:2]
    left, top, right, bottom = (float(edge) for edge in sample.box)
    box = f"box ({left:g}, {top:g}, {right:g}, {bottom:g})"
    if height < 1 or width < 1:
        return "the picture has no pixel"
    if not np.isfinite(sample.box).all():
        return f"{box} is not finite (an annotation with NaN)"
    if left >= right or top >= bottom:
        return f"{box} holds no pixel"
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        return f"{box} lies off the image, which is {width} x {height} pixels"
    if sample.vertices is not None and not np.isfinite(sample.vertices).all():
        return "the hand's vertices are not finite (a pose with NaN)"
    if sample.K is not None and not (np.isfinite(sample.K).all() and sample.K[0, 0] > 0):
        return "the camera's intrinsics are not finite or have no focal length"
    for name in ("distance", "contact", "valid"):
        labels = getattr(sample, name)
        if labels is not None and len(labels) != NUM_VERTICES:
            return f"{name} has {len(labels)} entries, a hand has {NUM_VERTICES} vertices"
    if not sample.key.isascii() or not sample.key:
        return f"the key {sample.key!r} is empty or not ASCII"
    return ""


def has_truth(sample: Sample) -> bool:
    """Say whether anything is known of the contact of at least one vertex."""
    if sample.distance is not None:
        known = ~np.isnan(sample.distance)
    elif sample.contact is not None:
        known = np.ones(len(sample.contact), bool)
    else:
        return False
    return bool((known if sample.valid is None else known & sample.valid).any())
