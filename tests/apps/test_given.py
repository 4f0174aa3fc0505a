import dataclasses

import numpy as np
import pytest

from apps.hands import FixedDetector, detected
from haco.apps.detect import DetectedHand, HandDetector
from haco.apps.given import GivenHands, check_box, side_in_box
from haco.files import InputError

IMAGE = np.full((100, 200, 3), 128, np.uint8)


@dataclasses.dataclass
class WholePictureDetector:
    """Finds hands of the 200 x 100 picture in any part of it, by the pixels that mark its place."""

    hands: list[DetectedHand]
    parts: list[tuple[int, int]] = dataclasses.field(default_factory=list)

    def __call__(self, image: np.ndarray) -> list[DetectedHand]:
        self.parts.append(image.shape[:2])
        left, top = image[0, 0, :2].astype(int)
        offset = np.array([left, top, left, top], np.float32)
        return [dataclasses.replace(hand, box=hand.box - offset) for hand in self.hands]


def marked_image() -> np.ndarray:
    y, x = np.mgrid[:100, :200]
    return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.uint8)


def test_given_boxes_come_back_as_hands_in_order():
    hands = GivenHands(boxes=[(10, 20, 30, 40), (-5, 0, 50, 99.5)], sides=["left", "right"])(IMAGE)
    assert [hand.box.tolist() for hand in hands] == [[10, 20, 30, 40], [-5, 0, 50, 99.5]]
    assert [hand.side for hand in hands] == ["left", "right"]
    assert hands[0].keypoints is None
    assert hands[0].score is None


def test_given_hands_are_a_hand_detector():
    assert isinstance(GivenHands(boxes=[], sides=[]), HandDetector)


def test_the_side_is_seen_in_the_box_and_not_elsewhere():
    detector = WholePictureDetector(
        [detected((100, 20, 140, 60), "left"), detected((150, 20, 190, 60), "right")]
    )
    box = np.array([148, 22, 188, 62], np.float32)
    assert side_in_box(detector, marked_image(), box) == "right"
    assert detector.parts == [(80, 72)]


def test_a_box_without_a_side_takes_the_side_that_is_seen():
    detector = WholePictureDetector([detected((100, 20, 140, 60), "left")])
    given = GivenHands(boxes=[(101, 21, 141, 61)], sides=[None], detector=detector)
    assert [hand.side for hand in given(marked_image())] == ["left"]


@pytest.mark.parametrize("hands", [[], [detected((0, 0, 9, 9), "left")]])
def test_a_box_with_no_hand_to_be_seen_asks_for_the_side(hands):
    with pytest.raises(InputError, match="pass --side left or --side right"):
        side_in_box(FixedDetector(hands), IMAGE, np.array([100, 20, 140, 60], np.float32))


def test_a_box_without_a_side_or_a_detector_asks_for_the_side():
    with pytest.raises(InputError, match=r"\(1 2 3 4\) has no side; pass --side"):
        GivenHands(boxes=[(1, 2, 3, 4)], sides=[None])(IMAGE)


@pytest.mark.parametrize(
    ("box", "complaint"),
    [
        ((1, 2, 3), "not four numbers"),
        ((1, 2, float("nan"), 4), "not four numbers"),
        ((10, 20, 10, 40), "is empty"),
        ((10, 40, 20, 30), "is empty"),
        ((200, 0, 220, 10), "outside the picture of 200 x 100"),
        ((0, -10, 20, 0), "outside the picture"),
    ],
)
def test_a_bad_box_is_refused(box, complaint):
    with pytest.raises(InputError, match=complaint):
        check_box(box, IMAGE)


def test_as_many_sides_as_boxes_are_wanted():
    with pytest.raises(InputError, match="2 boxes but 1 sides"):
        GivenHands(boxes=[(0, 0, 1, 1)] * 2, sides=["left"])


def test_an_unknown_side_is_refused():
    with pytest.raises(InputError, match="'both' is unknown"):
        GivenHands(boxes=[(0, 0, 1, 1)], sides=["both"])(IMAGE)
