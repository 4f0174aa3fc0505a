"""Contact sheets: many made samples at a glance, each beside the truth of its touch."""

from typing import NamedTuple

from PIL import Image, ImageDraw

from haco.pictures.text import font
from haco.synth.draw import (
    GAP,
    INK,
    KIND_WORDS,
    draw_distance_legend,
    draw_in_view,
    num_touching,
)
from haco.types import Sample


class _Layout(NamedTuple):
    columns: int
    cell: int
    """Pixels along each side of a picture."""
    text: int
    """Size of the letters, pixels."""


_FEW, _MANY = _Layout(4, 180, 14), _Layout(8, 160, 13)
_FEW_AT_MOST = 24


def _layout(num: int) -> _Layout:
    return _FEW if num <= _FEW_AT_MOST else _MANY


def draw_cell(sample: Sample, index: int, num: int) -> Image.Image:
    """Draw one sample for a sheet of `num`: its picture, and its hand coloured by nearness."""
    _, size, text = _layout(num)
    cell = Image.new("RGB", (2 * size + 4, size + 24), "white")
    words = f"{index}: {KIND_WORDS[sample.interaction]}, {sample.side}, {num_touching(sample)}"
    ImageDraw.Draw(cell).text((0, 4), words, INK, font(text))
    picture = Image.fromarray(sample.image).resize((size, size), Image.Resampling.LANCZOS)
    cell.paste(picture, (0, 24))
    cell.paste(Image.fromarray(draw_in_view(sample, size)), (size + 4, 24))
    return cell


def draw_sheet(cells: list[Image.Image], title: str) -> Image.Image:
    """Lay cells out in rows, with a heading and a legend."""
    columns = min(_layout(len(cells)).columns, len(cells))
    rows = -(-len(cells) // columns)
    width, height = cells[0].width + GAP, cells[0].height + 8
    sheet = Image.new("RGB", (max(columns * width + GAP, 720), rows * height + 150), "white")
    heading = (
        f"Made pictures ({title}): each, and its hand coloured by nearness; the number counts its "
        "points (of 778) within 10 mm of something"
    )
    if columns < 4:
        heading = f"Made pictures ({title})"
    ImageDraw.Draw(sheet).text((GAP, 12), heading, INK, font(18))
    for place, cell in enumerate(cells):
        row, column = divmod(place, columns)
        sheet.paste(cell, (GAP + column * width, 44 + row * height))
    sheet.paste(draw_distance_legend(680), (GAP, 52 + rows * height))
    return sheet
