"""From where a hand is seen, and how large it is in the picture."""

import dataclasses

import numpy as np
from jaxtyping import Float, Float64

from haco.geometry.camera import look_at, transform_points
from haco.synth.picture_sets import PictureSet
from haco.synth.poses.interaction import Interaction

HAND_SHARE = (0.42, 0.64)
"""Longer side of the hand's tight box, as a share of the picture's width."""
CROP_FACTOR = 1.5
"""The crops made of these pictures are so much wider than the box; they should stay inside."""
OWN_EYES = 0.15
"""In a set with extras, share of pictures seen over the arm, as by the person's own head."""
EASY_DIRECTION = np.array([-0.25, 0.45, 0.85])


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """A camera that looks at a hand; the picture is square, of any number of pixels."""

    T_camera_hand: Float64[np.ndarray, "4 4"]
    focal: float
    """Focal length, in widths of the picture."""
    centre: Float64[np.ndarray, "2"]
    """Where the viewing axis meets the picture, in widths from its left and upper edge."""

    def intrinsics(self, size: int) -> Float64[np.ndarray, "3 3"]:
        """Give K for a picture of `size` pixels each way (pixel centres at whole numbers)."""
        x, y = self.centre * size - 0.5
        return np.array([[self.focal * size, 0, x], [0, self.focal * size, y], [0, 0, 1.0]])


def draw_view(
    interaction: Interaction,
    forearm: Float[np.ndarray, "3"],
    picture_set: PictureSet,
    rng: np.random.Generator,
    *,
    share: tuple[float, float] = HAND_SHARE,
) -> View:
    """Draw a camera that stands free, does not look along the forearm, and frames the hand.

    Args:
        interaction: What is looked at.
        forearm: Unit vector from the wrist to the elbow, in the hand's frame.
        picture_set: Says whether any view will do.
        rng: Where chance comes from.
        share: Range of the longer side of the hand's box, as a share of the picture's width.
    """
    centre = interaction.vertices.mean(axis=0).astype(np.float64)
    if picture_set.everyday:
        direction, distance = _free_direction(interaction, forearm, centre, rng)
        if picture_set.extras and rng.random() < OWN_EYES:
            own = _own_eyes(interaction, forearm, centre, rng)
            direction, distance = (direction, distance) if own is None else own
        up = -forearm + rng.normal(0, 0.5, 3) if rng.random() < 0.6 else rng.normal(size=3)
    else:
        direction = _unit(EASY_DIRECTION + rng.normal(0, 0.22, 3))
        distance = rng.uniform(0.5, 0.8)
        up = np.array([0.0, 1.0, 0.0]) + rng.normal(0, 0.12, 3)
    T_camera_hand = look_at(centre + distance * direction, centre, up)
    return _framed(T_camera_hand, interaction, rng, share)


def free_normal(interaction: Interaction) -> Float64[np.ndarray, "3"] | None:
    """Give the unit normal of the flat surface that is touched, in the hand's frame, or None."""
    for placed in interaction.objects:
        if placed.role == "surface":
            return placed.T_hand_object[:3, 1].astype(np.float64)
    return None


def _free_direction(
    interaction: Interaction,
    forearm: Float[np.ndarray, "3"],
    centre: Float[np.ndarray, "3"],
    rng: np.random.Generator,
) -> tuple[Float64[np.ndarray, "3"], float]:
    normal = free_normal(interaction)
    for _ in range(200):
        direction, distance = _unit(rng.normal(size=3)), rng.uniform(0.3, 1.1)
        eye = (centre + distance * direction)[None]
        beneath = normal is not None and direction @ normal < 0.15
        inside = any(placed.distance(eye)[0] < 0.05 for placed in interaction.objects)
        if not beneath and not inside and direction @ forearm < 0.8:
            return direction, distance
    return (np.array([0.0, 1.0, 0.0]) if normal is None else normal), 0.6


def _own_eyes(
    interaction: Interaction,
    forearm: Float[np.ndarray, "3"],
    centre: Float[np.ndarray, "3"],
    rng: np.random.Generator,
) -> tuple[Float64[np.ndarray, "3"], float] | None:
    """Look from behind and above the elbow, 35 to 60 cm off; None if something is in the way."""
    beside = np.cross(forearm, rng.normal(size=3))
    direction = _unit(forearm + rng.uniform(0.6, 1.4) * _unit(beside))
    distance = rng.uniform(0.35, 0.6)
    eye = (centre + distance * direction)[None]
    normal = free_normal(interaction)
    beneath = normal is not None and direction @ normal < 0.15
    inside = any(placed.distance(eye)[0] < 0.05 for placed in interaction.objects)
    return None if beneath or inside else (direction, distance)


def _framed(
    T_camera_hand: Float64[np.ndarray, "4 4"],
    interaction: Interaction,
    rng: np.random.Generator,
    shares: tuple[float, float],
) -> View:
    """Choose the focal length and the axis so that the hand's box has its size and place."""
    points = transform_points(interaction.vertices.astype(np.float64), T_camera_hand)
    rays = points[:, :2] / points[:, 2:]
    low, high = rays.min(axis=0), rays.max(axis=0)
    share = rng.uniform(*shares)
    focal = share / (high - low).max()
    room = max(0.0, 0.5 - 0.5 * CROP_FACTOR * share) + 0.02
    place = 0.5 + rng.uniform(-room, room, 2)
    return View(
        T_camera_hand=T_camera_hand, focal=float(focal), centre=place - focal * (low + high) / 2
    )


def _unit(vector: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "3"]:
    return vector / np.linalg.norm(vector)
