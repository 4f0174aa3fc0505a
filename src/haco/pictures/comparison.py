"""Truth beside prediction: one row a scene, for pictures whose contact is known."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from haco.hands.model import HandModel
from haco.pictures.colours import draw_legend
from haco.pictures.overlay import HandPanel, draw_boxes, draw_panel
from haco.pictures.text import font

_GAP = 16
_INK = (30, 30, 30)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """One scene with both answers."""

    image: UInt8[np.ndarray, "height width 3"]
    truth: HandPanel
    prediction: HandPanel
    caption: str
    """What is seen, and how well it was predicted."""


def draw_comparison(
    rows: Sequence[Comparison], hand: HandModel, *, threshold: float, heading: str
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw each scene with the truth and the prediction beside it, over one legend.

    Args:
        rows: The scenes, from top to bottom; at least one.
        hand: The right hand whose surface the probabilities speak of.
        threshold: Probability from which a vertex is called touching.
        heading: One line over everything.
    """
    drawn = [draw_row(row, hand) for row in rows]
    width = drawn[0].width + 2 * _GAP
    legend = Image.fromarray(draw_legend(min(width - 2 * _GAP, 720), threshold=threshold))
    height = 56 + sum(row.height + _GAP for row in drawn) + legend.height
    sheet = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(sheet).text((_GAP, 14), heading, _INK, font(24))
    y = 56
    for row in drawn:
        sheet.paste(row, (_GAP, y))
        y += row.height + _GAP
    sheet.paste(legend, ((width - legend.width) // 2, y))
    return np.asarray(sheet)


def draw_row(row: Comparison, hand: HandModel) -> Image.Image:
    """Draw one scene, the truth and the prediction side by side under its caption."""
    panels = [draw_panel(panel, hand, 1) for panel in (row.truth, row.prediction)]
    side = panels[0].height
    marked = draw_boxes(row.image, [row.truth]).resize((side, side), Image.Resampling.LANCZOS)
    width = side + sum(panel.width + _GAP for panel in panels)
    sheet = Image.new("RGB", (width, side + 30), "white")
    ImageDraw.Draw(sheet).text((0, 2), row.caption, _INK, font(18))
    x = 0
    for picture in (marked, *panels):
        sheet.paste(picture, (x, 30))
        x += picture.width + _GAP
    return sheet
