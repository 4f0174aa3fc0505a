"""A photo with its hands marked, and beside it each hand's palm and back coloured by contact."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image, ImageDraw

from haco.hands.model import HandModel
from haco.pictures.colours import SIDE_COLOURS, draw_legend
from haco.pictures.hands import draw_hand
from haco.pictures.text import font
from haco.types import Side

_INK = (30, 30, 30)
_GAP = 16
_PHOTO = (960, 720)
_HAND_HEIGHT = 280
_PANEL = (2 * (_HAND_HEIGHT * 3 // 4) + 3 * _GAP, _HAND_HEIGHT + 104)


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandPanel:
    """What is drawn of one hand."""

    box: Float32[np.ndarray, "4"]
    side: Side
    probability: Float[np.ndarray, " vertices"]
    touch: float
    """Probability that the hand touches anything."""
    parts: Mapping[str, float]
    title: str = ""
    """Words before the side, such as `prediction`; the hand's number if empty."""


def draw_overlay(
    image: UInt8[np.ndarray, "height width 3"],
    panels: Sequence[HandPanel],
    hand: HandModel,
    *,
    threshold: float,
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw the photo with numbered boxes, a panel for each hand, and the legend.

    Args:
        image: RGB.
        panels: The hands, in the order of their numbers.
        hand: The right hand whose surface the probabilities speak of.
        threshold: Probability from which a vertex is called touching.
    """
    photo = draw_boxes(image, panels)
    drawn = [draw_panel(panel, hand, number) for number, panel in enumerate(panels, 1)]
    side = _stack_panels(drawn or [_empty_panel()], photo.height)
    width = photo.width + side.width + 3 * _GAP
    body = max(photo.height, side.height)
    legend = Image.fromarray(draw_legend(min(width, 720), threshold=threshold))
    sheet = Image.new("RGB", (width, body + legend.height + 3 * _GAP), "white")
    sheet.paste(photo, (_GAP, _GAP))
    sheet.paste(side, (photo.width + 2 * _GAP, _GAP))
    sheet.paste(legend, ((width - legend.width) // 2, body + 2 * _GAP))
    return np.asarray(sheet)


def draw_boxes(image: np.ndarray, panels: Sequence[HandPanel]) -> Image.Image:
    """Scale the photo to a handy size and draw each hand's box with its number and side."""
    scale = min(_PHOTO[0] / image.shape[1], _PHOTO[1] / image.shape[0])
    size = [max(1, round(n * scale)) for n in (image.shape[1], image.shape[0])]
    how = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    photo = Image.fromarray(image).resize((size[0], size[1]), how)
    draw = ImageDraw.Draw(photo)
    for number, panel in enumerate(panels, 1):
        colour = SIDE_COLOURS[panel.side]
        x1, y1, x2, y2 = (float(edge) * scale for edge in panel.box)
        draw.rectangle((x1, y1, x2, y2), outline=colour, width=4)
        words = f" {number} {panel.side} "
        left, top, right, bottom = draw.textbbox((0, 0), words, font=font(20))
        x = min(max(x1, 0), photo.width - (right - left))
        y = y1 - (bottom - top) - 10 if y1 > bottom - top + 10 else max(y1, 0)
        draw.rectangle((x, y, x + right - left, y + bottom - top + 10), fill=colour)
        draw.text((x, y + 2), words, "white", font(20))
    return photo


def draw_panel(panel: HandPanel, hand: HandModel, number: int) -> Image.Image:
    """Draw one hand's palm and back under a line of words that says what it touches with."""
    sheet = Image.new("RGB", _PANEL, "white")
    draw = ImageDraw.Draw(sheet)
    colour = SIDE_COLOURS[panel.side]
    draw.rectangle((0, 0, _PANEL[0] - 1, _PANEL[1] - 1), outline=colour, width=3)
    title = f"{panel.title}: {panel.side}" if panel.title else f"{number}  {panel.side} hand"
    draw.text((_GAP, 8), title, colour, font(21))
    draw.text((_PANEL[0] - _GAP, 8), f"touches something: {panel.touch:.0%}", _INK, font(19), "ra")
    draw.text((_GAP, 38), f"with {describe_parts(panel.parts)}", _INK, font(15))
    for column, view in enumerate(("palm", "back")):
        picture = Image.fromarray(
            draw_hand(hand, panel.probability, side=panel.side, view=view, height=_HAND_HEIGHT)
        )
        x = _GAP + column * (picture.width + _GAP)
        sheet.paste(picture, (x, 66))
        draw.text((x + picture.width / 2, _PANEL[1] - 30), view, _INK, font(17), "ma")
    return sheet


def describe_parts(parts: Mapping[str, float], most: int = 2) -> str:
    """Name the parts most likely to touch, in words: `index tip, palm side 93%; wrist 10%`."""
    ranked = sorted(parts.items(), key=lambda item: -item[1])[:most]
    if max(parts.values(), default=0.0) < 0.005:
        return "no part of it"
    return "; ".join(f"{_in_words(name)} {value:.0%}" for name, value in ranked)


def _in_words(part: str) -> str:
    """Turn the name of a part into words that need no anatomy."""
    words = part.replace("_palmar", ", palm side").replace("_dorsal", ", back")
    return words.replace("palm_thenar", "palm below the thumb").replace("_", " ")


def _empty_panel() -> Image.Image:
    sheet = Image.new("RGB", _PANEL, "white")
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((0, 0, _PANEL[0] - 1, _PANEL[1] - 1), outline=(150, 150, 150), width=3)
    middle = (_PANEL[0] / 2, _PANEL[1] / 2)
    draw.text(middle, "No hand was found in this picture.", _INK, font(22), "mm")
    return sheet


def _stack_panels(panels: Sequence[Image.Image], height: int) -> Image.Image:
    """Lay panels out in columns about as high as the photo."""
    rows = max(1, min(len(panels), round(height / (_PANEL[1] + _GAP))))
    columns = -(-len(panels) // rows)
    size = (
        columns * (_PANEL[0] + _GAP) - _GAP,
        min(rows, len(panels)) * (_PANEL[1] + _GAP) - _GAP,
    )
    sheet = Image.new("RGB", size, "white")
    for index, panel in enumerate(panels):
        column, row = divmod(index, rows)
        sheet.paste(panel, (column * (_PANEL[0] + _GAP), row * (_PANEL[1] + _GAP)))
    return sheet
