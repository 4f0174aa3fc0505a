"""Motions drawn at random: lift a thing from a table, hold a fitting, press a surface, come near.

Each recipe proposes; a motion that runs into something, crosses its own fingers, or whose touch
comes and goes more than once is drawn again.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Float

from haco.hands.open_hand import open_hand_arrays
from haco.synth.motions.motion import NOWHERE, Motion, Way, least_distance
from haco.synth.motions.resting import table_under
from haco.synth.objects.tools import TOOLS
from haco.synth.poses.capsules import self_overlap
from haco.synth.poses.fitting import Touch, X, Y
from haco.synth.poses.grasps import ELSEWHERE, MAX_PENETRATION, MAX_SELF_OVERLAP
from haco.synth.poses.held import pinch, power
from haco.synth.poses.interaction import Kind
from haco.synth.poses.laid import NEAR_GAPS, near, surface
from haco.synth.poses.postures import Posture, curled, hand_pose_of
from haco.synth.poses.skin import ShapedHand, pose_label_mesh, pose_shaped_hand, shape_hand
from haco.synth.poses.used import gripped

Story = Literal["lift", "hold", "press", "near"]
STORY_SHARES: Mapping[Story, float] = MappingProxyType(
    {"lift": 0.55, "hold": 0.15, "press": 0.15, "near": 0.15}
)
"""How often a clip shows what; sums to one."""
CHECKED = np.linspace(0.0, 1.0, 121)
"""Times at which a motion is looked at before it is believed."""
CLEAR_AT_ENDS = 0.03
"""A clip begins and ends with the hand at least so far off, metres."""
_MOST_TRIES, _MOST_WAYS = 400, 8
_LEAST_RISE = 0.3
"""Cosine of the way back to the way up."""
_FITTINGS = ("rail", "door handle", "steering wheel")


def draw_motion(story: Story, rng: np.random.Generator) -> Motion:
    """Draw a hand's motion.

    Args:
        story: `lift` (takes a thing from a table and puts it down again), `hold` (takes hold of
            a rail, door handle or steering wheel), `press` (lays the hand on a surface), or `near`
            (reaches for something, but stops 13 to 50 mm before it, and leaves).
        rng: The same state gives the same motion, to the byte.
    """
    hand = open_hand_arrays()
    for _ in range(_MOST_TRIES):
        shaped = shape_hand(np.clip(rng.normal(size=10), -2.0, 2.0), hand=hand)
        motion = _RECIPES[story](shaped, rng)
        if motion is not None:
            return motion
    raise RuntimeError(f"no acceptable motion '{story}' in {_MOST_TRIES} tries")


def _lift(shaped: ShapedHand, rng: np.random.Generator) -> Motion | None:
    kind: Kind = "power" if rng.random() < 0.5 else "pinch"
    touch = (power if kind == "power" else pinch)(shaped, rng)
    if touch is None:
        return None
    bend = rng.normal(0.0, (0.15, 0.2, 0.25)).clip(-0.6, 0.6)
    posed = pose_shaped_hand(shaped, hand_pose_of(touch.posture, shaped.arrays), bend)
    table = table_under(touch.objects[0], posed.render_vertices, rng)
    if table is None:
        return None
    up = table.T_hand_object[:3, 1]
    about = touch.objects[0].mesh()[0].mean(axis=0)
    aside = rng.normal(0.0, 0.05, 3)
    aside -= (aside @ up) * up
    spin = rng.normal(0.0, 0.3) * up
    start = _start(kind, shaped, touch, bend, rng)
    lifted = dataclasses.replace(
        start,
        carried=touch.objects,
        still=(table,),
        lift=Way(
            shift=rng.uniform(0.04, 0.12) * up + 0.5 * aside,
            turn=0.5 * spin + rng.normal(0.0, 0.12, 3),
            about=about,
        ),
        put=Way(shift=aside, turn=spin, about=about),
        times=_paced(rng, lifting=True),
    )
    return _with_ways(lifted, up, rng)


def _hold(shaped: ShapedHand, rng: np.random.Generator) -> Motion | None:
    thing = TOOLS[_FITTINGS[rng.integers(len(_FITTINGS))]](rng)
    touch = gripped(shaped, thing, rng)
    if touch is None:
        return None
    bend = rng.normal(0.0, (0.15, 0.2, 0.25)).clip(-0.6, 0.6)
    return _with_ways(_start("tool", shaped, touch, bend, rng), Y, rng)


def _press(shaped: ShapedHand, rng: np.random.Generator) -> Motion | None:
    touch = surface(shaped, rng)
    if touch is None:
        return None
    bend = rng.normal(0.0, (0.15, 0.2, 0.25)).clip(-0.6, 0.6)
    start = _start("surface", shaped, touch, bend, rng)
    return _with_ways(start, touch.objects[0].T_hand_object[:3, 1], rng)


def _near(shaped: ShapedHand, rng: np.random.Generator) -> Motion | None:
    touch = near(shaped, rng)
    if touch is None or touch.other_hand is not None:
        return None
    bend = rng.normal(0.0, (0.15, 0.2, 0.25)).clip(-0.6, 0.6)
    thing = touch.objects[0]
    vertices = pose_label_mesh(shaped, hand_pose_of(touch.posture, shaped.arrays))[0]
    away = vertices.mean(axis=0) - vertices[thing.distance(vertices).argmin()]
    if thing.role == "surface":
        away = thing.T_hand_object[:3, 1]
    start = _start("near", shaped, touch, bend, rng)
    times = {phase: start.times[phase] for phase in ("approach", "leave")}
    start = dataclasses.replace(start, times=times)
    if thing.role == "object":
        posed = pose_shaped_hand(shaped, hand_pose_of(touch.posture, shaped.arrays), bend)
        table = table_under(thing, posed.render_vertices - NEAR_GAPS[0] * _unit(away), rng)
        if table is None:
            return None
        start = dataclasses.replace(start, still=(thing, table))
    return _with_ways(start, _unit(away), rng)


_RECIPES: Mapping[Story, Callable[[ShapedHand, np.random.Generator], Motion | None]] = {
    "lift": _lift,
    "hold": _hold,
    "press": _press,
    "near": _near,
}


def _start(
    kind: Kind,
    shaped: ShapedHand,
    touch: Touch,
    bend: Float[np.ndarray, "3"],
    rng: np.random.Generator,
) -> Motion:
    """Begin a motion in which nothing is carried and the ways are still to be found."""
    posture = touch.posture
    opened = tuple(_opened(posture, rng) for _ in range(2)) if kind != "near" else (posture,) * 2
    return Motion(
        kind=kind,
        shaped=shaped,
        wrist_bend=bend,
        closed=posture,
        opened=(opened[0], opened[1]),
        carried=(),
        still=touch.objects,
        come=NOWHERE,
        go=NOWHERE,
        lift=NOWHERE,
        put=NOWHERE,
        times=_paced(rng, lifting=False),
    )


def _opened(posture: Posture, rng: np.random.Generator) -> Posture:
    """Open a hand's fingers as they are before they take hold of what they hold in `posture`."""
    amount = rng.uniform(0.3, 0.7) + rng.normal(0.0, 0.05, 5)
    amount[0] *= 0.7
    opened = Posture(
        flexion=posture.flexion - curled(amount),
        abduction=posture.abduction,
        opposition=posture.opposition - rng.uniform(0.0, 0.2),
    ).clipped()
    return dataclasses.replace(opened, abduction=posture.abduction)


