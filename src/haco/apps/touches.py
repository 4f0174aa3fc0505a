"""Touch over time as events: when each hand and each part of it begins to touch, and lets go."""

import csv
import dataclasses
import io
import math
from collections.abc import Iterable, Mapping
from typing import Any

from haco.types import Side

HAND = "hand"
"""What an event of the whole hand names in place of a part."""
MARGIN = 0.5
"""Log-odds above the threshold at which a touch begins, and below it at which one ends."""
TOUCH_THRESHOLD = 0.5
"""Probability from which a hand is called touching anything."""


@dataclasses.dataclass(kw_only=True)
class Touch:
    """A time in which a hand, or a part of it, touched."""

    track: int
    side: Side
    part: str
    """A part's name, or `hand`."""
    onset_frame: int
    onset_time: float
    """Seconds."""
    release_frame: int
    """The first frame without touch; for one that did not end, the last frame with it."""
    release_time: float
    peak: float
    """The highest probability in it."""
    end: str = "open"
    """`released`, `lost` (the hand went out of sight) or `clip` (the clip ended before it)."""


class Touches:
    """Turns probabilities over time into touches, by two thresholds, so that none flickers."""

    def __init__(self, threshold: float, *, patience: int):
        """Choose when a touch counts.

        Args:
            threshold: Probability from which a part is called touching.
            patience: A hand gone for more frames than this ends its touches.
        """
        self._thresholds = {HAND: _bounds(TOUCH_THRESHOLD)}
        self._part_thresholds = _bounds(threshold)
        self._patience = patience
        self._open: list[Touch] = []
        self._last: dict[int, tuple[int, float]] = {}
        self.done: list[Touch] = []
        """Those that ended, in the order of their ends."""

    def update(
        self, index: int, time: float, track: int, side: Side, values: Mapping[str, float]
    ) -> set[str]:
        """Take the next frame of a hand in.

        Args:
            index: Of the frame.
            time: Of the frame, seconds.
            track: Whose.
            side: Of the hand.
            values: Probability of touch of the `hand` and of each part.

        Returns:
            What touches now.
        """
        last = self._last.get(track)
        if last is not None and index - last[0] > self._patience:
            self._close(track, *last, end="lost")
        self._last[track] = (index, time)
        mine = {touch.part: touch for touch in self._open if touch.track == track}
        for part, value in values.items():
            high, low = self._thresholds.get(part, self._part_thresholds)
            touch = mine.get(part)
            if touch is None and value >= high:
                touch = Touch(
                    track=track, side=side, part=part, onset_frame=index, onset_time=time,
                    release_frame=index, release_time=time, peak=value,
                )  # fmt: skip
                self._open.append(touch)
                mine[part] = touch
            elif touch is not None:
                touch.peak = max(touch.peak, value)
                touch.release_frame, touch.release_time = index, time
                if value < low:
                    self._end(touch, "released")
                    del mine[part]
        return set(mine)

    def finish(self, last_frame: int) -> None:
        """End what is still open with the clip."""
        for track, (frame, time) in self._last.items():
            gone = last_frame - frame > self._patience
            self._close(track, frame, time, end="lost" if gone else "clip")

    def state(self) -> dict[str, Any]:
        """Give what must be known to go on later, as JSON holds it."""
        return {
            "open": [dataclasses.asdict(touch) for touch in self._open],
            "done": [dataclasses.asdict(touch) for touch in self.done],
            "last": [[track, frame, time] for track, (frame, time) in self._last.items()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._open = [Touch(**touch) for touch in state["open"]]
        self.done = [Touch(**touch) for touch in state["done"]]
        self._last = {track: (frame, time) for track, frame, time in state["last"]}

    def _close(self, track: int, frame: int, time: float, *, end: str) -> None:
        for touch in [touch for touch in self._open if touch.track == track]:
            touch.release_frame, touch.release_time = frame, time
            self._end(touch, end)

    def _end(self, touch: Touch, end: str) -> None:
        touch.end = end
        self._open.remove(touch)
        self.done.append(touch)


def events_table(touches: Iterable[Touch]) -> str:
    """Write touches as CSV, in the order of their onsets, whole hands before parts."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [field.name for field in dataclasses.fields(Touch)]
    writer.writerow([*heads, "seconds"])
    for touch in sorted(touches, key=lambda t: (t.onset_frame, t.track, t.part != HAND, t.part)):
        row = dataclasses.asdict(touch)
        row |= {name: f"{row[name]:.3f}" for name in ("onset_time", "release_time", "peak")}
        seconds = touch.release_time - touch.onset_time
        writer.writerow([*(row[head] for head in heads), f"{seconds:.3f}"])
    return text.getvalue()


def _bounds(threshold: float) -> tuple[float, float]:
    """Give the probabilities at which a touch begins and ends."""
    odds = math.log(threshold / (1 - threshold))
    high, low = (1 / (1 + math.exp(-odds - margin)) for margin in (MARGIN, -MARGIN))
    return high, low
