"""What lies behind everything: drawn rooms, soft noise, gradients and crops of open pictures."""

import functools
import importlib.resources
import io

import cv2
import numpy as np
from jaxtyping import Float32
from PIL import Image

from haco.synth.looks.materials import draw_colour, linear
from haco.synth.looks.picture_folder import PictureFolder

TEXTURES = ("coffee", "chelsea", "brick", "grass", "gravel", "rocket", "hubble_deep_field")
"""Names of the bundled pictures; who made them stands beside them in `LICENCES.md`."""
SIZE = 256
"""Pixels along a texture and along a background, which is enlarged to the picture's size."""
OWN_SHARE = 0.75
"""Share of the backgrounds that are cut from the user's pictures, where there are any."""
STYLES = ("room", "noise", "gradient", "picture")

Background = Float32[np.ndarray, "256 256 3"]


@functools.cache
def textures() -> Float32[np.ndarray, "pictures 256 256 3"]:
    """Read the bundled pictures, in linear light."""
    folder = importlib.resources.files("haco.synth") / "assets"
    pictures = [
        np.asarray(Image.open(io.BytesIO((folder / f"{name}.jpg").read_bytes())).convert("RGB"))
        for name in TEXTURES
    ]
    return linear(np.stack(pictures) / 255).astype(np.float32)


def draw_background(
    rng: np.random.Generator, *, plain: bool = False, own: PictureFolder | None = None
) -> Background:
    """Draw a background in linear light.

    Args:
        rng: Where chance comes from.
        plain: A single colour, slightly uneven.
        own: Pictures of the user's, for `OWN_SHARE` of the backgrounds.
    """
    if own is not None and rng.random() < OWN_SHARE:
        image = own.draw(rng, SIZE)
    elif plain:
        return _gradient(rng, strength=0.1)
    else:
        style = STYLES[rng.choice(4, p=(0.45, 0.15, 0.15, 0.25))]
        image = _DRAW[style](rng)
    sigma = rng.choice([0.0, 1.0, 3.0, 8.0], p=(0.3, 0.25, 0.25, 0.2))
    if sigma:
        image = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.clip(image, 0, None)


def _gradient(rng: np.random.Generator, *, strength: float = 0.6) -> Background:
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    slope = 1 + strength * rng.uniform(0, 1) * (np.cos(angle) * x + np.sin(angle) * y)
    image = draw_colour(rng) * np.clip(slope, 0.05, None)[..., None]
    return image.astype(np.float32)


def _noise_field(rng: np.random.Generator, cells: int, channels: int) -> np.ndarray:
    grid = rng.random((cells, cells, channels), np.float32)
    how = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.choice(3, p=(0.2, 0.4, 0.4))]
    return cv2.resize(grid, (SIZE, SIZE), interpolation=how).reshape(SIZE, SIZE, channels)


def _noise(rng: np.random.Generator) -> Background:
    first, second = draw_colour(rng), draw_colour(rng)
    share = _noise_field(rng, int(rng.integers(2, 25)), 1)
    tint = 1 + rng.uniform(0, 0.6) * (_noise_field(rng, int(rng.integers(2, 25)), 3) - 0.5)
    return ((first + share * (second - first)) * tint).astype(np.float32)


def _picture(rng: np.random.Generator) -> Background:
    source = textures()[rng.integers(len(TEXTURES))]
    side = int(rng.integers(96, SIZE + 1))
    top, left = rng.integers(0, SIZE - side + 1, 2)
    crop = cv2.resize(source[top : top + side, left : left + side], (SIZE, SIZE))
    crop = np.rot90(crop, rng.integers(4))[:, :: rng.choice([-1, 1])]
    tint = rng.uniform(0.5, 1.4) * (1 + rng.normal(0, 0.12, 3))
    return np.ascontiguousarray(crop * np.clip(tint, 0.1, None), np.float32)


def _room(rng: np.random.Generator) -> Background:
    """Draw a wall and a floor with flat things before them, under uneven light."""
    image = _gradient(rng)
    angle, level = rng.normal(0, 0.15), rng.uniform(0.4, 1.1) * SIZE
    low = [[-SIZE, level - angle * SIZE], [2 * SIZE, level + 2 * angle * SIZE]]
    floor = np.array([*low, [2 * SIZE, 3 * SIZE], [-SIZE, 3 * SIZE]])
    cv2.fillPoly(image, [np.rint(floor).astype(np.int32)], draw_colour(rng).tolist())
    for _ in range(int(rng.integers(3, 30))):
        centre, size = rng.uniform(0, SIZE, 2), SIZE * np.exp(rng.uniform(-3.5, -0.6))
        halves = size * rng.uniform(0.15, 1.0, 2)
        turn = np.degrees(angle) + (rng.uniform(0, 180) if rng.random() < 0.3 else 0)
        colour = (draw_colour(rng) * rng.uniform(0.3, 1.1)).tolist()
        if rng.random() < 0.25:
            axes = (int(halves[0]) + 1, int(halves[1]) + 1)
            place = (int(centre[0]), int(centre[1]))
            cv2.ellipse(image, place, axes, turn, 0, 360, colour, -1, cv2.LINE_8)
        else:
            box = cv2.boxPoints(((centre[0], centre[1]), (2 * halves[0], 2 * halves[1]), turn))
            cv2.fillPoly(image, [np.rint(box).astype(np.int32)], colour)
    light = 1 + rng.uniform(0, 0.9) * (_noise_field(rng, int(rng.integers(2, 6)), 1) - 0.5)
    grain = 1 + rng.uniform(0, 0.3) * (_noise_field(rng, int(rng.integers(30, 120)), 1) - 0.5)
    return (image * light * grain).astype(np.float32)


_DRAW = {"room": _room, "noise": _noise, "gradient": _gradient, "picture": _picture}
