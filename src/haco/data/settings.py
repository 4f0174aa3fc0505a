"""What may be chosen about training crops; plain values, so that a command line can show them."""

import dataclasses
import math
from typing import Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How much a training crop may differ from the crop that prediction would make.

    The defaults are the paper's where the paper has a value, with its two bugs left out: noise
    stays in the range of the pixels, and a crop moves by a share of its own width, not of the
    photo's.
    """

    mode: Literal["fixed", "reference"] = "fixed"
    """`reference` changes crops as the released system does, with its two bugs: noise turns the
    crop black, and the shift is a share of the whole photo, so that small hands leave the crop. It
    knows no JPEG, and of colours only the channels' gain."""
    scale: float = 0.25
    """Largest relative change of the crop's width."""
    rotation: float = math.radians(30)
    """Standard deviation of the turn, radians; turns stop at twice this."""
    rotation_probability: float = 0.6
    """Share of crops that are turned."""
    shift: float = 0.1
    """Largest shift along each axis, as a share of the crop's width."""
    zoom_probability: float = 0.1
    """Share of crops that show only a random window of the hand."""
    zoom: float = 0.7
    """Width of that window, as a share of the crop's."""
    colour: float = 0.2
    """Largest relative gain of one colour channel."""
    brightness: float = 0.25
    """Largest relative gain of all channels together."""
    saturation: float = 0.3
    """Largest relative change of saturation."""
    contrast: float = 0.25
    """Largest relative change of contrast about the crop's mean."""
    low_resolution_probability: float = 0.15
    """Share of crops that lose detail, as of a small hand in a large photo."""
    low_resolution: float = 0.2
    """Smallest remaining resolution, as a share of the crop's; the largest is 0.7."""
    motion_blur_probability: float = 0.1
    """Share of crops smeared along a line of 3, 5 or 7 pixels."""
    noise_probability: float = 0.3
    """Share of crops with sensor noise."""
    noise: float = 0.04
    """Largest standard deviation of that noise, as a share of white."""
    jpeg_probability: float = 0.2
    """Share of crops that go through JPEG once more."""
    jpeg_quality: int = 35
    """Lowest JPEG quality; the highest is 95."""

    def __post_init__(self) -> None:
        for name in ("rotation", "zoom", "low_resolution", "jpeg", "motion_blur", "noise"):
            probability = getattr(self, f"{name}_probability", 0.0)
            if not 0 <= probability <= 1:
                raise ValueError(f"{name}_probability must lie in 0..1, got {probability}")
        if not (0 < self.zoom <= 1 and 0 < self.low_resolution <= 0.7 and 0 <= self.scale < 1):
            raise ValueError(
                "augmentation needs 0 < zoom <= 1, 0 < low_resolution <= 0.7 and 0 <= scale < 1, "
                f"got {self.zoom}, {self.low_resolution}, {self.scale}"
            )


PAPER_AUGMENTATION = Augmentation(
    brightness=0.0,
    saturation=0.0,
    contrast=0.0,
    low_resolution_probability=0.05,
    low_resolution=0.15,
    motion_blur_probability=0.15,
    noise=0.02,
    jpeg_probability=0.0,
)
"""The paper's values, without the released system's two bugs."""

GENTLE_AUGMENTATION = Augmentation(
    scale=0.15,
    rotation_probability=0.3,
    shift=0.05,
    zoom_probability=0.0,
    low_resolution_probability=0.0,
    motion_blur_probability=0.0,
    noise_probability=0.0,
    jpeg_probability=0.0,
)
"""For small networks and short training: little is moved, and nothing is spoilt."""
