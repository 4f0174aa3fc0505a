"""What things are made of: skin of every tone, gloves, cloth, wood, plain and printed surfaces.

Colours given as sRGB fractions in tables are turned into linear light when they are used.
"""

import dataclasses
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

from haco.hands.open_hand import OpenHandArrays

Pattern = Literal["plain", "blotches", "stripes", "checks", "wood", "weave", "picture"]
PATTERNS: tuple[Pattern, ...] = (
    "plain",
    "blotches",
    "stripes",
    "checks",
    "wood",
    "weave",
    "picture",
)

MATERIAL = np.dtype(
    [
        ("pattern", np.int64),  # index into PATTERNS
        ("picture", np.int64),  # which texture, for the pattern `picture`
        ("second", np.float64, 3),  # the pattern's other colour; the first is the vertices' own
        ("scale", np.float64),  # size of the pattern, metres
        ("rotation", np.float64, (3, 3)),  # of the pattern in the object
        ("offset", np.float64, 3),  # of the pattern, metres
        ("gloss", np.float64),  # strength of the highlight
        ("shininess", np.float64),  # its exponent
        ("bump", np.float64),  # how far noise tilts the normal
        ("bump_scale", np.float64),  # cell of that noise, metres
        ("mottle", np.float64),  # share by which noise changes the colour
        ("mottle_scale", np.float64),
        ("wrap", np.float64, 3),  # how far light creeps round an edge, by channel (skin: red most)
        ("crease", np.float64),  # depth of the lines over the joints; 0 unless skin
        ("lines", np.float64),  # depth of the palm's lines and of wrinkles; 0 unless skin
        ("hair", np.float64),  # how dark the hairs on arm and back of the hand are, likewise
        ("nail", np.float64, 3),  # colour where the vertices say nail
        ("nail_gloss", np.float64),
    ]
)
"""One record a material, as the compiled shader reads it."""

MELANIN_STEPS = np.array([[0.93, 0.74, 0.64], [0.76, 0.55, 0.42], [0.28, 0.17, 0.12]])
PALE_PALM = np.array([0.90, 0.68, 0.60])
NAIL = np.array([0.95, 0.78, 0.74])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Skin:
    """One person's skin, or the glove over it."""

    back: Float64[np.ndarray, "3"]
    """Linear colour of the back of the hand."""
    palm: Float64[np.ndarray, "3"]
    """Linear colour of the palm side, lighter the darker the back is."""
    flush: float
    """How much redder the finger tips are, 0..1."""
    knuckles: float
    """How much darker the knuckles are, 0..1."""
    material: np.ndarray
    """One `MATERIAL` record."""


def linear(srgb: Float[np.ndarray, "*batch 3"]) -> Float64[np.ndarray, "*batch 3"]:
    """Turn sRGB fractions into linear light by the plain power 2.2."""
    return np.clip(srgb, 0.0, None).astype(np.float64) ** 2.2


def make_material(**fields: object) -> np.ndarray:
    """Make one `MATERIAL` record: matt and plain but for the fields given."""
    record = np.zeros((), MATERIAL)
    record["rotation"] = np.eye(3)
    for name in ("scale", "bump_scale", "mottle_scale"):
        record[name] = 0.02
    record["shininess"] = 20.0
    for name, value in fields.items():
        record[name] = value
    return record


