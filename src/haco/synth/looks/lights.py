"""Where the light of a scene comes from, and of what colour it is."""

import numpy as np
from jaxtyping import Float, Float64

LIGHT = np.dtype(
    [
        ("key_direction", np.float64, 3),  # towards the light, camera frame
        ("key_colour", np.float64, 3),
        ("fill_direction", np.float64, 3),
        ("fill_colour", np.float64, 3),
        ("up", np.float64, 3),  # towards the sky, camera frame
        ("sky", np.float64, 3),
        ("ground", np.float64, 3),
        ("shadow_axes", np.float64, (3, 3)),  # rows: two across the light's view, one along it
        ("shadow_centre", np.float64, 3),
        ("shadow_half", np.float64),  # half width of what the light's view covers, metres
        ("shadow_softness", np.float64),  # spread of the shadow's edge, texels
        ("occlusion_radius", np.float64),  # how far off things still dim each other, metres
        ("occlusion_strength", np.float64),
    ]
)
"""One record, as the compiled shader reads it."""

SHADOW_HALF = 0.28


def draw_light(
    rng: np.random.Generator,
    *,
    up: Float[np.ndarray, "3"],
    free_side: Float[np.ndarray, "3"] | None,
    centre: Float[np.ndarray, "3"],
) -> np.ndarray:
    """Draw one key light with a shadow, one fill light without, and the light of sky and ground.

    Args:
        rng: Where chance comes from.
        up: Unit vector to the sky, camera frame.
        free_side: Unit normal of the surface that is touched, which the key light must light; or
            None.
        centre: Of the hand, camera frame, metres.

    Returns:
        A `LIGHT` record.
    """
    key = _draw_key_direction(rng, up, free_side)
    light = np.zeros((), LIGHT)
    light["key_direction"] = key
    light["key_colour"] = rng.uniform(0.3, 1.25) * _tint(rng)
    light["fill_direction"] = _unit(rng.normal(size=3) + np.array([0.0, 0.0, -1.0]))
    light["fill_colour"] = rng.uniform(0.0, 0.35) * _tint(rng)
    light["up"] = up
    light["sky"] = rng.uniform(0.25, 0.7) * _tint(rng)
    light["ground"] = light["sky"] * rng.uniform(0.3, 0.9) * _tint(rng)
    across = _unit(np.cross(key, rng.normal(size=3)))
    light["shadow_axes"] = np.stack([across, np.cross(key, across), -key])
    light["shadow_centre"] = centre
    light["shadow_half"] = SHADOW_HALF
    light["shadow_softness"] = np.exp(rng.uniform(np.log(0.6), np.log(5.0)))
    light["occlusion_radius"] = rng.uniform(0.020, 0.032)
    light["occlusion_strength"] = rng.uniform(0.9, 1.5)
    return light


def _draw_key_direction(
    rng: np.random.Generator,
    up: Float[np.ndarray, "3"],
    free_side: Float[np.ndarray, "3"] | None,
) -> Float64[np.ndarray, "3"]:
    for _ in range(100):
        key = _unit(rng.normal(size=3))
        from_behind = key[2] > 0.5  # the camera looks along +z
        buried = free_side is not None and key @ free_side < 0.2
        if key @ up > -0.1 and not from_behind and not buried:
            return key
    return up if free_side is None else free_side


def _tint(rng: np.random.Generator) -> Float64[np.ndarray, "3"]:
    return np.exp(rng.normal(0, 0.1, 3))


def _unit(vector: Float[np.ndarray, "3"]) -> Float64[np.ndarray, "3"]:
    return vector / np.linalg.norm(vector)
