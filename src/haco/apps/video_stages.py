"""What happens to each frame of a video: see hands, cut them out, ask the network, smooth, tell."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import UInt8

from haco.apps.clip import Frame
from haco.apps.detect import DetectedHand
from haco.apps.follow import HandSource
from haco.apps.moments import Moment, Sight, bridge, see
from haco.apps.predictor import ContactPredictor
from haco.apps.result import HandContact
from haco.apps.smoothing import (
    REFERENCE_SHOWN,
    centred_line,
    centred_mean,
    reference_shown,
    reference_state,
    time_weights,
    to_logits,
    to_probability,
)
from haco.apps.touches import HAND, Touches
from haco.apps.track import SURE, Tracker, decide_side
from haco.apps.video_tables import Row
from haco.data.transforms import crop_hand
from haco.hands.parts import part_maxima

Smoothing = Literal["centred", "reference"]
REACH = 0.2
"""Seconds before and after a frame that its smoothing looks at; longer gaps are not bridged."""
_REACHES = (2, 8)


class Clock:
    """Adds up how long each stage takes, seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Count the time inside to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


@dataclasses.dataclass(kw_only=True)
class _Pending:
    """A hand cut out and waiting for the network."""

    sight: Sight
    hand: DetectedHand
    crop: UInt8[np.ndarray, "size size 3"]


