"""A dot plot: a row a variant, a panel a score, a ring a run, and a bar at the mean."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from haco.pictures.text import font

_Place = tuple[float | int, float | int]
_INK, _FAINT, _DOT = (30, 30, 30), (222, 222, 222), (0, 110, 180)
_FINE = 2  # Everything is drawn at twice its size and averaged down, which smooths the edges.
_ROW, _PANEL, _GAP, _TOP, _BOTTOM = 34, 210, 28, 92, 44


@dataclasses.dataclass(frozen=True, kw_only=True)
class Panel:
    """One score of all variants."""

    title: str
    values: Sequence[Sequence[float]]
    """For each row the score of each run; NaN is left out."""


def draw_dot_plot(
    rows: Sequence[str], panels: Sequence[Panel], *, heading: str, note: str
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw the panels side by side; each has a scale of its own.

    Args:
        rows: Names of the variants, from top to bottom.
        panels: Each with one list of values a row.
        heading: One line over everything.
        note: One line below it, smaller.
    """
    names = max((font(15).getlength(row) for row in rows), default=0)
    left = int(names) + 2 * _GAP
    width = left + len(panels) * (_PANEL + _GAP)
    height = _TOP + len(rows) * _ROW + _BOTTOM
    sheet = Image.new("RGB", (width * _FINE, height * _FINE), "white")
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_GAP, 12), heading, 20)
    _write(draw, (_GAP, 40), note, 13)
    for number, row in enumerate(rows):
        _write(draw, (_GAP, _middle(number) - 9), row, 15)
    for number, panel in enumerate(panels):
        _draw_panel(draw, panel, left + number * (_PANEL + _GAP), len(rows))
    return np.asarray(sheet.resize((width, height), Image.Resampling.BOX))


def _draw_panel(draw: ImageDraw.ImageDraw, panel: Panel, left: int, num_rows: int) -> None:
    low, high, ticks = _scale([value for row in panel.values for value in row])
    bottom = _TOP + num_rows * _ROW

    def place(value: float) -> float:
        return left + 8 + (value - low) / (high - low) * (_PANEL - 16)

    _write(draw, (left, _TOP - 26), panel.title, 14)
    for tick, label in ticks:
        x = place(tick)
        _line(draw, (x, _TOP), (x, bottom), _FAINT, 1)
        _write(draw, (x - font(12).getlength(label) / 2, bottom + 4), label, 12)
    for number in range(num_rows):
        y = _middle(number)
        _line(draw, (left, y), (left + _PANEL, y), _FAINT, 1)
        known = [value for value in panel.values[number] if not math.isnan(value)]
        for value in known:
            _ring(draw, place(value), y)
        if known:
            x = place(sum(known) / len(known))
            _line(draw, (x, y - 10), (x, y + 10), _DOT, 3)


def _scale(values: Sequence[float]) -> tuple[float, float, list[tuple[float, str]]]:
    """Choose the ends of a scale and its ticks: round numbers that hold all values."""
    known = [value for value in values if not math.isnan(value)] or [0.0]
    span = max(max(known) - min(known), 1e-3)
    power = 10.0 ** math.floor(math.log10(span))
    step = next(size * power for size in (0.2, 0.5, 1.0, 2.0, 5.0) if span / (size * power) <= 3)
    first, last = math.floor(min(known) / step), math.ceil(max(known) / step)
    last = max(last, first + 1)
    digits = max(0, -math.floor(math.log10(step)))
    ticks = [(place * step, f"{place * step:.{digits}f}") for place in range(first, last + 1)]
    return first * step, last * step, ticks


def _middle(row: int) -> float:
    return _TOP + (row + 0.5) * _ROW


def _write(draw: ImageDraw.ImageDraw, place: _Place, words: str, size: int) -> None:
    draw.text((place[0] * _FINE, place[1] * _FINE), words, fill=_INK, font=font(size * _FINE))


def _line(
    draw: ImageDraw.ImageDraw,
    start: _Place,
    end: _Place,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    ends = [coordinate * _FINE for coordinate in (*start, *end)]
    draw.line(ends, fill=colour, width=width * _FINE)


def _ring(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float = 5.0) -> None:
    box = [coordinate * _FINE for coordinate in (x - radius, y - radius, x + radius, y + radius)]
    draw.ellipse(box, outline=_DOT, width=2 * _FINE)
