"""Things that are used in one certain way: a pen, a phone, a mug by its handle, a door handle.

Each is drawn so that the place where a hand grips it is the origin and the gripped length runs
along y. Along +x lies the palm, -z is where the fingers point.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from haco.synth.objects.shapes import Shape, draw_shape, shifted, vessel
from haco.synth.objects.solids import (
    Primitive,
    capsule,
    ellipsoid,
    frustum,
    half_space,
    rounded_box,
    torus,
)

Point = Float[np.ndarray, "3"]
KEY_PITCH = 0.019
"""From one key of a keyboard to the next, metres."""
PEN_TIP = 0.032
"""From where fingers hold a pen to its tip, metres."""


def rod(start: tuple[float, ...], stop: tuple[float, ...], radius: float) -> Primitive:
    """Make a capsule from one point to another; its core ends there."""
    first, last = np.array(start, float), np.array(stop, float)
    along = last - first
    length = float(np.linalg.norm(along))
    y = along / length
    helper = np.eye(3)[np.argmin(np.abs(y))]
    x = np.cross(y, helper)
    x /= np.linalg.norm(x)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = np.stack([x, y, np.cross(x, y)], axis=1), 0.5 * (first + last)
    return capsule(0.5 * length, radius, T)


def _pen(rng: np.random.Generator) -> Shape:
    radius, length = rng.uniform(0.0035, 0.006), rng.uniform(0.09, 0.12)
    cone = frustum(0.009, 0.0012, radius, 0.0008, shifted(0.0, 0.009 - PEN_TIP, 0.0))
    body = frustum(length / 2, radius, radius, 0.0015, shifted(0.0, length / 2 - 0.0145, 0.0))
    return Shape("pen", (body, cone))


def _phone(rng: np.random.Generator) -> Shape:
    halves = np.array([rng.uniform(0.0036, 0.0055), *rng.uniform((0.065, 0.032), (0.08, 0.039))])
    lens = np.array([0.0015, 0.012, 0.010])
    place = shifted(halves[0], halves[1] - 0.018, 0.014 - halves[2])
    return Shape("phone", (rounded_box(halves, 0.003), rounded_box(lens, 0.001, place)))


def _mug(rng: np.random.Generator) -> Shape:
    radius, half = rng.uniform(0.035, 0.045), rng.uniform(0.042, 0.055)
    tube, reach = rng.uniform(0.005, 0.0075), rng.uniform(0.034, 0.042)
    rise = half * rng.uniform(0.6, 0.75)
    body = vessel(radius, radius, half, rng.uniform(0.003, 0.005))
    body = dataclasses.replace(body, T_object_primitive=shifted(-reach - radius + 0.002, 0.0, 0.0))
    arms = (rod((0.0, end, 0.0), (-reach, 0.9 * end, 0.0), tube) for end in (-rise, rise))
    return Shape("mug", (body, rod((0.0, -rise, 0.0), (0.0, rise, 0.0), tube), *arms))


def _knife(rng: np.random.Generator) -> Shape:
    half, width = rng.uniform(0.05, 0.062), rng.uniform(0.010, 0.014)
    length, depth = rng.uniform(0.05, 0.10), rng.uniform(0.009, 0.022)
    grip = rounded_box(np.array([rng.uniform(0.007, 0.011), half, width]), 0.005)
    place = shifted(0.0, half + length - 0.004, width - depth)
    blade = rounded_box(np.array([0.0011, length, depth]), 0.0009, place)
    return Shape("knife", (blade, grip))


def _bottle(rng: np.random.Generator) -> Shape:
    return draw_shape("bottle", rng.uniform(0.026, 0.037), rng)


def _ball(rng: np.random.Generator) -> Shape:
    radius = float(np.exp(rng.uniform(np.log(0.02), np.log(0.11))))
    return Shape("ball", (ellipsoid(radius, radius, radius),))


def _book(rng: np.random.Generator) -> Shape:
    halves = np.array([rng.uniform(0.005, 0.018), *rng.uniform((0.075, 0.055), (0.12, 0.085))])
    inner = halves - np.array([0.0015, 0.003, 0.003])
    place = shifted(0.0, 0.0, 0.02 - halves[2])
    cover = np.array([0.0015, halves[1], halves[2]])
    sheets = rounded_box(inner, 0.0008, place)
    covers = (
        rounded_box(cover, 0.001, shifted(side * (halves[0] - 0.0015), 0.0, 0.02 - halves[2]))
        for side in (-1, 1)
    )
    return Shape("book", (sheets, *covers))


def _bag(rng: np.random.Generator) -> Shape:
    radius, half = rng.uniform(0.006, 0.013), rng.uniform(0.05, 0.065)
    halves = rng.uniform((0.03, 0.11, 0.10), (0.08, 0.18, 0.17))
    top, spread = -rng.uniform(0.15, 0.2), halves[1] * rng.uniform(0.5, 0.8)
    body = rounded_box(halves, 0.015, shifted(0.0, 0.0, top - halves[2]))
    straps = (
        rod((0.0, end * half, 0.0), (0.0, end * spread, top - 0.005), 0.7 * radius)
        for end in (-1, 1)
    )
    return Shape("bag", (body, rod((0.0, -half, 0.0), (0.0, half, 0.0), radius), *straps))


def _door_handle(rng: np.random.Generator) -> Shape:
    radius, half, out = rng.uniform(0.007, 0.011), rng.uniform(0.05, 0.07), rng.uniform(0.05, 0.065)
    lever = rod((0.0, -half, 0.0), (0.0, half, 0.0), radius)
    neck = rod((0.0, -half, 0.0), (-out, -half, 0.0), radius)
    door = rounded_box(np.array([0.02, 0.35, 0.3]), 0.003, shifted(-out - 0.02, 0.0, 0.0))
    return Shape("door handle", (door, lever, neck))


def _steering_wheel(rng: np.random.Generator) -> Shape:
    ring, tube = rng.uniform(0.16, 0.20), rng.uniform(0.011, 0.016)
    turn = rng.uniform(-1.2, 1.2)
    centre = np.array([-ring * np.cos(turn), 0.0, -ring * np.sin(turn)])
    out = -centre / ring
    T = np.eye(4)
    # The ring's own axis is y; here it must be across both the rim (y) and the way to the centre.
    T[:3, :3] = np.stack([out, np.cross([0.0, 1.0, 0.0], out), [0.0, 1.0, 0.0]], axis=1)
    T[:3, 3] = centre
    spokes = (
        rod(tuple(centre), tuple(centre + ring * (np.cos(a) * out + np.array([0, np.sin(a), 0]))),
            0.012)
        for a in (np.pi / 2, -np.pi / 2, np.pi)
    )  # fmt: skip
    T_hub = T.copy()
    hub = frustum(0.02, 0.07, 0.06, 0.01, T_hub)
    return Shape("steering wheel", (torus(ring, tube, T), hub, *spokes))


def _rail(rng: np.random.Generator) -> Shape:
    radius, half, out = rng.uniform(0.012, 0.026), rng.uniform(0.4, 0.7), rng.uniform(0.06, 0.1)
    bar = rod((0.0, -half, 0.0), (0.0, half, 0.0), radius)
    offset = rng.uniform(0.1, 0.35)
    if rng.random() < 0.5:  # a banister on posts, else a rail along a wall
        posts = [rod((0.0, y, 0.0), (-0.9, y, 0.0), 0.6 * radius) for y in (offset, offset - 0.45)]
        return Shape("rail", (bar, *posts))
    arms = [rod((0.0, y, 0.0), (-out, y, 0.0), 0.5 * radius) for y in (offset, offset - 0.45)]
    wall = rounded_box(np.array([0.03, 0.7, 0.5]), 0.002, shifted(-out - 0.03, 0.0, 0.0))
    return Shape("rail", (wall, bar, *arms))


TOOLS: Mapping[str, Callable[[np.random.Generator], Shape]] = MappingProxyType(
    {
        "pen": _pen,
        "phone": _phone,
        "mug": _mug,
        "knife": _knife,
        "bottle": _bottle,
        "ball": _ball,
        "book": _book,
        "bag": _bag,
        "door handle": _door_handle,
        "steering wheel": _steering_wheel,
        "rail": _rail,
    }
)
"""How each thing is drawn, by its name."""


def draw_keyboard(rng: np.random.Generator) -> Shape:
    """Draw a keyboard whose key tops lie at y = 0, about the origin, rows along x."""
    rows, columns = int(rng.integers(3, 5)), int(rng.integers(8, 11))
    height, top = rng.uniform(0.002, 0.006), rng.uniform(0.0065, 0.0085)
    halves = np.array([columns, 0.0, rows]) * KEY_PITCH / 2 + np.array([0.006, 0.008, 0.006])
    base = rounded_box(halves, 0.003, shifted(0.0, -halves[1] - height, 0.0))
    keys = [
        rounded_box(
            np.array([top, height / 2 + 0.001, top]), 0.001,
            shifted((i - (columns - 1) / 2) * KEY_PITCH, -height / 2 - 0.001,
                    (j - (rows - 1) / 2) * KEY_PITCH),
        )
        for i in range(columns)
        for j in range(rows)
    ]  # fmt: skip
    return Shape("keyboard", (base, *keys))


def draw_panel(rng: np.random.Generator) -> Shape:
    """Draw a wall with a plate of round or square buttons about the origin, its free side +y."""
    rise, size = rng.uniform(0.002, 0.008), rng.uniform(0.008, 0.016)
    pitch = 2 * size + rng.uniform(0.004, 0.015)
    rows, columns = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    halves = np.array([columns * pitch, 0.0, rows * pitch]) / 2 + np.array([0.01, 0.003, 0.01])
    plate = rounded_box(halves, 0.002, shifted(0.0, 0.0, 0.0))
    square = rng.random() < 0.5
    buttons = []
    for i in range(columns):
        for j in range(rows):
            x, z = (i - (columns - 1) / 2) * pitch, (j - (rows - 1) / 2) * pitch
            at = shifted(x, 0.003 + rise / 2, z)
            half = rise / 2 + 0.001
            buttons.append(
                rounded_box(np.array([size, half, size]), 0.001, at)
                if square
                else frustum(half, size, 0.95 * size, 0.0008, at)
            )
    return Shape("panel", (half_space(), plate, *buttons))
