"""Draw random people and lay their right hands into one frame, in metres.

A person is MakeHuman's base body plus a weighted sum of its shape targets, as MakeHuman itself
mixes them: products of the shares of gender, age, race, muscle and weight.
"""

import dataclasses
from itertools import product

import numpy as np

from open_hand.source import Source

METRES = 0.1
GENDERS = ("female", "male")
AGES = ("child", "young", "old")
RACES = ("african", "asian", "caucasian")
AMOUNTS = ("min", "average", "max")
# Finger features that MakeHuman has a slider for, with the spread we give each.
HAND_SLIDERS = {
    "hand-scale": 0.2,
    "hand-fingers-length": 0.35,
    "hand-fingers-diameter": 0.35,
    "hand-fingers-distance": 0.15,
}
MIDDLE_BASE, INDEX_BASE, LITTLE_BASE = 4, 1, 7


@dataclasses.dataclass(frozen=True, kw_only=True)
class People:
    """Many hands in the hand's frame, metres."""

    vertices: np.ndarray
    """(N, S, 3)"""
    joints: np.ndarray
    """(N, 21, 3): the sixteen joints, then the five tips."""


def target_names() -> list[str]:
    """Name every shape target that a random person may use."""
    return [
        *(f"macrodetails/{race}-{g}-{age}" for race, g, age in product(RACES, GENDERS, AGES)),
        *(_build_name(*choice) for choice in product(GENDERS, AGES, AMOUNTS, AMOUNTS)),
        *(f"hands/r-{slider}-{way}" for slider, way in product(HAND_SLIDERS, ("decr", "incr"))),
    ]


def _build_name(gender: str, age: str, muscle: str, weight: str) -> str:
    return f"macrodetails/universal-{gender}-{age}-{muscle}muscle-{weight}weight"


def draw_people(source: Source, rng: np.random.Generator, num_people: int) -> People:
    """Draw hands of all ages, genders, races and builds.

    Args:
        source: The base body and its targets.
        rng: Where the randomness comes from.
        num_people: How many.

    Returns:
        The hands, each laid into the hand's frame by its own joints.
    """
    mixes = [_draw_mix(rng) for _ in range(num_people)]
    weights = np.array([[mix.get(name, 0.0) for name in source.targets] for mix in mixes])
    offsets = np.stack(list(source.targets.values())).reshape(len(source.targets), -1)
    bodies = source.vertices + (weights @ offsets).reshape(num_people, *source.vertices.shape)
    aligned = [align(body * METRES, source.joint_mix) for body in bodies]
    return People(
        vertices=np.stack([vertices for vertices, _ in aligned]),
        joints=np.stack([joints for _, joints in aligned]),
    )


def align(vertices: np.ndarray, joint_mix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay one hand into the hand's frame.

    The wrist becomes the origin, the middle finger's base lies on -x, and z points from the little
    finger's base to the index finger's, so that a right hand's palm faces -y.

    Args:
        vertices: (S, 3) in any right-handed frame.
        joint_mix: (21, S) rows that give the joints.

    Returns:
        Vertices (S, 3) and joints (21, 3) in the hand's frame.
    """
    joints = joint_mix @ vertices
    x = joints[0] - joints[MIDDLE_BASE]
    x /= np.linalg.norm(x)
    across = joints[INDEX_BASE] - joints[LITTLE_BASE]
    z = across - (across @ x) * x
    z /= np.linalg.norm(z)
    to_hand = np.stack([x, np.cross(z, x), z]).T
    return (vertices - joints[0]) @ to_hand, (joints - joints[0]) @ to_hand


def _draw_mix(rng: np.random.Generator) -> dict[str, float]:
    """Draw one person: the weight of each shape target that is not zero."""
    male = rng.beta(0.6, 0.6)
    gender = {"female": 1 - male, "male": male}
    age = _draw_age(rng)
    race = dict(zip(RACES, rng.dirichlet([0.5] * len(RACES)), strict=True))
    muscle, weight = (_amounts(np.clip(rng.normal(0.5, 0.25), 0, 1)) for _ in range(2))
    mix = {
        f"macrodetails/{r}-{g}-{a}": race[r] * gender[g] * age[a]
        for r, g, a in product(race, gender, age)
    }
    for g, a, m, w in product(gender, age, muscle, weight):
        mix[_build_name(g, a, m, w)] = gender[g] * age[a] * muscle[m] * weight[w]
    for slider, spread in HAND_SLIDERS.items():
        value = rng.normal(0, spread)
        mix[f"hands/r-{slider}-{'incr' if value > 0 else 'decr'}"] = abs(value)
    return mix


def _draw_age(rng: np.random.Generator) -> dict[str, float]:
    """Draw shares of young and one other age: 55 % all young, 30 % to old, 15 % to child."""
    kind = rng.random()
    if kind < 0.55:
        return {"young": 1.0}
    young = rng.uniform(0, 1) if kind < 0.85 else rng.uniform(0.3, 1)
    return {"young": young, "old" if kind < 0.85 else "child": 1 - young}


def _amounts(value: float) -> dict[str, float]:
    """Share a slider in 0..1 among its least, middle and greatest targets."""
    return {
        "min": max(0.0, 1 - 2 * value),
        "average": 1 - abs(2 * value - 1),
        "max": max(0.0, 2 * value - 1),
    }
