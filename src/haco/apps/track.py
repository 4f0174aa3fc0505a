"""Which hand is which from frame to frame: identities, and sides that do not flip."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from haco.apps.detect import DetectedHand
from haco.apps.hand_search import distance
from haco.geometry.boxes import iou
from haco.types import Side

LOOK_AGAIN = 1.0
"""A hand that was out of sight for at most so many seconds is the same one when it comes back."""
FARTHEST = 1.0
"""It may have moved so far from where it was going, over its own size."""
OTHER_SIDE = 0.7
"""What it costs to be a hand of the other side, in the same unit as the distance."""
SURE = 3
"""A track counts as a hand once it was there in so many frames."""
_STRONGEST_VOTE = 4.0
_NAMED_SIDE = 0.9
_IMPOSSIBLE = 1e6


@dataclasses.dataclass(kw_only=True)
class Track:
    """One hand over time."""

    number: int
    """From 1, in the order of appearance."""
    box: list[float]
    """Where it was last, xyxy in pixels."""
    motion: list[float]
    """How its centre moves, pixels a frame."""
    last: int
    """The frame that it was last seen in."""
    frames: int = 1
    """How many frames it was there in, bridged ones counted."""
    votes: float = 0.0
    """Sum of the log-odds that it is a right hand."""
    side: Side | None = None
    """Once decided it stays."""
    keypoints: list[list[float]] | None = None


class Tracker:
    """Gives every hand of every frame the number of its track."""

    def __init__(self, rate: float):
        """Begin.

        Args:
            rate: Frames a second.
        """
        self._patience = max(2, round(LOOK_AGAIN * rate))
        self._tracks: list[Track] = []
        self._count = 0

    def update(self, index: int, hands: Sequence[DetectedHand]) -> list[Track]:
        """Say to which track each hand of the next frame belongs; new hands begin new ones."""
        self._tracks = [t for t in self._tracks if index - t.last <= self._patience]
        chosen = self._assign(index, hands)
        found = []
        for number, hand in enumerate(hands):
            track = chosen.get(number)
            if track is None:
                track = self._begin(index, hand)
            else:
                _go_on(track, index, hand)
            track.votes += _vote(hand)
            found.append(track)
        return found

    def state(self) -> dict[str, Any]:
        """Give what must be known to go on later, as JSON holds it."""
        return {"count": self._count, "tracks": [dataclasses.asdict(t) for t in self._tracks]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._count = state["count"]
        self._tracks = [Track(**track) for track in state["tracks"]]

    def track(self, number: int) -> Track | None:
        """Give a track that may still go on, by its number."""
        return next((track for track in self._tracks if track.number == number), None)

    def _begin(self, index: int, hand: DetectedHand) -> Track:
        self._count += 1
        track = Track(number=self._count, box=hand.box.tolist(), motion=[0.0, 0.0], last=index)
        track.keypoints = None if hand.keypoints is None else hand.keypoints.tolist()
        self._tracks.append(track)
        return track

    def _assign(self, index: int, hands: Sequence[DetectedHand]) -> dict[int, Track]:
        if not hands or not self._tracks:
            return {}
        costs = np.array([[_cost(track, index, hand) for track in self._tracks] for hand in hands])
        rows, columns = linear_sum_assignment(costs)
        pairs = zip(rows.tolist(), columns.tolist(), strict=True)
        return {row: self._tracks[column] for row, column in pairs if costs[row, column] < 10}


def decide_side(track: Track) -> Side:
    """Settle a track's side by the votes so far; from then on it stays."""
    if track.side is None:
        track.side = "right" if track.votes > 0 else "left"
    return track.side


def _go_on(track: Track, index: int, hand: DetectedHand) -> None:
    gap = index - track.last
    old, new = _centre(np.array(track.box)), _centre(hand.box)
    motion = 0.5 * np.array(track.motion) + 0.5 * (new - old) / gap
    track.motion, track.box, track.last = motion.tolist(), hand.box.tolist(), index
    track.keypoints = None if hand.keypoints is None else hand.keypoints.tolist()
    track.frames += 1


def _cost(track: Track, index: int, hand: DetectedHand) -> float:
    """Say how unlikely a hand is to be a track's: by place, overlap, joints and side."""
    box = np.array(track.box)
    box = box + np.tile(np.array(track.motion) * min(index - track.last, 3), 2)
    size = max(float((box[2:] - box[:2]).max()), float((hand.box[2:] - hand.box[:2]).max()), 1.0)
    apart = float(np.linalg.norm(_centre(box) - _centre(hand.box))) / size
    if apart > FARTHEST:
        return _IMPOSSIBLE
    cost = apart + 1 - float(iou(box[None], hand.box[None].astype(np.float64))[0])
    if track.keypoints is not None and hand.keypoints is not None:
        cost += distance(np.array(track.keypoints), hand.keypoints.astype(np.float64))
    vote = _vote(hand)
    if abs(vote) > 1 and abs(track.votes) > 1 and vote * track.votes < 0:
        cost += OTHER_SIDE
    return cost


def _vote(hand: DetectedHand) -> float:
    """Give the log-odds that a hand is a right one, bounded, so that no frame outvotes many."""
    right = hand.right
    if right is None:
        right = _NAMED_SIDE if hand.side == "right" else 1 - _NAMED_SIDE
    right = min(max(right, 1e-6), 1 - 1e-6)
    return max(-_STRONGEST_VOTE, min(_STRONGEST_VOTE, math.log(right / (1 - right))))


def _centre(box: Float[np.ndarray, "4"]) -> Float[np.ndarray, "2"]:
    return (box[:2] + box[2:]) / 2
