"""How real made pictures look to an outside judge: mediapipe, which learned from real photographs.

Only hands that nothing hides are shown to it. A hand is recognised if one of the hands that the
judge finds lies, on average over the 21 joints, within `NEAR_ENOUGH` of the truth and is of the
right side.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, UInt8

from haco.apps.detect import DetectedHand, HandDetector, MediapipeDetector
from haco.synth.engine import draw_all, find_picture_set, photograph
from haco.synth.picture_sets import PictureSet
from haco.synth.truth import truth_of
from haco.types import Sample

UNHIDDEN = 0.95
"""Least share of a hand's outline that is seen in a picture that the judge is shown."""
NEAR_ENOUGH = 0.15
"""Mean error of the joints, as a share of the longer side of the hand's box."""
_CHECK_SIZE = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the judge said of one picture."""

    key: str
    interaction: str
    error: float
    """Mean error of the joints of the nearest hand found, in longer sides of the hand's box;
    infinite where no hand was found."""
    side_right: bool
    """Whether that hand was taken for what it is, a left one or a right one."""

    @property
    def located(self) -> bool:
        """Whether a hand was found where there is one."""
        return self.error <= NEAR_ENOUGH

    @property
    def recognised(self) -> bool:
        """Whether it was found, and taken for the right side."""
        return self.located and self.side_right


def judge(
    picture_set: str | PictureSet,
    seed: int,
    num: int,
    *,
    size: int = 256,
    detector: HandDetector | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[Verdict]:
    """Show pictures of unhidden hands to the judge.

    Args:
        picture_set: A name in `PICTURE_SETS`.
        seed: Of the series.
        num: How many samples of the series to go through; those whose hand is hidden are skipped.
        size: Pixels along each side of a picture.
        detector: The judge; mediapipe if not given.
        progress: Called with the number of samples gone through, after each.

    Returns:
        One verdict for each picture that was shown.
    """
    detector = MediapipeDetector(fast=True) if detector is None else detector
    verdicts = []
    for done, (image, sample) in enumerate(_unhidden(picture_set, seed, num, size), start=1):
        if sample is not None:
            verdicts.append(verdict(sample, detector(image)))
        if progress is not None:
            progress(done)
    return verdicts


def verdict(sample: Sample, hands: list[DetectedHand]) -> Verdict:
    """Compare the hands that were found in a picture with the one whose joints are known."""
    assert sample.keypoints is not None
    scale = float((sample.box[2:] - sample.box[:2]).max())
    errors = [_error(hand, sample.keypoints) / scale for hand in hands]
    best = int(np.argmin(errors)) if errors else -1
    return Verdict(
        key=sample.key,
        interaction=sample.interaction,
        error=errors[best] if errors else np.inf,
        side_right=bool(errors) and hands[best].side == sample.side,
    )


def summarise(verdicts: list[Verdict]) -> dict[str, float | int]:
    """Count: pictures shown, and the shares located, recognised, and given the right side."""
    located = [one for one in verdicts if one.located]
    shown = max(len(verdicts), 1)
    return {
        "shown": len(verdicts),
        "located": len(located) / shown,
        "recognised": sum(one.recognised for one in verdicts) / shown,
        "side right of located": sum(one.side_right for one in located) / max(len(located), 1),
    }


def _unhidden(
    picture_set: str | PictureSet, seed: int, num: int, size: int
) -> Iterator[tuple[UInt8[np.ndarray, "size size 3"], Sample | None]]:
    rays = find_picture_set(picture_set).supersample
    for index in range(num):
        drawn = draw_all(picture_set, seed, index)
        if truth_of(drawn, _CHECK_SIZE).visible < UNHIDDEN:
            yield np.zeros((size, size, 3), np.uint8), None
            continue
        sample = photograph(drawn, size, rays)
        yield sample.image, sample


def _error(hand: DetectedHand, keypoints: Float[np.ndarray, "21 2"]) -> float:
    assert hand.keypoints is not None, "the judge must give joints"
    return float(np.linalg.norm(hand.keypoints - keypoints, axis=1).mean())