class Stages:
    """The frames on their way; `reach` frames of look-ahead lie between one stage and the next.

    `observe` takes a frame in, `ask` runs the network over all hands cut out since, and `settle`
    gives the frames that nothing later can change any more.
    """

    def __init__(
        self,
        predictor: ContactPredictor,
        source: HandSource,
        *,
        rate: float,
        smoothing: Smoothing,
        clock: Clock,
    ):
        """Begin.

        Args:
            predictor: Loaded weights.
            source: What sees hands.
            rate: Frames a second.
            smoothing: `centred`, or as the released demo does.
            clock: Where time is counted.
        """
        self.moments: list[Moment] = []
        self.reach = int(np.clip(round(REACH * rate), *_REACHES))
        self._predictor = predictor
        self._source = source
        self._tracker = Tracker(rate)
        self._smoothing = smoothing
        self._clock = clock
        threshold = REFERENCE_SHOWN if smoothing == "reference" else predictor.meta.threshold
        self.touches = Touches(threshold, patience=self.reach)
        self._pending: list[_Pending] = []
        self._cut = 0
        self.settled = 0
        """Frames that `settle` has given."""

    def observe(self, frame: Frame) -> None:
        """Take the next frame in, see its hands, and cut out those of `reach` frames before."""
        if self.moments and frame.index <= self.moments[-1].index:  # seen before a restart
            first = self.moments[0].index
            self.moments[frame.index - first].image = frame.image
            return
        with self._clock("detect"):
            hands = self._source(frame.image, frame.index)
        with self._clock("track"):
            moment = Moment(index=frame.index, time=frame.time, image=frame.image)
            self.moments.append(moment)
            for hand, track in zip(hands, self._tracker.update(frame.index, hands), strict=True):
                see(moment, hand, track)
                bridge(self.moments[-self.reach - 1 :], track)
        if frame.index >= self.reach:
            self._cut_out(frame.index - self.reach, sure=SURE)

    def finish(self) -> None:
        """Cut out the last hands: no frame comes any more."""
        last = self.moments[-1].index
        for index in range(self._cut, last + 1):
            self._cut_out(index, sure=min(SURE, last + 1))

    def ask(self) -> None:
        """Run the network over all hands cut out, in one batch."""
        if not self._pending:
            return
        with self._clock("network"):
            crops = np.stack([each.crop for each in self._pending])
            contacts = self._predictor.predict_crops(crops, [each.hand for each in self._pending])
        for each, contact in zip(self._pending, contacts, strict=True):
            both = np.append(contact.probability, contact.touch).astype(np.float64)
            each.sight.logits = to_logits(both)
        self._pending = []

    def settle(self, *, is_end: bool) -> Iterator[tuple[Moment, list[Row]]]:
        """Give the frames that are ready, in order, with what is to be told of them.

        Args:
            is_end: Whether all frames are in, so that the last ones are ready, too.
        """
        ready = self._cut if is_end else self._cut - self.reach
        while self.settled < ready:
            with self._clock("smooth"):
                moment = self.moments[self.settled - self.moments[0].index]
                rows = [
                    self._row(moment, sight)
                    for sight in moment.sights.values()
                    if sight.logits is not None
                ]
                self.settled += 1
            yield moment, rows
            moment.image = None
            while self.moments[0].index < self.settled - self.reach:
                self.moments.pop(0)

    def state(self) -> dict[str, Any]:
        """Give what must be known to go on later, as JSON holds it, besides `moments`."""
        return {
            "cut": self._cut,
            "settled": self.settled,
            "source": self._source.state(),
            "tracker": self._tracker.state(),
            "touches": self.touches.state(),
        }

    def restore(self, state: dict[str, Any], moments: Sequence[Moment]) -> None:
        """Go on from a state; the frames from `settled` on must be given to `observe` again."""
        self._cut, self.settled = state["cut"], state["settled"]
        self._source.restore(state["source"])
        self._tracker.restore(state["tracker"])
        self.touches.restore(state["touches"])
        self.moments = list(moments)

    def _around(self, index: int) -> list[Moment]:
        first = self.moments[0].index
        low = max(index - self.reach - first, 0)
        return self.moments[low : index + self.reach + 1 - first]

    def _cut_out(self, index: int, *, sure: int) -> None:
        around = self._around(index)
        moment = next(m for m in around if m.index == index)
        with self._clock("crop"):
            for sight in moment.sights.values():
                track = self._tracker.track(sight.track)
                if track is None or track.frames < sure or moment.image is None:
                    continue
                self._smooth_place(sight, around, index)
                sight.side = decide_side(track)
                assert sight.smooth_box is not None
                hand = DetectedHand(box=sight.smooth_box.astype(np.float32), side=sight.side)
                crop = crop_hand(moment.image, hand.box, hand.side)[0]
                self._pending.append(_Pending(sight=sight, hand=hand, crop=crop))
        self._cut = index + 1

    def _smooth_place(self, sight: Sight, around: Sequence[Moment], index: int) -> None:
        """Smooth a hand's box, and its joints, over the frames around."""
        near = [(m.index - index, m.sights[sight.track]) for m in around if sight.track in m.sights]
        if self._smoothing == "reference":
            last = next((each.smooth_box for offset, each in near if offset == -1), None)
            size = reference_state(None if last is None else _xywh(last), _xywh(sight.box))
            sight.smooth_box = np.concatenate([size[:2], size[:2] + size[2:]])
            sight.smooth_keypoints = sight.keypoints
            return
        offsets = np.array([offset for offset, _ in near], np.float64)
        weights = time_weights(offsets, np.array([each.seen for _, each in near]), reach=self.reach)
        sight.smooth_box = centred_line(np.stack([s.box for _, s in near]), offsets, weights)
        known = [k for k, (_, each) in enumerate(near) if each.keypoints is not None]
        if sight.keypoints is not None:
            keypoints = np.stack([k for _, s in near if (k := s.keypoints) is not None])
            sight.smooth_keypoints = centred_line(keypoints, offsets[known], weights[known])

    def _row(self, moment: Moment, sight: Sight) -> Row:
        assert sight.side is not None
        assert sight.smooth_box is not None
        hand = DetectedHand(
            box=sight.smooth_box.astype(np.float32),
            side=sight.side,
            score=None if np.isnan(sight.score) else sight.score,
        )
        smooth = self._reference if self._smoothing == "reference" else self._centred
        contact = smooth(moment, sight, hand)
        values = {HAND: contact.touch, **contact.parts}
        touching = self.touches.update(moment.index, moment.time, sight.track, sight.side, values)
        return Row(
            frame=moment.index,
            time=moment.time,
            track=sight.track,
            seen=sight.seen,
            contact=contact,
            keypoints=sight.smooth_keypoints,
            touching=frozenset(touching),
        )

    def _centred(self, moment: Moment, sight: Sight, hand: DetectedHand) -> HandContact:
        near = [
            (m.index - moment.index, each.seen, each.logits)
            for m in self._around(moment.index)
            if (each := m.sights.get(sight.track)) is not None and each.logits is not None
        ]
        offsets = np.array([offset for offset, _, _ in near], np.float64)
        weights = time_weights(offsets, np.array([seen for _, seen, _ in near]), reach=self.reach)
        logits = centred_mean(np.stack([logits for _, _, logits in near]), weights)
        both = to_probability(logits)
        return self._predictor.contact(hand, both[:-1], float(both[-1]))

    def _reference(self, moment: Moment, sight: Sight, hand: DetectedHand) -> HandContact:
        assert sight.logits is not None
        last = next((m for m in self.moments if m.index == moment.index - 1), None)
        before = None if last is None else last.sights.get(sight.track)
        mask = to_probability(sight.logits[:-1]) > self._predictor.meta.threshold
        old = None if before is None else before.state
        sight.state = reference_state(old, mask.astype(np.float64))
        faces = self._predictor.hands["right"].closed_faces.numpy()
        small = (sight.state > REFERENCE_SHOWN) & ~reference_shown(sight.state, faces)
        shown = np.where(small, 0.0, sight.state).astype(np.float32)
        contact = self._predictor.contact(hand, shown, float(shown.max()))
        parts = part_maxima(shown, self._predictor.hands["right"].parts)
        return dataclasses.replace(contact, threshold=REFERENCE_SHOWN, parts=parts)


def _xywh(box: np.ndarray) -> np.ndarray:
    return np.concatenate([box[:2], box[2:] - box[:2]])
