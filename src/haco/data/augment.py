"""Changes that a training crop goes through: where it lies, and then its pixels.

`draw_placement` says how the one warp of `crop_hand` shall differ from prediction's; `roughen`
does to the pixels what cheap cameras, haste and the web do to photos.
"""

import statistics
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import UInt8

from haco.data.settings import Augmentation

Pixels = UInt8[np.ndarray, "size size 3"]

_NORMAL = np.array(
    [statistics.NormalDist().inv_cdf((level + 0.5) / 256) for level in range(256)], np.float32
)
"""Turns a uniform byte into a normal deviate: much cheaper than drawing one, a pixel at a time."""

_LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue look (ITU-R BT.601)."""


class Placement(NamedTuple):
    """Where a crop lies, relative to the one that prediction would make."""

    scale: float = 1.0
    """Of the crop's width."""
    rotation: float = 0.0
    """Radians."""
    shift: tuple[float, float] = (0.0, 0.0)
    """Share of the crop's width, x and y."""


def draw_placement(augmentation: Augmentation, rng: np.random.Generator) -> Placement:
    """Draw scale, turn, shift and sometimes a closer look; always the same number of draws."""
    normal, uniform = rng.normal(size=4), rng.random(4)
    scale = 1 + augmentation.scale * np.clip(normal[0], -1, 1)
    turned = uniform[0] < augmentation.rotation_probability
    rotation = augmentation.rotation * np.clip(normal[1], -2, 2) if turned else 0.0
    shift = augmentation.shift * np.clip(normal[2:], -1, 1)
    if uniform[1] < augmentation.zoom_probability:
        shift = shift + scale * (1 - augmentation.zoom) * (uniform[2:] - 0.5)
        scale = scale * augmentation.zoom
    return Placement(float(scale), float(rotation), (float(shift[0]), float(shift[1])))


def shift_of_photo(
    placement: Placement, photo: tuple[int, int], crop_width: float
) -> tuple[float, float]:
    """Give the shift that takes a share of the whole photo for one of the crop, as a bug does.

    Args:
        placement: Whose shift is a share of the photo's width and height.
        photo: Its width and height, pixels.
        crop_width: Of the crop, pixels of the photo.

    Returns:
        The shift as a share of the crop's width.
    """
    x, y = placement.shift
    return x * photo[0] / crop_width, y * photo[1] / crop_width


def roughen(crop: Pixels, augmentation: Augmentation, rng: np.random.Generator) -> Pixels:
    """Lose detail, smear, recolour, add noise and recompress, each only sometimes.

    The order is a camera's: what the lens does comes before the sensor, and the file comes last.
    `reference` has the released system's order and its noise.
    """
    if augmentation.mode == "reference":
        return _roughen_as_released(crop, augmentation, rng)
    chance = rng.random(4)
    if chance[0] < augmentation.low_resolution_probability:
        crop = lower_resolution(crop, rng.uniform(augmentation.low_resolution, 0.7))
    if chance[1] < augmentation.motion_blur_probability:
        crop = blur_along_line(crop, int(rng.choice((3, 5, 7))), int(rng.integers(4)))
    crop = recolour(crop, augmentation, rng)
    if chance[2] < augmentation.noise_probability:
        crop = add_noise(crop, rng.uniform(0, augmentation.noise), rng)
    if chance[3] < augmentation.jpeg_probability:
        crop = recompress(crop, int(rng.integers(augmentation.jpeg_quality, 96)))
    return crop


def _roughen_as_released(
    crop: Pixels, augmentation: Augmentation, rng: np.random.Generator
) -> Pixels:
    chance = rng.random(3)
    if chance[0] < augmentation.low_resolution_probability:
        share = rng.uniform(augmentation.low_resolution, 0.5)
        crop = lower_resolution(crop, share, enlarge=cv2.INTER_NEAREST)
    gain = 1 + augmentation.colour * rng.uniform(-1, 1, size=3)
    crop = cv2.transform(crop, np.diag(gain))
    if chance[1] < augmentation.noise_probability:
        # Values of 0 to 255 are clipped to 0..1, as if they were shares of white.
        noise = augmentation.noise * rng.normal(size=crop.shape)
        crop = np.rint(np.clip(crop + noise, 0, 1)).astype(np.uint8)
    if chance[2] < augmentation.motion_blur_probability:
        crop = blur_along_line(crop, int(rng.choice((3, 5, 7))), int(rng.integers(3)))
    return crop


def lower_resolution(crop: Pixels, share: float, *, enlarge: int = cv2.INTER_LINEAR) -> Pixels:
    """Shrink the crop to `share` of its size and bring it back, smooth unless told otherwise."""
    size = crop.shape[0]
    small = max(1, round(size * share))
    shrunk = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (size, size), interpolation=enlarge)


def blur_along_line(crop: Pixels, length: int, direction: int) -> Pixels:
    """Average each pixel over a line: across, down, or along one of the two diagonals."""
    kernel = np.zeros((length, length), np.float32)
    middle, steps = length // 2, np.arange(length)
    rows = (np.full(length, middle), steps, steps, steps[::-1])[direction]
    columns = (steps, np.full(length, middle), steps, steps)[direction]
    kernel[rows, columns] = 1 / length
    return cv2.filter2D(crop, -1, kernel)


def recolour(crop: Pixels, augmentation: Augmentation, rng: np.random.Generator) -> Pixels:
    """Change each channel's gain, brightness, saturation, and contrast about the crop's mean."""
    spread = rng.uniform(-1, 1, size=6)
    gain = (1 + augmentation.colour * spread[:3]) * (1 + augmentation.brightness * spread[3])
    saturation = 1 + augmentation.saturation * spread[4]
    contrast = 1 + augmentation.contrast * spread[5]
    mixed = saturation * np.eye(3) + (1 - saturation) * _LUMA
    mean = float(np.mean(cv2.mean(crop)[:3] * gain))
    offset = np.full((3, 1), mean * (1 - contrast))
    return cv2.transform(crop, np.hstack([contrast * mixed * gain, offset]))


def add_noise(crop: Pixels, deviation: float, rng: np.random.Generator) -> Pixels:
    """Add independent normal noise to every value; `deviation` is a share of white."""
    uniform = np.frombuffer(rng.bytes(crop.size), np.uint8).reshape(crop.shape)
    noise = cv2.LUT(uniform, np.rint(_NORMAL * deviation * 255).astype(np.int16))
    return cv2.add(crop, noise, dtype=cv2.CV_8U)


def recompress(crop: Pixels, quality: int) -> Pixels:
    """Write the crop as JPEG and read it back."""
    _, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)