def _paced(rng: np.random.Generator, *, lifting: bool) -> dict[str, tuple[float, float]]:
    """Draw when each phase begins and ends; fingers close while the hand still comes."""
    steps = {"wait": 0.04, "approach": 0.24, "close": 0.07, "hold": 0.08}
    if lifting:
        steps |= {"lift": 0.14, "held": 0.06, "lower": 0.12, "rest": 0.03}
    steps |= {"open": 0.08, "leave": 0.20, "gone": 0.03}
    lengths = np.array(list(steps.values())) * np.exp(rng.normal(0.0, 0.25, len(steps)))
    ends = np.cumsum(lengths) / lengths.sum()
    begins = ends - lengths / lengths.sum()
    times = {
        name: (float(begin), float(end))
        for name, begin, end in zip(steps, begins, ends, strict=True)
        if name not in ("wait", "hold", "held", "rest", "gone")
    }
    early = rng.uniform(0.0, 0.35) * (times["approach"][1] - times["approach"][0])
    times["close"] = (times["close"][0] - early, times["close"][1])
    early = rng.uniform(0.0, 0.5) * (times["open"][1] - times["open"][0])
    times["leave"] = (times["leave"][0] - early, times["leave"][1])
    return times


def _with_ways(
    motion: Motion, up: Float[np.ndarray, "3"], rng: np.random.Generator
) -> Motion | None:
    """Find ways to come and to go that run into nothing; None if none of some tries is free."""
    for _ in range(_MOST_WAYS):
        tried = dataclasses.replace(
            motion, come=_draw_way(motion, up, rng), go=_draw_way(motion, up, rng)
        )
        if believable(tried):
            return tried
    return None


