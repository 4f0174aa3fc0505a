"""Closing one finger until it touches: segment by segment, the nearer ones stop first."""

import dataclasses
from typing import NamedTuple, no_type_check

import numba
import numpy as np
from jaxtyping import Float, Int

from haco.synth.poses.postures import COUPLING, LOWER, UPPER, Posture, base_turns
from haco.synth.poses.skin import FINGER_JOINTS, ShapedHand
from haco.synth.poses.targets import Target, target_distance
from haco.synth.turns import chained, turn_about

NUM_STEPS = 14
SWEEP = 1.5
"""Radians that a full closing motion shares among the joints."""
NUM_HALVINGS = 4
OPENING = np.array([0.12, 0.10, 0.06])
"""Radians by which the joints of a finger that starts inside are opened, again and again."""
DEEP = -0.0015
"""A finger that starts deeper than this, metres, is opened first."""
NEAR_MISS = 0.020
"""A finger that finds nothing to touch stays as it was if it was nearer than this, metres."""
BLOCKED = -0.002
"""Overlap with the hand's own other fingers at which a finger stops, metres (soft flesh)."""

_jit = numba.njit(cache=True, error_model="numpy")


class FingerSkin(NamedTuple):
    """One finger of a shaped hand: its vertices and the three joints that carry them."""

    vertices: Float[np.ndarray, "n 3"]
    """At rest, metres."""
    weights: Float[np.ndarray, "n 3"]
    """Of the finger's three joints; what is missing to one belongs to the palm."""
    segment: Int[np.ndarray, " n"]
    """0 base, 1 middle, 2 tip; -1 for skin that mostly follows the palm."""
    joints: Float[np.ndarray, "3 3"]
    axes: Float[np.ndarray, "3 3"]
    """Flexion axes."""
    after: Float[np.ndarray, "3 3"]
    """Turn of the first joint that follows its flexion (the thumb's opposition)."""
    before: Float[np.ndarray, "3 3"]
    """Turn of the first joint that precedes its flexion (abduction)."""


class Closed(NamedTuple):
    """Where a finger ended."""

    flexion: Float[np.ndarray, "3"]
    touched: bool
    """It reaches the target."""
    blocked: bool
    """It does not, but rests on the hand's own capsules."""
    gap: float
    """Least distance of the finger to the target at the end, metres."""


def finger_skin(shaped: ShapedHand, posture: Posture, finger: int) -> FingerSkin:
    """Cut one finger (0 thumb .. 4 little) out of a shaped hand."""
    hand = shaped.arrays
    joints = np.array(FINGER_JOINTS[finger])
    carried = np.asarray(hand.lbs_weights[:, joints], np.float64)
    own = carried.sum(axis=1) > 0.3
    weights = np.ascontiguousarray(carried[own])
    after, before = base_turns(posture, finger, hand)
    return FingerSkin(
        np.ascontiguousarray(shaped.vertices[own]),
        weights,
        np.where(weights.sum(axis=1) > 0.6, weights.argmax(axis=1), -1),
        np.ascontiguousarray(shaped.joints[joints]),
        np.asarray(hand.flexion_axes[joints - 1], np.float64),
        after,
        before,
    )


def close_finger(
    shaped: ShapedHand,
    posture: Posture,
    finger: int,
    target: Target,
    *,
    blockers: Float[np.ndarray, "capsules 7"],
    softness: float,
) -> tuple[Posture, Closed]:
    """Close one finger of a posture onto a target.

    All free joints flex together; the segment that touches first stops its own joint and those
    before it, and the rest goes on. A finger that starts inside is opened first. One that never
    touches nor meets a blocker keeps its place if that was near, and else closes by two fifths:
    closed further, it would look as if it held what it does not.

    Args:
        shaped: The hand at rest.
        posture: Start; the other fingers stay as they are.
        finger: 0 thumb, 1 index, .. 4 little.
        target: What to close on, in the hand's frame.
        blockers: The hand's own capsules that stop the finger too: ends and radius, metres.
        softness: Touch is below this distance, metres; slightly negative for soft skin.

    Returns:
        The new posture, and how it ended.
    """
    motion = _Motion(
        finger_skin(shaped, posture, finger), LOWER[finger], UPPER[finger], COUPLING[finger],
        target, blockers, softness,
    )  # fmt: skip
    start = np.clip(posture.flexion[finger], LOWER[finger], UPPER[finger])
    result = motion.close(motion.open(start))
    flexion = posture.flexion.copy()
    flexion[finger] = result.flexion
    return dataclasses.replace(posture, flexion=flexion), result


