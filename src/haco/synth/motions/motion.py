"""One hand in motion: it comes, closes on a thing, perhaps carries it, lets go and leaves."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from haco.synth.poses.interaction import FAR, Interaction, Kind, PlacedObject
from haco.synth.poses.postures import Posture, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_shaped_hand
from haco.synth.turns import rigid_inverse, turn_of

PHASES = ("approach", "close", "lift", "lower", "open", "leave")
"""What moves when; phases may overlap, and between them all is still."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Way:
    """A rigid motion that can be gone in part: a shift, and a turn about a point."""

    shift: Float[np.ndarray, "3"]
    """Metres."""
    turn: Float[np.ndarray, "3"]
    """Axis-angle, radians."""
    about: Float[np.ndarray, "3"]
    """Stays where it is but for the shift, metres."""

    def matrix(self, share: float) -> Float64[np.ndarray, "4 4"]:
        """Go a share of the way, 0..1."""
        T = np.eye(4)
        T[:3, :3] = turn_of(share * self.turn)
        T[:3, 3] = self.about - T[:3, :3] @ self.about + share * self.shift
        return T


NOWHERE = Way(shift=np.zeros(3), turn=np.zeros(3), about=np.zeros(3))


class Moment(NamedTuple):
    """How everything stands at one time; the world is the hand's frame in the middle of a grasp."""

    posture: Posture
    T_world_hand: Float64[np.ndarray, "4 4"]
    T_world_carried: Float64[np.ndarray, "4 4"]
    """What has been done to the things that the hand carries."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Motion:
    """A hand's whole motion, as a function of time from 0 to 1."""

    kind: Kind
    shaped: ShapedHand
    wrist_bend: Float[np.ndarray, "3"]
    closed: Posture
    """While the hand holds or touches."""
    opened: tuple[Posture, Posture]
    """Before and after that."""
    carried: tuple[PlacedObject, ...]
    """Things that go with the hand while they are lifted; where they stand at first."""
    still: tuple[PlacedObject, ...]
    come: Way
    """From the grasp back to where the hand comes from."""
    go: Way
    """From the grasp to where the hand goes in the end."""
    lift: Way
    put: Way
    """From where a thing stood to where it is put down."""
    times: Mapping[str, tuple[float, float]]
    """Begin and end of each of `PHASES` that occurs, 0..1."""

    def at(self, time: float) -> Moment:
        """Say how all stands at a time, 0..1."""
        come, close, lift, lower, open_, leave = (self._done(phase, time) for phase in PHASES)
        T_world_carried = Way(
            shift=lift * self.lift.shift + lower * (self.put.shift - self.lift.shift),
            turn=lift * self.lift.turn + lower * (self.put.turn - self.lift.turn),
            about=self.lift.about,
        ).matrix(1.0)
        reach = self.come.matrix(1.0 - come) @ self.go.matrix(leave)  # one of them is at rest
        posture = _between(_between(self.opened[0], self.closed, close), self.opened[1], open_)
        return Moment(posture, T_world_carried @ reach, T_world_carried)

    def placed(self, moment: Moment) -> tuple[PlacedObject, ...]:
        """Give all things, in the hand's frame of that moment."""
        T_hand_world = rigid_inverse(moment.T_world_hand)
        T_hand_carried = T_hand_world @ moment.T_world_carried
        return tuple(
            dataclasses.replace(thing, T_hand_object=T @ thing.T_hand_object)
            for things, T in ((self.carried, T_hand_carried), (self.still, T_hand_world))
            for thing in things
        )

    def main_thing(self, moment: Moment) -> Float64[np.ndarray, "4 4"]:
        """Say where in the world the thing is that the hand is after: its T_world_object."""
        if self.carried:
            return moment.T_world_carried @ self.carried[0].T_hand_object
        return self.still[0].T_hand_object.astype(np.float64)

    def interaction(self, moment: Moment) -> Interaction:
        """Pose all meshes of a moment and measure every vertex's distance to all things."""
        hand_pose = hand_pose_of(moment.posture, self.shaped.arrays)
        posed = pose_shaped_hand(self.shaped, hand_pose, self.wrist_bend)
        things = self.placed(moment)
        return Interaction(
            kind=self.kind,
            betas=self.shaped.betas,
            hand_pose=hand_pose,
            wrist_bend=self.wrist_bend,
            objects=things,
            other_hand=None,
            distance=least_distance(things, posed.vertices).astype(np.float32),
            threshold=0.010,
            vertices=posed.vertices,
            render_vertices=posed.render_vertices,
            joints=posed.joints,
        )

    def phase(self, time: float) -> str:
        """Name the last phase that has begun, or `wait` or `hold` where nothing moves."""
        begun = [phase for phase in PHASES if phase in self.times and self.times[phase][0] <= time]
        if not begun or (begun[-1] == "leave" and time > self.times["leave"][1]):
            return "wait"
        return begun[-1] if time <= self.times[begun[-1]][1] else "hold"

    def _done(self, phase: str, time: float) -> float:
        """How much of a phase is done, 0..1; smooth, with the least possible jerk.

        10 t^3 - 15 t^4 + 6 t^5: T. Flash and N. Hogan, The coordination of arm movements, 1985.
        """
        if phase not in self.times:
            return 0.0
        begin, end = self.times[phase]
        t = min(max((time - begin) / (end - begin), 0.0), 1.0)
        return t**3 * (10.0 - 15.0 * t + 6.0 * t**2)


def least_distance(
    things: tuple[PlacedObject, ...], points: Float[np.ndarray, "points 3"]
) -> Float64[np.ndarray, " points"]:
    """Measure the signed distance from points to the nearest of some things, metres."""
    distance = np.full(len(points), FAR)
    for thing in things:
        distance = np.minimum(distance, thing.distance(points))
    return distance


def _between(one: Posture, other: Posture, share: float) -> Posture:
    """Mix two postures, angle by angle."""
    return Posture(
        flexion=(1 - share) * one.flexion + share * other.flexion,
        abduction=(1 - share) * one.abduction + share * other.abduction,
        opposition=(1 - share) * one.opposition + share * other.opposition,
    )
