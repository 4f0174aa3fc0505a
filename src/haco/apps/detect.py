"""Where the hands are in a picture, and which is left and which right."""

import dataclasses
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, UInt8

from haco.apps.hand_networks import HandNetworks, MediapipeNetworks
from haco.apps.hand_search import Find, find_hands, outline_box
from haco.types import Side


@dataclasses.dataclass(frozen=True, kw_only=True)
class DetectedHand:
    """One hand in a picture: where it is and which one."""

    box: Float32[np.ndarray, "4"]
    """Tight around the hand, xyxy in pixels, far edge outside; it may leave the image."""
    side: Side
    """Anatomical side: the person's own left or right."""
    keypoints: Float32[np.ndarray, "21 2"] | None = None
    """Wrist, then thumb, index, middle, ring and little from base to tip, pixels; None if only a
    box was given."""
    score: float | None = None
    """How sure the detector is that this is a hand, 0 to 1; None if a box was given."""
    right: float | None = None
    """How sure it is that this is a right hand, 0 to 1; None if it only names the side."""


@runtime_checkable
class HandDetector(Protocol):
    """Anything that finds the hands in a picture."""

    def __call__(self, image: UInt8[np.ndarray, "height width 3"]) -> list[DetectedHand]:
        """Find the hands in an RGB picture; an empty list if there are none."""
        ...


class MediapipeDetector:
    """Finds hands with the models in mediapipe 0.10.21, searching far beyond the whole frame.

    mediapipe is loaded at the first call, so making one costs nothing and always works. Not for
    use by several threads at once.

    Example:
        >>> hands = MediapipeDetector()(haco.read_image("mug.jpg"))
        >>> [(hand.side, hand.box) for hand in hands]
    """

    def __init__(self, *, fast: bool = False, networks: HandNetworks | None = None):
        """Choose how to search.

        Args:
            fast: Search the whole frame only, without tiles: many times faster, finds clear and
                large hands, about two in three of those that the full search finds.
            networks: What sees palms and joints; mediapipe's if not given.
        """
        self._fast = fast
        self._networks = networks

    def __call__(self, image: UInt8[np.ndarray, "height width 3"]) -> list[DetectedHand]:
        """Find the hands in an RGB picture, the surest first.

        Raises:
            InputError: mediapipe 0.10.21 is not installed.
        """
        if self._networks is None:
            self._networks = MediapipeNetworks()
        return [detected_hand(find) for find in find_hands(image, self._networks, fast=self._fast)]


def detected_hand(find: Find) -> DetectedHand:
    """Give what the search found as a detector gives it."""
    return DetectedHand(
        box=outline_box(find.keypoints),
        side=find.side,
        keypoints=find.keypoints.astype(np.float32),
        score=find.score,
        right=find.right,
    )


def clip_box(box: Float[np.ndarray, "4"], height: int, width: int) -> Float32[np.ndarray, "4"]:
    """Give the part of a box that lies in an image of this size."""
    limits = np.array([width, height, width, height])
    return np.clip(box, 0, limits).astype(np.float32)
