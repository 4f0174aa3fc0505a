"""One scale from probability to colour, used by every picture, with its legend."""

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from haco.pictures.text import font

# Untouched skin is light grey, so that the eye goes to where there is touch. Lightness falls all
# the way, so the scale survives a grey print and colour-blind eyes.
_STOPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
_COLOURS = np.array(
    [[222, 222, 219], [250, 208, 132], [243, 134, 60], [205, 50, 52], [110, 8, 60]], np.float64
)
SIDE_COLOURS = {"left": (0, 140, 200), "right": (220, 90, 0)}
"""Frame colours of left and right hands."""


def probability_colours(
    probability: Float[np.ndarray, "*shape"],
) -> Float[np.ndarray, "*shape 3"]:
    """Give each probability its colour.

    Args:
        probability: Values in 0..1; what lies outside is clipped.

    Returns:
        RGB, 0..255.
    """
    channels = [np.interp(probability, _STOPS, _COLOURS[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1)


def draw_legend(
    width: int, *, threshold: float, background: int = 255
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw the colour bar with words that a stranger understands, and a tick at the threshold.

    Args:
        width: Pixels.
        threshold: Probability from which a vertex is called touching.
        background: Grey level around the bar.
    """
    left, right, top, height = 20, width - 20, 34, 18
    picture = Image.new("RGB", (width, 92), (background,) * 3)
    draw = ImageDraw.Draw(picture)
    draw.text((left, 6), "How likely this skin touches something", fill=(30, 30, 30), font=font(17))
    bar = probability_colours(np.linspace(0, 1, right - left))
    picture.paste(
        Image.fromarray(np.repeat(bar[None].round().astype(np.uint8), height, axis=0)), (left, top)
    )
    draw.rectangle((left, top, right, top + height), outline=(90, 90, 90))
    for value, anchor in ((0.0, "la"), (0.25, "ma"), (0.5, "ma"), (0.75, "ma"), (1.0, "ra")):
        x = left + value * (right - left)
        draw.text((x, top + height + 4), f"{value:.0%}", (30, 30, 30), font(14), anchor)
    x = left + threshold * (right - left)
    draw.line((x, top - 4, x, top + height + 4), fill=(0, 0, 0), width=3)
    draw.text(
        (right, 8), f"black line: called touch from {threshold:.0%}", (30, 30, 30), font(14), "ra"
    )
    return np.asarray(picture)
