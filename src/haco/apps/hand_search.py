"""The search for hands: palms in many windows, then several looks at each until they agree.

A palm is only a guess. It is taken for a hand when the joint network, shown the place again and
again from its own last answer, upright and mirrored, keeps saying "hand" and puts the joints in
the same place. The upright and the mirrored look vote on the side.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, UInt8

from haco.apps.hand_networks import JOINTS_SIZE, PALM_SIZE, HandNetworks, Joints
from haco.apps.windows import Picture, Window, search_windows
from haco.geometry.boxes import box_centre, box_of_points
from haco.types import Side

OUTLINE = 0.1
"""Fingertips and wrist reach this far past the joints, over the longer side of the joints' box."""
FIRST_PRESENCE = 0.2
"""A guess that scores less at the first look is dropped: most do, and real hands score more."""
MEAN_PRESENCE, LOWEST_PRESENCE = 0.8, 0.6
"""What all looks must reach on average, and each of the last two, upright and mirrored."""
SMALLEST_HAND = 20
"""A hand whose joints span fewer pixels is too small to see what it touches, and hard to tell from
other things."""
LARGEST_SPREAD = 0.25
"""How far the joints of the last two may lie apart on average, over the hand's size."""
SAME_HAND = 0.25
"""Joints closer than this on average, over the hand's size, are one hand seen twice."""
INSIDE = 0.7
"""So are two hands if the smaller one's box lies in the other's by this part or more."""
PIECE = 0.4
"""A hand of less than this part of another's area, with its middle inside, is a piece of it: single
fingers can look like a small hand."""

_PALM_JOINTS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)


@dataclasses.dataclass(frozen=True)
class Find:
    """One hand found in a picture."""

    keypoints: Float[np.ndarray, "21 2"]
    """Pixels; wrist, then thumb, index, middle, ring and little from base to tip."""
    score: float
    """Mean presence of all looks, 0 to 1."""
    right: float
    """How sure the looks are that it is a right hand, 0 to 1."""

    @property
    def side(self) -> Side:
        """Which hand it is more likely to be."""
        return "right" if self.right > 0.5 else "left"


@dataclasses.dataclass(frozen=True)
class Guess:
    """A palm that some window shows: perhaps a hand."""

    score: float
    centre: Float[np.ndarray, "2"]
    side: float
    window: Window
    """Where the whole hand should be, pointing up."""


def find_hands(
    image: UInt8[np.ndarray, "height width 3"], networks: HandNetworks, *, fast: bool = False
) -> list[Find]:
    """Find the hands in a picture.

    Args:
        image: RGB.
        networks: What sees palms and joints.
        fast: Search the whole frame once instead of many tiles.

    Returns:
        One find a hand, the surest first.
    """
    picture = Picture(image)
    finds: list[Find] = []
    windows = search_windows(picture.height, picture.width, fast=fast)
    for guess in find_guesses(picture, networks, windows):
        find = confirm(picture, guess, networks, known=finds)
        if find is not None:
            finds.append(find)
    return keep_distinct(finds)


def find_guesses(
    picture: Picture, networks: HandNetworks, windows: Sequence[Window]
) -> list[Guess]:
    """Look for palms in every window; the surest first, each place and size once."""
    guesses = []
    for window in windows:
        for palm in networks.palms(picture.view(window, PALM_SIZE)):
            points = np.stack([palm.centre, palm.wrist, palm.knuckle])
            centre, wrist, knuckle = window.to_picture(points, PALM_SIZE)
            side = palm.side * window.side / PALM_SIZE
            hand = window_from_palm(centre, side, knuckle - wrist)
            guesses.append(Guess(palm.score, centre, side, hand))
    distinct: list[Guess] = []
    for guess in sorted(guesses, key=lambda guess: -guess.score):
        if not any(_same_palm(guess, other) for other in distinct):
            distinct.append(guess)
    return distinct


def _same_palm(first: Guess, second: Guess) -> bool:
    larger, smaller = max(first.side, second.side), min(first.side, second.side)
    apart = np.linalg.norm(first.centre - second.centre)
    return bool(larger < 2 * smaller and apart < 0.3 * larger)


def window_from_palm(
    centre: Float[np.ndarray, "2"], side: float, pointing: Float[np.ndarray, "2"]
) -> Window:
    """Give the square that holds a whole hand, by its palm and the way it points.

    The sizes are those with which mediapipe trained its joint network.
    """
    angle = math.atan2(pointing[0], -pointing[1])
    forward = np.array([math.sin(angle), -math.cos(angle)])
    x, y = (centre + 0.5 * side * forward).tolist()
    return Window((x, y), 2.6 * side, angle)


