"""A video's frame with its hands marked, and beside it their palms and backs coloured by touch."""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from haco.hands.model import HandModel
from haco.pictures.colours import SIDE_COLOURS
from haco.pictures.hand_map import HandMap
from haco.types import Side

_LARGEST = (1280, 720)
_SLOT = 200
_HEAD = 44
_INK, _FAINT = (30, 30, 30), (130, 130, 130)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandMark:
    """What is drawn of one hand."""

    number: int
    """Of its track."""
    side: Side
    box: Float[np.ndarray, "4"]
    """xyxy in pixels of the whole frame."""
    touch: float
    is_touching: bool
    seen: bool
    """False where its place was filled in; its box is then drawn thin."""
    probability: Float[np.ndarray, " vertices"]


class FrameDrawer:
    """Draws the frames of one video, all of one size."""

    def __init__(self, width: int, height: int, hand: HandModel):
        """Lay out the picture.

        Args:
            width: Of the video, pixels.
            height: Of the video, pixels.
            hand: The right hand whose surface is coloured.
        """
        self._scale = min(1.0, _LARGEST[0] / width, _LARGEST[1] / height)
        self._shown = (max(1, round(width * self._scale)), max(1, round(height * self._scale)))
        self._slots = max(2, self._shown[1] // _SLOT)
        self._slot = max(_HEAD + 48, self._shown[1] // self._slots)
        self._map = HandMap(hand, self._slot - _HEAD)
        self._panel = 2 * ((self._slot - _HEAD) * 3 // 4) + 12
        # Even sizes are what every player takes.
        self.height = _even(max(self._shown[1], self._slots * self._slot))
        self.width = _even(self._shown[0] + max(self._panel, 176))

    def shrink(
        self, image: UInt8[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "shown_height shown_width 3"]:
        """Bring a frame to the size in which it is drawn."""
        if image.shape[1::-1] == self._shown:
            return image
        small = cv2.resize(image, self._shown, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    def draw(
        self, shown: UInt8[np.ndarray, "shown_height shown_width 3"], marks: Sequence[HandMark]
    ) -> UInt8[np.ndarray, "drawn_height drawn_width 3"]:
        """Draw a frame that was shrunk, with its hands."""
        sheet = np.full((self.height, self.width, 3), 255, np.uint8)
        photo = shown.copy()
        for mark in marks:
            _draw_box(photo, mark, self._scale)
        sheet[: photo.shape[0], : photo.shape[1]] = photo
        for slot, mark in enumerate(sorted(marks, key=lambda m: m.number)[: self._slots]):
            self._draw_slot(sheet, mark, slot * self._slot)
        return sheet

    def _draw_slot(self, sheet: np.ndarray, mark: HandMark, top: int) -> None:
        left = self._shown[0] + 6
        colour = SIDE_COLOURS[mark.side]
        _write(sheet, f"{mark.number} {mark.side} hand", (left, top + 16), colour, 0.5)
        words = f"{'touches' if mark.is_touching else 'no touch'} ({mark.touch:.0%})"
        ink = _INK if mark.is_touching else _FAINT
        _write(sheet, words, (left, top + 36), ink, 0.45)
        drawn = self._map.draw(mark.probability, mirrored=mark.side == "left")
        height, width = drawn.shape[:2]
        sheet[top + _HEAD : top + _HEAD + height, left : left + width] = drawn


def _draw_box(photo: np.ndarray, mark: HandMark, scale: float) -> None:
    x1, y1, x2, y2 = np.rint(mark.box * scale).astype(int).tolist()
    colour = SIDE_COLOURS[mark.side]
    thick = (3 if mark.is_touching else 2) if mark.seen else 1
    cv2.rectangle(photo, (x1, y1), (x2, y2), colour, thick)
    words = f"{mark.number} {mark.side}{', touches' if mark.is_touching else ''}"
    (wide, high), _ = cv2.getTextSize(words, _FONT, 0.5, 1)
    x, y = max(min(x1, photo.shape[1] - wide - 8), 0), max(y1, high + 10)
    cv2.rectangle(photo, (x, y - high - 10), (x + wide + 8, y), colour, -1)
    _write(photo, words, (x + 4, y - 5), (255, 255, 255), 0.5)


def _write(
    picture: np.ndarray,
    words: str,
    place: tuple[int, int],
    colour: tuple[int, int, int],
    size: float,
) -> None:
    cv2.putText(picture, words, place, _FONT, size, colour, 1, cv2.LINE_AA)


def _even(size: int) -> int:
    return size + size % 2
