"""Hands frame after frame: a whole search now and then, and between them a look where they were."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from haco.apps.detect import DetectedHand, HandDetector, detected_hand
from haco.apps.hand_networks import HandNetworks, MediapipeNetworks
from haco.apps.hand_search import (
    SMALLEST_HAND,
    Find,
    Guess,
    confirm,
    find_guesses,
    keep_distinct,
    look,
    window_from_keypoints,
)
from haco.apps.windows import Picture, Window, search_windows

LOST_PRESENCE = 0.5
"""A hand that is followed is lost where a look is less sure than this that it is there."""
TILES_AT_A_TIME = 3
"""Windows beside the whole frame that a search after the first one looks into, turn about."""


@runtime_checkable
class HandSource(Protocol):
    """Anything that gives the hands of a video, frame after frame."""

    def __call__(
        self, image: UInt8[np.ndarray, "height width 3"], index: int
    ) -> list[DetectedHand]:
        """Give the hands seen in an RGB frame, which comes after the last one."""
        ...

    def state(self) -> dict[str, Any]:
        """Give what must be known to go on later, as JSON holds it."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        ...


class FollowedHands:
    """Finds hands with mediapipe's networks and follows each from frame to frame.

    The first frame is searched wholly. After that a search, every `every` frames, sees the whole
    frame and a few of the smaller windows, others each time; between searches the joint network
    looks once a hand at where its joints were in the frame before.
    """

    def __init__(self, *, every: int, networks: HandNetworks | None = None):
        """Choose how often to search.

        Args:
            every: Frames from one search to the next.
            networks: What sees palms and joints; mediapipe's if not given.
        """
        self._every = every
        self._networks = networks
        self._hands: list[Find] = []
        self._turn = 0

    def __call__(
        self, image: UInt8[np.ndarray, "height width 3"], index: int
    ) -> list[DetectedHand]:
        """Give the hands of the next frame.

        Raises:
            InputError: mediapipe 0.10.21 is not installed.
        """
        if self._networks is None:
            self._networks = MediapipeNetworks()
        picture, is_search = Picture(image), index % self._every == 0
        followed = [
            self._follow(picture, hand, self._networks, thorough=is_search) for hand in self._hands
        ]
        hands = keep_distinct([hand for hand in followed if hand is not None])
        if is_search:
            hands = self._search(picture, hands, self._networks)
        self._hands = hands
        return [detected_hand(hand) for hand in hands]

    def state(self) -> dict[str, Any]:
        """Give the hands of the last frame and which windows come next."""
        hands = [
            {"keypoints": hand.keypoints.tolist(), "score": hand.score, "right": hand.right}
            for hand in self._hands
        ]
        return {"hands": hands, "turn": self._turn}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._turn = state["turn"]
        self._hands = [
            Find(np.array(hand["keypoints"]), hand["score"], hand["right"])
            for hand in state["hands"]
        ]

    def _follow(
        self, picture: Picture, hand: Find, networks: HandNetworks, *, thorough: bool
    ) -> Find | None:
        window = window_from_keypoints(hand.keypoints)
        looks = [look(picture, window, networks)]
        if thorough:
            looks.append(look(picture, window.mirror(), networks))
        presence = float(np.mean([seen.presence for seen in looks]))
        keypoints = np.mean([seen.keypoints for seen in looks], axis=0)
        if presence < LOST_PRESENCE or np.ptp(keypoints, axis=0).max() < SMALLEST_HAND:
            return None
        return Find(keypoints, presence, float(np.mean([seen.right for seen in looks])))

    def _search(
        self, picture: Picture, known: Sequence[Find], networks: HandNetworks
    ) -> list[Find]:
        hands = list(known)
        for guess in find_guesses(picture, networks, self._windows(picture)):
            if any(_is_palm_of(guess, hand) for hand in hands):
                continue
            find = confirm(picture, guess, networks, known=hands)
            if find is not None:
                hands.append(find)
        return keep_distinct(hands)

    def _windows(self, picture: Picture) -> list[Window]:
        whole, *others = search_windows(picture.height, picture.width)
        turn, self._turn = self._turn, self._turn + 1
        if turn == 0:
            return [whole, *others]
        first = (turn - 1) * TILES_AT_A_TIME
        return [whole, *(others[(first + k) % len(others)] for k in range(TILES_AT_A_TIME))]


class DetectedHands:
    """Asks a detector every few frames; the frames between have no hands of their own."""

    def __init__(self, detector: HandDetector, *, every: int = 1):
        """Choose a detector, and how many frames lie from one call to the next."""
        self._detector = detector
        self._every = every

    def __call__(
        self, image: UInt8[np.ndarray, "height width 3"], index: int
    ) -> list[DetectedHand]:
        """Give the hands that the detector finds, or none between its turns."""
        return self._detector(image) if index % self._every == 0 else []

    def state(self) -> dict[str, Any]:
        """Give nothing: each frame is seen by itself."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on."""


def _is_palm_of(guess: Guess, hand: Find) -> bool:
    """Say whether a palm is that of a hand already known, so that it needs no look."""
    palm = hand.keypoints[[0, 5, 9, 13, 17]]
    size = float(np.ptp(palm, axis=0).max())
    return bool(np.linalg.norm(palm.mean(axis=0) - guess.centre) < 0.5 * size)