def window_from_keypoints(keypoints: Float[np.ndarray, "21 2"]) -> Window:
    """Give the square that holds a whole hand, by its joints; sizes again as in training."""
    knuckles = (keypoints[5] + 2 * keypoints[9] + keypoints[13]) / 4
    pointing = knuckles - keypoints[0]
    upright = Window((0.0, 0.0), 1.0, math.atan2(pointing[0], -pointing[1]))
    turned = upright.to_view(keypoints[list(_PALM_JOINTS)], 1)
    low, high = turned.min(axis=0), turned.max(axis=0)
    middle = (low + high) / 2 - [0, 0.1 * (high[1] - low[1])]
    x, y = upright.to_picture(middle[None], 1)[0].tolist()
    return Window((x, y), max(2 * float((high - low).max()), 1.0), upright.angle)


def look(picture: Picture, window: Window, networks: HandNetworks) -> Joints:
    """Place the joints of the hand in a window; the answer is of the picture, not of the view."""
    seen = networks.joints(picture.view(window, JOINTS_SIZE))
    return Joints(
        keypoints=window.to_picture(seen.keypoints, JOINTS_SIZE),
        presence=seen.presence,
        right=1 - seen.right if window.mirrored else seen.right,
    )


def confirm(
    picture: Picture, guess: Guess, networks: HandNetworks, *, known: list[Find]
) -> Find | None:
    """Look again from each look's own answer, at last also mirrored; a hand holds, others do not.

    Args:
        picture: Where the guess was made.
        guess: The palm.
        networks: What sees joints.
        known: Hands already found; a guess that leads to one of them is dropped.
    """
    looks = [look(picture, guess.window, networks)]
    if looks[0].presence < FIRST_PRESENCE:
        return None
    looks.append(look(picture, window_from_keypoints(looks[0].keypoints), networks))
    if any(distance(looks[1].keypoints, find.keypoints) < SAME_HAND / 2 for find in known):
        return None
    window = window_from_keypoints(looks[1].keypoints)
    looks += [look(picture, view, networks) for view in (window, window.mirror())]
    return agree(looks)


def agree(looks: list[Joints]) -> Find | None:
    """Make one find of several looks at a place, or none where they doubt, differ or see a speck.

    Args:
        looks: The last two at the same window, upright and mirrored; only they place the hand.
    """
    upright, mirrored = looks[-2:]
    mean = sum(seen.presence for seen in looks) / len(looks)
    lowest = min(upright.presence, mirrored.presence)
    spread = distance(upright.keypoints, mirrored.keypoints)
    if mean < MEAN_PRESENCE or lowest < LOWEST_PRESENCE or spread > LARGEST_SPREAD:
        return None
    keypoints = (upright.keypoints + mirrored.keypoints) / 2
    if np.ptp(keypoints, axis=0).max() < SMALLEST_HAND:
        return None
    return Find(
        keypoints=keypoints,
        score=mean,
        right=(upright.right + mirrored.right) / 2,
    )


def distance(first: Float[np.ndarray, "21 2"], second: Float[np.ndarray, "21 2"]) -> float:
    """Give the mean distance of two hands' joints over the larger one's longer extent."""
    size = max(np.ptp(first, axis=0).max(), np.ptp(second, axis=0).max(), 1.0)
    return float(np.linalg.norm(first - second, axis=1).mean() / size)


def outline_box(keypoints: Float[np.ndarray, "21 2"]) -> Float32[np.ndarray, "4"]:
    """Give the box around a hand's outline, by its joints."""
    box = box_of_points(keypoints)
    margin = OUTLINE * (box[2:] - box[:2]).max()
    return box + margin * np.array([-1, -1, 1, 1], np.float32)


def keep_distinct(finds: list[Find]) -> list[Find]:
    """Keep each hand once, the surest first, and no hand that is a piece of another.

    Hands that are folded into each other may count as one.
    """
    whole = [find for find in finds if not any(_is_piece(find, other) for other in finds)]
    kept: list[Find] = []
    for find in sorted(whole, key=lambda find: -find.score):
        if not any(_same_hand(find, other) for other in kept):
            kept.append(find)
    return kept


def _is_piece(find: Find, other: Find) -> bool:
    small, large = outline_box(find.keypoints), outline_box(other.keypoints)
    middle = box_centre(small)
    covered = bool((middle >= large[:2]).all() and (middle <= large[2:]).all())
    return covered and _area(small) < PIECE * _area(large)


def _same_hand(find: Find, other: Find) -> bool:
    first, second = outline_box(find.keypoints), outline_box(other.keypoints)
    near = distance(find.keypoints, other.keypoints) < SAME_HAND
    return near or _share_inside(first, second) >= INSIDE


def _share_inside(first: Float[np.ndarray, "4"], second: Float[np.ndarray, "4"]) -> float:
    """Give the part of the smaller box that lies in the other."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    shared = np.clip(high - low, 0, None).prod()
    return float(shared / min(_area(first), _area(second)))


def _area(box: Float[np.ndarray, "4"]) -> float:
    return float((box[2:] - box[:2]).prod())
