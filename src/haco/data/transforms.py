"""The crop: one function turns a hand in a photo into a network's square, everywhere.

Training, evaluation, prediction and video all call `crop_hand`; a left hand is mirrored here and
nowhere else. Pixel centres lie at whole numbers.
"""

from typing import Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Shaped, UInt8
from torch import Tensor

from haco.data.augment import Placement, draw_placement, roughen, shift_of_photo
from haco.data.labels import contact_of
from haco.data.settings import Augmentation
from haco.files import InputError
from haco.geometry.boxes import box_centre, mirror_box
from haco.geometry.contact import ContactProtocol
from haco.types import UNKNOWN_PIXEL, Crop, Sample, Side

CROP_SIZE = 256
"""Pixels of a crop along each side."""
CROP_FACTOR = 1.5
"""Width of the crop over the longer side of the hand's box."""
_GRID = 64  # Boxes are rounded to 1/64 pixel, so that mirroring one twice cannot move a pixel.

Mode = Literal["fixed", "reference"]
Image = Shaped[np.ndarray, "height width 3"]
Affine = Float64[np.ndarray, "2 3"]


def crop_hand(
    image: Image,
    box: Float[np.ndarray, "4"],
    side: Side,
    *,
    size: int = CROP_SIZE,
    scale: float = 1.0,
    rotation: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    mode: Mode = "fixed",
    border: int = 0,
) -> tuple[Shaped[np.ndarray, "size size 3"], Affine]:
    """Cut the square around a hand, mirrored if it is a left one, and say where it came from.

    `fixed` takes a square `CROP_FACTOR` times as wide as the box's longer side, and averages when
    it shrinks, so that a large photo does not alias. `reference` is the released system's crop,
    pixel for pixel: it stretches the box itself to the square, samples without averaging, puts
    its centre half a pixel off, and counts `shift` in shares of the whole image.

    Args:
        image: RGB, uint8 or float32.
        box: The hand, xyxy pixels, far edge outside; it may leave the image.
        side: Anatomical side of the hand.
        size: Pixels of the crop along each side.
        scale: Widens (above 1) or narrows the crop.
        rotation: Turn of the crop about its centre, radians.
        shift: Move of the crop's centre along the (mirrored) image's x and y, as a share of the
            crop's width.
        mode: See above.
        border: Value of what lies outside the image.

    Returns:
        The crop, and the matrix that takes a pixel of the image to a pixel of the crop.

    Raises:
        InputError: The box is empty, or has no pixel of the image within reach.
    """
    height, width = image.shape[:2]
    _check_box(box, height, width)
    mirrored = side == "left"
    placement = Placement(scale, rotation, shift)
    if mode == "fixed":
        to_image = _square_placement(box, width, placement, size=size, mirrored=mirrored)
        shrink = max(1, round(np.linalg.norm(to_image[:, 0])))
    else:
        to_image = _stretched_placement(
            box, (height, width), placement, size=size, mirrored=mirrored
        )
        shrink = 1
    crop = _warp(image, to_image, size=size, shrink=shrink, border=border, mirrored=mirrored)
    return crop, _image_to_crop(to_image, width, mirrored=mirrored)


