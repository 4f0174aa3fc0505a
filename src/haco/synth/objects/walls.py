"""Walls that hands lean on: bricks, tiles, boards, or plaster with a switch or a door's frame."""

import numpy as np

from haco.synth.objects.shapes import Shape, shifted
from haco.synth.objects.solids import Primitive, half_space, rounded_box

_REACH = 0.35
"""How far from the origin a wall has its relief, metres."""


def draw_wall(rng: np.random.Generator) -> Shape:
    """Draw a wall whose foremost face lies at y = 0 about the origin, its free side along y."""
    style = rng.choice(5, p=(0.25, 0.2, 0.15, 0.2, 0.2))
    if style == 0:
        return Shape("wall", _laid_out(0.215, 0.07, rng.uniform(0.003, 0.008), rng, bond=0.5))
    if style == 1:
        side = rng.uniform(0.1, 0.2)
        return Shape("wall", _laid_out(side, side, rng.uniform(0.001, 0.003), rng, bond=0.0))
    if style == 2:
        return Shape("wall", _laid_out(1.2, rng.uniform(0.08, 0.14), 0.004, rng, bond=0.0))
    if style == 3:
        return Shape("wall", (half_space(), *_switch(rng)))
    return Shape("wall", (half_space(), _frame(rng)))


def _laid_out(
    width: float, height: float, depth: float, rng: np.random.Generator, *, bond: float
) -> tuple[Primitive, ...]:
    """Lay bricks, tiles or boards in rows before a sunken plane; `bond` shifts every other row."""
    joint = rng.uniform(0.003, 0.009)
    ground = half_space(shifted(0.0, -depth, 0.0))
    halves = np.array([(width - joint) / 2, (depth + 0.01) / 2, (height - joint) / 2])
    first = rng.uniform(-0.5, 0.5, 2)
    rows, columns = int(np.ceil(_REACH / height)), int(np.ceil(_REACH / width))
    blocks = [
        rounded_box(
            halves, min(0.003, 0.45 * depth),
            shifted((i + first[0] + bond * (j % 2)) * width, -halves[1], (j + first[1]) * height),
        )
        for j in range(-rows, rows + 1)
        for i in range(-columns, columns + 1)
    ]  # fmt: skip
    return ground, *blocks


def _switch(rng: np.random.Generator) -> tuple[Primitive, Primitive]:
    """A light switch near the origin: a plate and its rocker."""
    x, z = rng.uniform(-0.06, 0.06, 2)
    plate = rounded_box(np.array([0.042, 0.0045, 0.042]), 0.002, shifted(x, 0.0, z))
    return plate, rounded_box(np.array([0.03, 0.004, 0.03]), 0.0015, shifted(x, 0.003, z))


def _frame(rng: np.random.Generator) -> Primitive:
    """The upright of a door's or a window's frame beside the origin."""
    out, wide = rng.uniform(0.006, 0.02), rng.uniform(0.025, 0.05)
    place = shifted(rng.uniform(-0.08, 0.08), 0.0, 0.0)
    return rounded_box(np.array([wide, out, 0.8]), rng.uniform(0.001, 0.005), place)