def draw_colour(rng: np.random.Generator) -> Float64[np.ndarray, "3"]:
    """Draw a linear colour such as made things have: many greys and woods, some bright ones."""
    style = rng.random()
    if style < 0.30:  # white, grey, black, slightly tinted
        return linear(np.clip(rng.uniform(0.04, 0.97) + rng.normal(0, 0.025, 3), 0.02, 0.98))
    if style < 0.45:  # wood, leather, cardboard
        brown = np.array([0.62, 0.45, 0.30]) * rng.uniform(0.4, 1.45)
        return linear(np.clip(brown + rng.normal(0, 0.04, 3), 0.02, 0.95))
    value, saturation, hue = rng.uniform(0.15, 0.97), rng.beta(1.5, 1.2), rng.random()
    wheel = np.abs((hue * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1
    return linear(value * (1 - saturation * (1 - np.clip(wheel, 0, 1))))


def draw_object_material(
    rng: np.random.Generator, *, num_pictures: int, size: float
) -> tuple[Float64[np.ndarray, "3"], np.ndarray]:
    """Draw the material of a thing.

    Args:
        rng: Where chance comes from.
        num_pictures: How many textures there are to print from.
        size: Rough size of the thing, metres; patterns are made to fit.

    Returns:
        The linear colour of its vertices, and its `MATERIAL` record.
    """
    pattern = rng.choice(len(PATTERNS), p=(0.46, 0.14, 0.10, 0.05, 0.08, 0.04, 0.13))
    gloss = rng.choice([0.0, 0.02, 0.1, 0.35, 0.8], p=(0.15, 0.3, 0.25, 0.2, 0.1))
    scale = {"picture": rng.uniform(0.8, 3.0), "weave": 0.1, "wood": rng.uniform(0.2, 0.6)}
    return draw_colour(rng), make_material(
        pattern=pattern,
        picture=rng.integers(num_pictures),
        second=draw_colour(rng),
        scale=size * scale.get(PATTERNS[pattern], rng.uniform(0.15, 0.7)),
        rotation=_draw_rotation(rng),
        offset=rng.uniform(-1, 1, 3),
        gloss=gloss * rng.uniform(0.6, 1.4),
        shininess=np.exp(rng.uniform(np.log(8), np.log(150))),
        bump=rng.choice([0.0, 0.05, 0.2], p=(0.5, 0.35, 0.15)) * rng.uniform(0.5, 1.5),
        bump_scale=rng.uniform(0.003, 0.012),
        mottle=rng.choice([0.0, rng.uniform(0.02, 0.25)]),
        mottle_scale=size * rng.uniform(0.1, 0.8),
        wrap=np.full(3, rng.uniform(0.0, 0.15)),
    )


def draw_cloth_material(
    rng: np.random.Generator, *, num_pictures: int
) -> tuple[Float64[np.ndarray, "3"], np.ndarray]:
    """Draw a sleeve's or garment's colour and material: matt, soft, often striped or checked."""
    return draw_colour(rng), make_material(
        pattern=rng.choice(len(PATTERNS), p=(0.5, 0.1, 0.14, 0.1, 0.0, 0.1, 0.06)),
        picture=rng.integers(num_pictures),
        second=draw_colour(rng),
        scale=rng.uniform(0.006, 0.03),
        rotation=_draw_rotation(rng),
        offset=rng.uniform(-1, 1, 3),
        bump=rng.uniform(0.1, 0.5),
        bump_scale=rng.uniform(0.005, 0.02),
        mottle=rng.uniform(0.0, 0.12),
        mottle_scale=0.01,
        wrap=np.full(3, rng.uniform(0.05, 0.25)),
    )


def draw_skin(
    rng: np.random.Generator, *, gloves: float = 0.04, varnish: float = 0.15, fine: bool = False
) -> Skin:
    """Draw one person's skin.

    Args:
        rng: Where chance comes from.
        gloves: How often it is a glove.
        varnish: How often nails are painted.
        fine: Whether it has lines, wrinkles and hairs.
    """
    if rng.random() < gloves:
        return _draw_glove(rng)
    melanin = rng.beta(1.1, 1.1)
    back = np.array([np.interp(melanin, (0, 0.5, 1), column) for column in MELANIN_STEPS.T])
    back = back * (1 + rng.normal(0, 0.05)) * (1 + rng.normal(0, 0.025, 3))
    palm = back + (0.25 + 0.45 * melanin) * (PALE_PALM - back) * rng.uniform(0.7, 1.1)
    nail = 0.55 * palm + 0.45 * NAIL * (0.75 + 0.25 * palm)
    wrap = rng.uniform(0.25, 0.5)
    varnished = rng.random() < varnish
    skin = Skin(
        back=linear(back),
        palm=linear(palm),
        flush=rng.uniform(0.1, 0.9) * (1 - 0.6 * melanin),
        knuckles=rng.uniform(0.0, 0.5),
        material=make_material(
            gloss=rng.uniform(0.02, 0.12),
            shininess=rng.uniform(8, 30),
            bump=rng.uniform(0.02, 0.09),
            bump_scale=rng.uniform(0.0022, 0.004),
            mottle=rng.uniform(0.03, 0.10),
            mottle_scale=rng.uniform(0.005, 0.014),
            wrap=wrap * np.array([1.0, 0.45, 0.3]),
            crease=rng.uniform(0.15, 0.6),
            nail=draw_colour(rng) if varnished else linear(nail),
            nail_gloss=rng.uniform(0.3, 0.7) if varnished else rng.uniform(0.05, 0.3),
            offset=rng.uniform(-1, 1, 3),
        ),
    )
    if fine:
        skin.material["lines"] = rng.uniform(0.15, 0.7)
        skin.material["hair"] = max(0.0, rng.uniform(-0.5, 0.6))
    return skin


def paint_skin(skin: Skin, hand: OpenHandArrays) -> Float64[np.ndarray, "vertices 3"]:
    """Colour each vertex of the render mesh: back, palm, flushed tips, darker knuckles; linear."""
    palmar = np.clip(hand.render_palmar, 0, 1)[:, None] ** 0.8
    colour = skin.back + palmar * (skin.palm - skin.back)
    bend = joint_coordinate(hand)
    tips = np.clip((bend - 2.3) / 0.7, 0, 1)[:, None]
    colour = colour * (1 - skin.flush * tips * np.array([0.02, 0.22, 0.18]))
    near_joint = np.clip(1 - np.abs((bend % 1.0) - 0.5) / 0.3, 0, 1) * (bend > 0.3)
    return colour * (1 - skin.knuckles * 0.45 * near_joint[:, None] * (1 - palmar))


def joint_coordinate(hand: OpenHandArrays) -> Float64[np.ndarray, " vertices"]:
    """Say how far along its finger each vertex lies, in bones: a joint is at each half number.

    0 is the palm, 1 the first bone, 2 the second, 3 the last; the forearm is -1.
    """
    depth = np.zeros(hand.render_weights.shape[1])
    depth[1:16] = np.tile([1.0, 2.0, 3.0], 5)
    depth[16] = -1.0
    return hand.render_weights.astype(np.float64) @ depth


def _draw_glove(rng: np.random.Generator) -> Skin:
    colour = draw_colour(rng)
    material = make_material(
        gloss=rng.uniform(0.0, 0.25),
        shininess=rng.uniform(8, 60),
        bump=rng.uniform(0.05, 0.3),
        bump_scale=rng.uniform(0.003, 0.008),
        mottle=rng.uniform(0.0, 0.08),
        wrap=np.full(3, 0.1),
        crease=rng.uniform(0.0, 0.3),
        nail=colour,
    )
    return Skin(back=colour, palm=colour, flush=0.0, knuckles=0.0, material=material)


def _draw_rotation(rng: np.random.Generator) -> Float64[np.ndarray, "3 3"]:
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return axes