def move_points(matrix: Affine, points: Float[np.ndarray, "*points 2"]) -> np.ndarray:
    """Carry pixels through a 2x3 matrix, such as the one that `crop_hand` gives."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def to_crop(
    sample: Sample,
    protocol: ContactProtocol,
    rng: np.random.Generator | None = None,
    augmentation: Augmentation | None = None,
    *,
    size: int = CROP_SIZE,
    mode: Mode = "fixed",
) -> Crop:
    """Turn a sample into one crop with its truth under a contact protocol.

    Args:
        sample: One hand in one image.
        protocol: Says at which distance a vertex touches.
        rng: Where the augmentation draws from; needed if there is any.
        augmentation: How a training crop may differ; None gives prediction's own crop.
        size: Pixels of the crop along each side.
        mode: Of the crop, see `crop_hand`.

    Returns:
        One crop without a batch axis.
    """
    placement = Placement()
    if augmentation is not None:
        if rng is None:
            raise ValueError("augmentation draws at random: pass an rng")
        placement = draw_placement(augmentation, rng)
        if augmentation.mode == "reference" and mode == "fixed":  # that crop does so by itself
            height, width = sample.image.shape[:2]
            across = CROP_FACTOR * placement.scale * float((sample.box[2:] - sample.box[:2]).max())
            shift = shift_of_photo(placement, (width, height), across)
            placement = placement._replace(shift=shift)
    image, matrix = crop_hand(
        sample.image, sample.box, sample.side, size=size, mode=mode, **placement._asdict()
    )
    if augmentation is not None and rng is not None:
        image = roughen(image, augmentation, rng)
    contact, valid = contact_of(sample, protocol)
    keypoints = np.full((21, 2), np.nan)
    if sample.keypoints is not None:
        keypoints = move_points(matrix, sample.keypoints.astype(np.float64)) / size
    return Crop(
        # Channels lie last in memory, which is how convolutions on a CPU like it.
        image=torch.from_numpy(image).permute(2, 0, 1),
        contact=torch.from_numpy(contact),
        valid=torch.from_numpy(valid),
        keypoints=torch.from_numpy(keypoints.astype(np.float32)),
        vertices=_right_surface(sample),
        masks=None if sample.masks is None else _warp_masks(sample.masks, matrix, size),
    )


def _right_surface(sample: Sample) -> Float32[Tensor, "vertices 3"] | None:
    if sample.vertices is None:
        return None
    sign = -1.0 if sample.side == "left" else 1.0
    return torch.from_numpy(sample.vertices * np.array([sign, 1, 1], np.float32))


def _warp_masks(
    masks: UInt8[np.ndarray, "2 height width"], matrix: Affine, size: int
) -> UInt8[Tensor, "2 size size"]:
    """Carry masks to the crop; each of its pixels takes the nearest one of the picture."""
    layers = [
        cv2.warpAffine(
            mask,
            matrix,
            (size, size),
            flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(UNKNOWN_PIXEL,),
        )
        for mask in masks
    ]
    return torch.from_numpy(np.stack(layers))


def _check_box(box: Float[np.ndarray, "4"], height: int, width: int) -> None:
    left, top, right, bottom = (float(edge) for edge in box)
    if not (np.isfinite(box).all() and left < right and top < bottom):
        raise InputError(
            f"box ({left:g}, {top:g}, {right:g}, {bottom:g}) holds no pixel; "
            "give left, top, right, bottom with left < right and top < bottom"
        )
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        raise InputError(
            f"box ({left:g}, {top:g}, {right:g}, {bottom:g}) lies outside the image, "
            f"which is {width} x {height} pixels; give a box that meets it"
        )


def _square_placement(
    box: Float[np.ndarray, "4"], width: int, placement: Placement, *, size: int, mirrored: bool
) -> Affine:
    """Give the matrix from crop pixels to pixels of the (mirrored) image."""
    rounded = np.rint(box.astype(np.float64) * _GRID) / _GRID
    if mirrored:
        rounded = mirror_box(rounded, width).astype(np.float64)
    across = CROP_FACTOR * placement.scale * (rounded[2:] - rounded[:2]).max()
    centre = box_centre(rounded) + across * np.array(placement.shift)
    linear = _turn(placement.rotation) * (across / size)
    return _about(linear, centre, (size - 1) / 2)


def _stretched_placement(
    box: Float[np.ndarray, "4"],
    image_size: tuple[int, int],
    placement: Placement,
    *,
    size: int,
    mirrored: bool,
) -> Affine:
    """Give the released system's matrix from crop pixels to pixels of the (mirrored) image."""
    height, width = image_size
    corners = box.astype(np.float64)
    centre = (corners[:2] + corners[2:]) / 2
    if mirrored:
        centre[0] = width - centre[0] - 1
    centre = centre + np.array([width, height]) * np.array(placement.shift)
    extent = (corners[2:] - corners[:2]) * placement.scale
    return _about(_turn(placement.rotation) * (extent / size), centre, size / 2)


def _turn(angle: float) -> Float64[np.ndarray, "2 2"]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _about(linear: np.ndarray, centre: np.ndarray, middle: float) -> Affine:
    """Give the affine map with this linear part that takes (middle, middle) to `centre`."""
    return np.column_stack([linear, centre - linear @ np.array([middle, middle])])


def _image_to_crop(to_image: Affine, width: int, *, mirrored: bool) -> Affine:
    matrix = cv2.invertAffineTransform(to_image)
    if mirrored:
        flip = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
        matrix = matrix @ flip
    return matrix


def _warp(
    image: Image, to_image: Affine, *, size: int, shrink: int, border: int, mirrored: bool
) -> np.ndarray:
    """Sample the crop: cut a window, mirror it, average blocks of `shrink` pixels, interpolate."""
    height, width = image.shape[:2]
    reach = np.array([[-1, -1], [size, -1], [-1, size], [size, size]], np.float64)
    corners = move_points(to_image, reach)
    limit = np.array([width, height])
    low = np.clip(np.floor(corners.min(axis=0)) - 2 * shrink, 0, limit).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 2 * shrink, 0, limit).astype(int)
    if (low >= high).any():
        return np.full((size, size, 3), border, image.dtype)
    window = _window(image, low, high, mirrored=mirrored)
    if shrink > 1:
        window = _average_blocks(window, shrink, border)
    local = to_image.copy()
    local[:, 2] = (local[:, 2] - low + 0.5) / shrink - 0.5
    local[:, :2] /= shrink
    return cv2.warpAffine(
        window,
        local,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(border,) * 3,
    )


def _window(image: Image, low: np.ndarray, high: np.ndarray, *, mirrored: bool) -> np.ndarray:
    """Cut columns and rows `low..high` of the image, or of its mirror image."""
    rows = image[low[1] : high[1]]
    if not mirrored:
        return np.ascontiguousarray(rows[:, low[0] : high[0]])
    width = image.shape[1]
    return cv2.flip(rows[:, width - high[0] : width - low[0]], 1)


def _average_blocks(window: np.ndarray, shrink: int, border: int) -> np.ndarray:
    """Average blocks of `shrink` x `shrink` pixels; what is missing of the last ones is border."""
    height, width = window.shape[:2]
    below, beside = -height % shrink, -width % shrink
    whole = cv2.copyMakeBorder(
        window, 0, below, 0, beside, cv2.BORDER_CONSTANT, value=(border,) * 3
    )
    blocks = (whole.shape[1] // shrink, whole.shape[0] // shrink)
    return cv2.resize(whole, blocks, interpolation=cv2.INTER_AREA)