def _draw_way(motion: Motion, up: Float[np.ndarray, "3"], rng: np.random.Generator) -> Way:
    """Draw a way back: off the palm, along the forearm, away from the table, in some mixture."""
    own = pose_label_mesh(motion.shaped, hand_pose_of(motion.closed, motion.shaped.arrays))[0]
    direction = up
    for _ in range(20):
        weights = rng.dirichlet((1.0, 1.0, 1.0))
        direction = _unit(weights @ np.stack([Y, X, up]) + rng.normal(0.0, 0.12, 3))
        if direction @ up > _LEAST_RISE:
            break
    return Way(
        shift=rng.uniform(0.07, 0.15) * direction,
        turn=rng.normal(0.0, 0.18, 3),
        about=own.mean(axis=0),
    )


def believable(motion: Motion) -> bool:
    """Say whether a motion runs into nothing and touches once, or, for a near miss, never."""
    shaped = motion.shaped
    least = np.zeros(len(CHECKED))
    forearm = shaped.arrays.render_weights[:, 16] > 0.3
    for i in sorted(range(len(least)), key=lambda i: i % 10 != 0):  # coarsely first
        moment = motion.at(float(CHECKED[i]))
        pose = hand_pose_of(moment.posture, shaped.arrays)
        vertices, joints = pose_label_mesh(shaped, pose)
        things = motion.placed(moment)
        least[i] = least_distance(things, vertices).min()
        if least[i] < -MAX_PENETRATION or self_overlap(shaped, joints) > MAX_SELF_OVERLAP:
            return False
        if i % 10 == 0:
            arm = pose_shaped_hand(shaped, pose, motion.wrist_bend).render_vertices[forearm]
            if least_distance(things, arm).min() < -MAX_PENETRATION:
                return False
    if min(least[0], least[-1]) < CLEAR_AT_ENDS or not _stands_clear(motion):
        return False
    touching = least < ELSEWHERE
    if motion.kind == "near":
        return bool(NEAR_GAPS[0] - 0.001 < least.min() < NEAR_GAPS[1])
    return np.count_nonzero(np.diff(touching.astype(int)) == 1) == 1


def _stands_clear(motion: Motion) -> bool:
    """Say whether what is carried never dips into what is not."""
    if not motion.carried:
        return True
    corners = np.concatenate([thing.mesh()[0] for thing in motion.carried])
    for time in CHECKED[::6]:
        T = motion.at(float(time)).T_world_carried
        moved = corners @ T[:3, :3].T + T[:3, 3]
        if least_distance(motion.still, moved).min() < -0.0005:
            return False
    return True


def _unit(vector: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    return vector / np.linalg.norm(vector)
