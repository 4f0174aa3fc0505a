"""How often each vertex of a hand touches, under several ways to label the same hands."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from haco.hands.model import HandModel
from haco.pictures.colours import probability_colours
from haco.pictures.hands import draw_hand
from haco.pictures.text import font

_HEIGHT, _GAP = 280, 16
_INK, _PALE = (30, 30, 30), (110, 110, 110)


def draw_frequencies(
    columns: Sequence[tuple[str, str, Float[np.ndarray, " vertices"]]],
    hand: HandModel,
    *,
    heading: str,
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw palm and back once for each way to label, all on one scale.

    Args:
        columns: A title, a line below it, and the frequencies, 0..1.
        hand: The right hand whose vertices they are.
        heading: One line over everything.
    """
    most = max(float(frequency.max()) for _, _, frequency in columns) or 1.0
    width = 2 * (_HEIGHT * 3 // 4) + 3 * _GAP
    sheet = Image.new("RGB", (max(width * len(columns), 760), _HEIGHT + 196), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 12), heading, _INK, font(22))
    for place, (title, below, frequency) in enumerate(columns):
        x = place * width + _GAP
        draw.text((x, 48), title, _INK, font(18))
        draw.text((x, 70), below, _PALE, font(15))
        for view in ("palm", "back"):
            picture = Image.fromarray(
                draw_hand(hand, frequency / most, side="right", view=view, height=_HEIGHT)
            )
            sheet.paste(picture, (x, 92))
            draw.text((x + picture.width / 2, _HEIGHT + 94), view, _INK, font(15), "ma")
            x += picture.width + _GAP
    bar = probability_colours(np.linspace(0, 1, 420)).round().astype(np.uint8)
    top = _HEIGHT + 128
    sheet.paste(Image.fromarray(np.repeat(bar[None], 18, axis=0)), (_GAP, top))
    draw.text((_GAP, top + 24), "never touches", _INK, font(15))
    draw.text((_GAP + 420, top + 24), f"touches in {most:.0%} of hands", _INK, font(15), "ra")
    return np.asarray(sheet)