class _Motion:
    """One finger on its way to a target; it remembers how far off its vertices were seen."""

    def __init__(
        self,
        skin: FingerSkin,
        lower: Float[np.ndarray, "3"],
        upper: Float[np.ndarray, "3"],
        coupling: Float[np.ndarray, "3"],
        target: Target,
        blockers: Float[np.ndarray, "capsules 7"],
        softness: float,
    ) -> None:
        self._skin, self._target, self._blockers = skin, target, blockers
        self._lower, self._upper = lower, upper
        self._step = coupling * (SWEEP / NUM_STEPS)
        self._softness = softness
        self._memory = np.zeros((len(skin.vertices), 4))
        self._memory[:, 3] = -np.inf

    def open(self, flexion: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
        """Open the finger until it is no longer deep inside the target."""
        for _ in range(8):
            if self._gaps(flexion, 0)[0].min() > DEEP:
                break
            flexion = np.maximum(flexion - OPENING, self._lower)
        return flexion

    def close(self, opened: Float[np.ndarray, "3"]) -> Closed:
        """Close the finger, segment by segment."""
        first, touched, blocked = 0, False, False
        flexion, first_gap = opened, self._gaps(opened, 0)[0].min()
        while first < 3:
            gap, block = self._gaps(flexion, first)
            # A segment beside one that touches may be near the surface already; it stops when
            # bending brings it nearer still.
            gap_limit = np.minimum(self._softness, gap - 0.0003)
            block_limit = np.minimum(BLOCKED, block - 0.0005)
            flexion, stopped, by_target = _sweep(
                self._skin, flexion, first, self._step, self._upper, self._target, self._blockers,
                self._memory, gap_limit, block_limit,
            )  # fmt: skip
            if stopped < 0:
                break
            touched, blocked = touched or by_target, blocked or not by_target
            first = stopped + 1
        if not (touched or blocked):
            share = 0.0 if first_gap < NEAR_MISS else 0.4
            flexion = opened + share * (flexion - opened)
        gap = float(self._gaps(flexion, 0)[0].min())
        touched = touched or gap < self._softness
        return Closed(flexion, touched, blocked and not touched, gap)

    def _gaps(self, flexion: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
        return _gaps(self._skin, flexion, first, self._target, self._blockers, self._memory)


@_jit
@no_type_check
def _joint_frames(skin, flexion):
    """Turn and shift of each of the three joints as motions of resting points."""
    turns, shifts = np.zeros((3, 3, 3)), np.zeros((3, 3))
    base = chained(skin.after, chained(turn_about(skin.axes[0], flexion[0]), skin.before))
    for i in range(3):
        shifts[0, i] = skin.joints[0, i]
        for j in range(3):
            turns[0, i, j] = base[i, j]
            shifts[0, i] -= base[i, j] * skin.joints[0, j]
    for k in range(1, 3):
        turn = chained(turns[k - 1], turn_about(skin.axes[k], flexion[k]))
        for i in range(3):
            shifts[k, i] = shifts[k - 1, i]
            for j in range(3):
                turns[k, i, j] = turn[i, j]
                shifts[k, i] += (turns[k - 1, i, j] - turn[i, j]) * skin.joints[k, j]
    return turns, shifts


@_jit
@no_type_check
def _gaps(skin, flexion, first, target, blockers, memory):
    """Least distance of each segment from `first` on, to the target and to the blockers.

    `memory` holds where each vertex last was and how far off. Its distance can have shrunk by no
    more than it has moved, so most vertices cannot be the nearest and need no new look.
    """
    gap, block = np.zeros(3), np.zeros(3)
    for k in range(3):
        gap[k], block[k] = np.inf, np.inf
    turns, shifts = _joint_frames(skin, flexion)
    for i in range(skin.vertices.shape[0]):
        segment = skin.segment[i]
        if segment < first:
            continue
        px, py, pz = skin.vertices[i, 0], skin.vertices[i, 1], skin.vertices[i, 2]
        rest = 1.0 - skin.weights[i, 0] - skin.weights[i, 1] - skin.weights[i, 2]
        x, y, z = rest * px, rest * py, rest * pz
        for k in range(3):
            w = skin.weights[i, k]
            if w == 0.0:
                continue
            R, t = turns[k], shifts[k]
            x += w * (R[0, 0] * px + R[0, 1] * py + R[0, 2] * pz + t[0])
            y += w * (R[1, 0] * px + R[1, 1] * py + R[1, 2] * pz + t[1])
            z += w * (R[2, 0] * px + R[2, 1] * py + R[2, 2] * pz + t[2])
        dx, dy, dz = x - memory[i, 0], y - memory[i, 1], z - memory[i, 2]
        if memory[i, 3] - np.sqrt(dx * dx + dy * dy + dz * dz) < gap[segment]:
            memory[i, 0], memory[i, 1], memory[i, 2] = x, y, z
            memory[i, 3] = target_distance(x, y, z, target)
            gap[segment] = min(gap[segment], memory[i, 3])
        for b in range(blockers.shape[0]):
            block[segment] = min(block[segment], capsule_gap(x, y, z, blockers[b]))
    return gap, block


@_jit
@no_type_check
def capsule_gap(x, y, z, capsule):
    """Signed distance from a point to a capsule given by its ends and radius (7 numbers)."""
    ax, ay, az = capsule[3] - capsule[0], capsule[4] - capsule[1], capsule[5] - capsule[2]
    dx, dy, dz = x - capsule[0], y - capsule[1], z - capsule[2]
    along = (dx * ax + dy * ay + dz * az) / (ax * ax + ay * ay + az * az)
    along = min(max(along, 0.0), 1.0)
    dx, dy, dz = dx - along * ax, dy - along * ay, dz - along * az
    return np.sqrt(dx * dx + dy * dy + dz * dz) - capsule[6]


@_jit
@no_type_check
def _sweep(skin, start, first, step, upper, target, blockers, memory, gap_limit, block_limit):
    """Flex the joints from `first` on until a segment reaches a limit, then halve in on the place.

    Returns the flexion, the farthest segment that stopped the motion (-1: none did, the finger is
    closed), and whether the target stopped it.
    """
    free, reached = start.copy(), start.copy()
    stopped, by_target, num_halvings = -1, False, 0
    for _ in range(NUM_STEPS + NUM_HALVINGS):
        tried = free.copy()
        moved = False
        for k in range(first, 3):
            goal = min(free[k] + step[k], upper[k]) if stopped < 0 else reached[k]
            tried[k] = goal if stopped < 0 else 0.5 * (free[k] + goal)
            moved = moved or tried[k] != free[k]
        if not moved or num_halvings == NUM_HALVINGS:
            break
        gap, block = _gaps(skin, tried, first, target, blockers, memory)
        num_halvings += stopped >= 0
        segment = 2
        while segment >= first:
            if gap[segment] < gap_limit[segment] or block[segment] < block_limit[segment]:
                break
            segment -= 1
        if segment >= first:
            stopped, by_target = segment, gap[segment] < gap_limit[segment]
            reached = tried
        else:
            free = tried
    return (reached if stopped >= 0 else free), stopped, by_target
