"""From a scene to a picture: z-buffer, shadow map, ambient occlusion, then light on every pixel."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int, UInt8

from haco.geometry.raster import Fragments, rasterize
from haco.synth.looks import kernels
from haco.synth.looks.backgrounds import textures
from haco.synth.looks.materials import MATERIAL
from haco.synth.looks.parts import Part
from haco.synth.looks.postprocess import defocus, develop
from haco.synth.looks.scenes import Scene, join_meshes, to_pixels

SHADOW_SIZE = 256
EDGE_BLUR = 0.45
"""With one ray a pixel, edges are stairs: so many pixels of blur make them look photographed."""


class Buffers(NamedTuple):
    """What is known of every pixel before it is lit."""

    fragments: Fragments
    points: Float64[np.ndarray, "height width 3"]
    """Place, camera frame, metres."""
    normals: Float64[np.ndarray, "height width 3"]
    """Unit, towards the camera."""
    occlusion: Float64[np.ndarray, "height width"]
    """Share of the sky that nearby things leave free."""
    key_visible: Float64[np.ndarray, "height width"]
    """Share of the key light that arrives."""


def render(scene: Scene, size: int, supersample: int = 1) -> UInt8[np.ndarray, "size size 3"]:
    """Draw the picture of a scene.

    Args:
        scene: What to draw.
        size: Pixels along each side.
        supersample: Rays along each side of a pixel.
    """
    light = shade(scene, size * supersample)
    if supersample > 1:
        light = cv2.resize(light, (size, size), interpolation=cv2.INTER_AREA)
    else:
        light = cv2.GaussianBlur(light, (5, 5), EDGE_BLUR)
    return develop(light, scene.photo)


def shade(scene: Scene, size: int) -> Float32[np.ndarray, "size size 3"]:
    """Draw the linear light that reaches a perfect camera with one ray a pixel."""
    vertices, faces = join_meshes(scene.parts)
    buffers = fill_buffers(scene, vertices, faces, size)
    background = cv2.resize(scene.background, (size, size), interpolation=cv2.INTER_LINEAR)
    out = np.ascontiguousarray(background, np.float64)
    kernels.shade_pixels(
        *buffers.fragments[:2],
        *buffers[1:],
        faces,
        np.concatenate([part.rest for part in scene.parts]),
        np.concatenate([part.paint for part in scene.parts]),
        np.repeat(np.arange(len(scene.parts)), [len(part.faces) for part in scene.parts]),
        np.array([part.material for part in scene.parts], MATERIAL),
        textures(),
        scene.light[()],
        out,
    )
    lit = out.astype(np.float32)
    if not scene.photo.aperture:
        return lit
    return defocus(
        lit,
        buffers.fragments.depth,
        focus=float(np.median(scene.parts[0].vertices[:, 2])),
        focal=scene.view.focal * size,
        aperture=scene.photo.aperture,
    )


def fill_buffers(
    scene: Scene,
    vertices: Float64[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    size: int,
) -> Buffers:
    """Find what each pixel sees, and how much light can reach it.

    Args:
        scene: For its camera and its light.
        vertices: All meshes of the scene joined, camera frame, metres.
        faces: Likewise.
        size: Pixels along each side.
    """
    K = scene.view.intrinsics(size)
    fragments = rasterize(to_pixels(vertices, K), faces, size, size)
    normals = np.concatenate([part.normals for part in scene.parts])
    seen = fragments.face_index
    points, towards = kernels.surface_points(seen, fragments.barycentric, vertices, faces, normals)
    light = scene.light[()]
    occlusion = kernels.ambient_occlusion(
        seen, points, towards, K[0, 0], light["occlusion_radius"], light["occlusion_strength"]
    )
    shadow = _depth_from_light(scene.parts, scene.light)
    key_visible = kernels.key_light_visibility(seen, points, towards, light, shadow)
    return Buffers(fragments, points, towards, occlusion, key_visible)


def _depth_from_light(
    parts: tuple[Part, ...], light: np.ndarray
) -> Float64[np.ndarray, "size size"]:
    casters = tuple(part for part in parts if part.casts_shadow)
    vertices, faces = join_meshes(casters)
    seen = (vertices - light["shadow_centre"]) @ light["shadow_axes"].T
    seen[:, :2] = (seen[:, :2] / light["shadow_half"] + 1) * 0.5 * SHADOW_SIZE - 0.5
    return rasterize(seen, faces, SHADOW_SIZE, SHADOW_SIZE, perspective=False).depth
