"""The frames that a video run has in hand: what is seen in them, filled in, smoothed, kept."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from haco.apps.detect import DetectedHand
from haco.apps.track import Track
from haco.files import write_atomically
from haco.types import NUM_VERTICES, SIDES, Side

_ARRAYS = {
    "box": (4,),
    "keypoints": (21, 2),
    "smooth_box": (4,),
    "smooth_keypoints": (21, 2),
    "logits": (NUM_VERTICES + 1,),
    "state": (NUM_VERTICES,),
}


@dataclasses.dataclass(kw_only=True)
class Sight:
    """One hand in one frame; what later stages find out is filled in as they do."""

    track: int
    box: Float[np.ndarray, "4"]
    keypoints: Float[np.ndarray, "21 2"] | None
    score: float
    """How sure the detector is; NaN if it does not say."""
    seen: bool
    """False where the place is filled in between two frames that saw the hand."""
    smooth_box: Float[np.ndarray, "4"] | None = None
    smooth_keypoints: Float[np.ndarray, "21 2"] | None = None
    side: Side | None = None
    logits: Float[np.ndarray, "779"] | None = None
    """Log-odds of touch by this frame alone: 778 vertices, then the hand as a whole."""
    state: Float[np.ndarray, "778"] | None = None
    """Running mean of masks, for `reference` smoothing."""


@dataclasses.dataclass(kw_only=True)
class Moment:
    """One frame on its way through the stages."""

    index: int
    time: float
    """Seconds."""
    image: UInt8[np.ndarray, "height width 3"] | None
    """The frame while hands are to be cut out of it, then smaller, to be drawn on."""
    sights: dict[int, Sight] = dataclasses.field(default_factory=dict)
    """By number of the track."""


def see(moment: Moment, hand: DetectedHand, track: Track) -> None:
    """Note that a track's hand is seen in a frame."""
    moment.sights[track.number] = Sight(
        track=track.number,
        box=hand.box.astype(np.float64),
        keypoints=None if hand.keypoints is None else hand.keypoints.astype(np.float64),
        score=float("nan") if hand.score is None else hand.score,
        seen=True,
    )


def bridge(moments: Sequence[Moment], track: Track) -> None:
    """Fill in a track that was lost for some frames, between where it was and where it is now.

    Args:
        moments: One a frame without gaps; in the last one the track is seen.
        track: Whose gap.
    """
    number, now = track.number, moments[-1].sights[track.number]
    gap = next((k for k, m in enumerate(reversed(moments[:-1])) if number in m.sights), None)
    if not gap:  # seen in the frame before, or nowhere in reach
        return
    before = moments[-2 - gap].sights[number]
    for step, moment in enumerate(moments[-1 - gap : -1], 1):
        share = step / (gap + 1)
        keypoints = None
        if before.keypoints is not None and now.keypoints is not None:
            keypoints = (1 - share) * before.keypoints + share * now.keypoints
        moment.sights[number] = Sight(
            track=number,
            box=(1 - share) * before.box + share * now.box,
            keypoints=keypoints,
            score=float("nan"),
            seen=False,
        )
        track.frames += 1


def save_moments(path: Path, moments: Sequence[Moment]) -> None:
    """Write moments without their images, to go on with later.

    Raises:
        InputError: The disk is full, or the folder may not be written.
    """
    sights = [(moment.index, sight) for moment in moments for sight in moment.sights.values()]
    arrays = {
        name: np.array(
            [np.full(shape, np.nan) if (v := getattr(s, name)) is None else v for _, s in sights]
        ).reshape(-1, *shape)
        for name, shape in _ARRAYS.items()
    }
    with write_atomically(path) as part:
        np.savez(
            part,
            index=np.array([moment.index for moment in moments], np.int64),
            time=np.array([moment.time for moment in moments]),
            frame=np.array([index for index, _ in sights], np.int64),
            track=np.array([sight.track for _, sight in sights], np.int64),
            score=np.array([sight.score for _, sight in sights], np.float64),
            seen=np.array([sight.seen for _, sight in sights], bool),
            side=np.array([sight.side or "" for _, sight in sights], "U5"),
            **arrays,
        )


def load_moments(path: Path) -> list[Moment]:
    """Read what `save_moments` wrote."""
    with np.load(path) as stored:
        arrays = dict(stored)
    moments = {
        int(index): Moment(index=int(index), time=float(time), image=None)
        for index, time in zip(arrays["index"], arrays["time"], strict=True)
    }
    for row, frame in enumerate(arrays["frame"]):
        known = {
            name: None if np.isnan(arrays[name][row]).any() else arrays[name][row]
            for name in _ARRAYS
            if name != "box"
        }
        track = int(arrays["track"][row])
        moments[int(frame)].sights[track] = Sight(
            track=track,
            box=arrays["box"][row],
            score=float(arrays["score"][row]),
            seen=bool(arrays["seen"][row]),
            side=next((side for side in SIDES if side == arrays["side"][row]), None),
            **known,
        )
    return list(moments.values())
