"""The search for hands: palms in many windows, then several looks at each until they agree.

A palm is only a guess. It is taken for a hand when the joint network, shown the place again and
again from its own last answer, upright and mirrored, keeps saying "hand", puts the joints in the
same place, and calls it the same side.
"""

import dataclasses
import math

import numpy as np
from jaxtyping import Float, UInt8

from haco.apps.hand_networks import JOINTS_SIZE, PALM_SIZE, HandNetworks, Joints
from haco.apps.windows import Picture, Window, search_windows
from haco.types import Side

FIRST_PRESENCE = 0.2
"""A guess that scores less at the first look is dropped: real hands score far above."""
MEAN_PRESENCE, LOWEST_PRESENCE = 0.85, 0.75
"""What the last two looks, upright and mirrored, must reach together and each."""
LARGEST_SPREAD = 0.15
"""How far the joints of those looks may lie apart on average, over the hand's size."""
SAME_HAND = 0.25
"""Joints closer than this on average, over the hand's size, are one hand seen twice."""

_PALM_JOINTS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)


@dataclasses.dataclass(frozen=True)
class Find:
    """One hand found in a picture."""

    keypoints: Float[np.ndarray, "21 2"]
    """Pixels; wrist, then thumb, index, middle, ring and little from base to tip."""
    score: float
    """Mean presence of the last looks, 0 to 1."""
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
    for guess in find_guesses(picture, networks, fast=fast):
        find = confirm(picture, guess, networks, known=finds)
        if find is not None:
            finds.append(find)
    return keep_distinct(finds)


def find_guesses(picture: Picture, networks: HandNetworks, *, fast: bool) -> list[Guess]:
    """Look for palms in every window; the surest first, each place and size once."""
    guesses = []
    for window in search_windows(picture.height, picture.width, fast=fast):
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
    first = look(picture, guess.window, networks)
    if first.presence < FIRST_PRESENCE:
        return None
    second = look(picture, window_from_keypoints(first.keypoints), networks)
    if any(distance(second.keypoints, find.keypoints) < SAME_HAND / 2 for find in known):
        return None
    window = window_from_keypoints(second.keypoints)
    return agree(look(picture, window, networks), look(picture, window.mirror(), networks))


def agree(upright: Joints, mirrored: Joints) -> Find | None:
    """Make one find of two looks, or none where either doubts or they contradict each other."""
    presences = (upright.presence, mirrored.presence)
    sure = min(presences) >= LOWEST_PRESENCE and sum(presences) / 2 >= MEAN_PRESENCE
    one_place = distance(upright.keypoints, mirrored.keypoints) <= LARGEST_SPREAD
    if not (sure and one_place):
        return None
    return Find(
        keypoints=(upright.keypoints + mirrored.keypoints) / 2,
        score=sum(presences) / 2,
        right=(upright.right + mirrored.right) / 2,
    )


def distance(first: Float[np.ndarray, "21 2"], second: Float[np.ndarray, "21 2"]) -> float:
    """Give the mean distance of two hands' joints over the larger one's longer extent."""
    size = max(np.ptp(first, axis=0).max(), np.ptp(second, axis=0).max(), 1.0)
    return float(np.linalg.norm(first - second, axis=1).mean() / size)


def keep_distinct(finds: list[Find]) -> list[Find]:
    """Keep each hand once, the surest first, and no hand that is a piece of another."""
    kept: list[Find] = []
    for find in sorted(finds, key=lambda find: -find.score):
        if not any(_same_hand(find, other) for other in kept):
            kept.append(find)
    return kept


def _same_hand(find: Find, other: Find) -> bool:
    return distance(find.keypoints, other.keypoints) < SAME_HAND
