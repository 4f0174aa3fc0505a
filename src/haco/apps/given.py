"""Hands whose boxes the user gives, and the side of a hand whose box alone is given."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, UInt8

from haco.apps.detect import DetectedHand, HandDetector, clip_box
from haco.files import InputError
from haco.geometry.boxes import iou, square_box
from haco.types import SIDES, Side

SAME_PLACE = 0.3
"""A hand found is the one in a given box if they share this part of their joint area."""
ROOM = (2.0, 4.0)
"""Squares around a given box in which its hand is looked for, over the box's longer side."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GivenHands:
    """A detector that gives the same boxes for each picture, as the user stated them."""

    boxes: Sequence[Sequence[float | int] | np.ndarray]
    """xyxy in pixels, far edge outside."""
    sides: Sequence[str | None]
    """`left` or `right`, one a box; None where `detector` shall see which hand it is."""
    detector: HandDetector | None = None
    """Only needed for boxes without a side."""

    def __post_init__(self):
        if len(self.boxes) != len(self.sides):
            raise InputError(
                f"{len(self.boxes)} boxes but {len(self.sides)} sides; give one side a box"
            )

    def __call__(self, image: UInt8[np.ndarray, "height width 3"]) -> list[DetectedHand]:
        """Give the boxes as hands of this picture.

        Raises:
            InputError: A box that does not meet the picture, or a side unknown or not to be seen.
        """
        return [
            self._hand(image, check_box(box, image), side)
            for box, side in zip(self.boxes, self.sides, strict=True)
        ]

    def _hand(
        self, image: np.ndarray, box: Float32[np.ndarray, "4"], side: str | None
    ) -> DetectedHand:
        if side is None:
            if self.detector is None:
                raise InputError(f"box {_show(box)} has no side; pass --side left or --side right")
            side = side_in_box(self.detector, image, box)
        if side not in SIDES:
            raise InputError(f"side {side!r} is unknown; say left or right")
        return DetectedHand(box=box, side=side)


def check_box(
    box: Sequence[float | int] | np.ndarray, image: UInt8[np.ndarray, "height width 3"]
) -> Float32[np.ndarray, "4"]:
    """Give a user's box as an array, if it is one and meets the picture.

    Raises:
        InputError: Not four finite numbers in the right order, or outside the picture.
    """
    corners = np.asarray(box, np.float32)
    height, width = image.shape[:2]
    if corners.shape != (4,) or not np.isfinite(corners).all():
        raise InputError(f"box {_show(corners)} is not four numbers: left top right bottom")
    left, top, right, bottom = corners.tolist()
    if left >= right or top >= bottom:
        raise InputError(
            f"box {_show(corners)} is empty; give left top right bottom, "
            "with left < right and top < bottom"
        )
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        raise InputError(
            f"box {_show(corners)} lies outside the picture of {width} x {height} pixels; "
            "give a box in pixels of this picture"
        )
    return corners


def side_in_box(
    detector: HandDetector,
    image: UInt8[np.ndarray, "height width 3"],
    box: Float32[np.ndarray, "4"],
) -> Side:
    """See which hand is in a box, by a detector that is shown the box and some room around it.

    Args:
        detector: What finds hands.
        image: RGB.
        box: Around one hand, pixels.

    Raises:
        InputError: The detector sees no hand there.
    """
    height, width = image.shape[:2]
    for room in ROOM:
        window = clip_box(square_box(box, room), height, width)
        left, top, right, bottom = np.rint(window).astype(int)
        offset = np.array([left, top, left, top], np.float32)
        part = np.ascontiguousarray(image[top:bottom, left:right])
        hands = [(_overlap(box, hand.box + offset), hand) for hand in detector(part)]
        overlap, hand = max(hands, key=lambda pair: pair[0], default=(0.0, None))
        if hand is not None and overlap >= SAME_PLACE:
            return hand.side
    raise InputError(
        f"no hand is seen in box {_show(box)}, so its side is unknown; "
        "pass --side left or --side right"
    )


def _overlap(first: Float32[np.ndarray, "4"], second: Float32[np.ndarray, "4"]) -> float:
    return float(iou(first[None], second[None])[0])


def _show(box: np.ndarray) -> str:
    return "(" + " ".join(f"{edge:g}" for edge in np.ravel(box)) + ")"
