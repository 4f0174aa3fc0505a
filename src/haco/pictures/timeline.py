"""A clip's touches over time: for each hand a curve of its probability, and bars of its parts."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from haco.pictures.colours import SIDE_COLOURS
from haco.pictures.text import font
from haco.types import Side

_WIDTH, _LEFT, _RIGHT = 1200, 230, 24
_HEAD, _FOOT, _GAP = 76, 52, 26
_CURVE, _BAR = 74, 20
_INK, _FAINT, _GRID = (30, 30, 30), (120, 120, 120), (226, 226, 226)


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandTime:
    """One hand over time."""

    number: int
    side: Side
    times: Float[np.ndarray, " frames"]
    """Seconds; frames without the hand are left out."""
    touch: Float[np.ndarray, " frames"]
    """Probability that it touches anything."""
    touches: Sequence[tuple[float, float]]
    """When it touched: onset and release, seconds."""
    parts: Sequence[tuple[str, Sequence[tuple[float, float]]]]
    """The same of each part worth a line."""


def draw_timeline(
    hands: Sequence[HandTime], seconds: float, *, heading: str
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw all hands of a clip, one under another.

    Args:
        hands: In the order of their numbers.
        seconds: Length of the clip.
        heading: One line over everything.
    """
    heights = [_CURVE + 8 + _BAR * len(hand.parts) + _GAP for hand in hands] or [40]
    sheet = Image.new("RGB", (_WIDTH, _HEAD + sum(heights) + _FOOT), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 12), heading, _INK, font(20))
    note = "Curve: how likely the hand touches anything. Bars: when it, and each part of it, "
    draw.text((_GAP, 42), note + "touches. Grey: the hand is out of sight.", _FAINT, font(14))
    bottom = sheet.height - _FOOT
    _draw_seconds(draw, seconds, bottom)
    top = _HEAD
    for hand, height in zip(hands, heights, strict=False):
        _draw_hand(draw, hand, seconds, top)
        top += height
    if not hands:
        draw.text((_WIDTH / 2, _HEAD + 16), "No hand was seen in this clip.", _INK, font(18), "mm")
    return np.asarray(sheet)


def _place(time: float, seconds: float) -> float:
    return _LEFT + time / max(seconds, 1e-6) * (_WIDTH - _LEFT - _RIGHT)


def _draw_seconds(draw: ImageDraw.ImageDraw, seconds: float, bottom: int) -> None:
    power = 10.0 ** math.floor(math.log10(max(seconds, 1e-3)))
    step = next(k * power for k in (0.1, 0.2, 0.5, 1, 2) if seconds / (k * power) <= 12)
    for tick in range(math.floor(seconds / step) + 1):
        x = _place(tick * step, seconds)
        draw.line((x, _HEAD - 6, x, bottom), _GRID)
        draw.text((x, bottom + 6), f"{tick * step:.6g} s", _FAINT, font(13), "ma")


def _draw_hand(draw: ImageDraw.ImageDraw, hand: HandTime, seconds: float, top: int) -> None:
    colour = SIDE_COLOURS[hand.side]
    draw.text((_LEFT - 12, top + 8), f"{hand.number} {hand.side} hand", colour, font(17), "ra")
    shares = sum(end - start for start, end in hand.touches) / max(seconds, 1e-6)
    count = len(hand.touches)
    words = f"{count} touch{'' if count == 1 else 'es'}, {shares:.0%} of the clip"
    draw.text((_LEFT - 12, top + 34), words, _FAINT, font(13), "ra")
    low = top + _CURVE
    draw.rectangle((_LEFT, top, _WIDTH - _RIGHT, low), fill=(238, 238, 238))
    for x, value in _columns(hand, seconds):
        draw.line((x, top, x, low), (255, 255, 255))
        draw.line((x, low - value * _CURVE, x, low), _pale(colour))
        draw.line((x, low - value * _CURVE - 1, x, low - value * _CURVE + 1), colour)
    middle = top + _CURVE / 2
    draw.line((_LEFT, middle, _WIDTH - _RIGHT, middle), _FAINT)
    _draw_bars(draw, hand.touches, seconds, low + 1, 6, colour)
    y = low + 8
    for name, spans in hand.parts:
        draw.text((_LEFT - 12, y + _BAR / 2), name.replace("_", " "), _INK, font(13), "rm")
        _draw_bars(draw, spans, seconds, y + 4, _BAR - 8, (205, 50, 52))
        y += _BAR


def _draw_bars(
    draw: ImageDraw.ImageDraw,
    spans: Sequence[tuple[float, float]],
    seconds: float,
    top: int,
    height: int,
    colour: tuple[int, int, int],
) -> None:
    for start, end in spans:
        left, right = _place(start, seconds), _place(end, seconds)
        draw.rectangle((left, top, max(right, left + 1), top + height), fill=colour)


def _columns(hand: HandTime, seconds: float) -> list[tuple[int, float]]:
    """Give each pixel column that the hand is in its highest probability."""
    width = _WIDTH - _LEFT - _RIGHT
    columns = np.clip((hand.times / max(seconds, 1e-6) * width).astype(int), 0, width - 1)
    order = np.argsort(columns, kind="stable")
    found, starts = np.unique(columns[order], return_index=True)
    peaks = np.maximum.reduceat(hand.touch[order], starts) if len(found) else []
    # Frames are farther apart than columns in a short clip: then each lasts until the next one.
    step = max(1, math.ceil(2 * width * np.median(np.diff(hand.times)) / seconds / 2)) if len(
        hand.times
    ) > 1 else 1  # fmt: skip
    return [
        (_LEFT + column + k, float(peak))
        for column, peak in zip(found.tolist(), peaks, strict=True)
        for k in range(step)
        if column + k < width
    ]


def _pale(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (round(0.35 * part + 0.65 * 255) for part in colour)
    return red, green, blue
