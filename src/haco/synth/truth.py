"""All that the engine knows of a sample beyond what training needs: depth, masks, 3D, and more."""

import dataclasses

import numpy as np
from jaxtyping import Float32, UInt8

from haco.geometry.camera import transform_points
from haco.geometry.raster import rasterize
from haco.synth.engine import Drawn, draw_all, find_picture_set, photograph
from haco.synth.looks.parts import Part
from haco.synth.looks.scenes import HAND_END, join_meshes, to_pixels
from haco.synth.picture_sets import PictureSet
from haco.types import Sample

SEGMENTS = (
    "background", "hand", "forearm", "clothing", "object", "surface", "body", "other hand",
    "clutter",
)  # fmt: skip
"""What a pixel of `Truth.segments` can see, by number."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of one made picture beside its sample; the same camera, the same pixels."""

    depth: Float32[np.ndarray, "height width"]
    """Of what is seen, along the viewing axis, metres; infinite where nothing was drawn."""
    segments: UInt8[np.ndarray, "height width"]
    """What is seen: an index into `SEGMENTS`."""
    keypoints_3d: Float32[np.ndarray, "21 3"]
    """Wrist, then thumb, index, middle, ring and little from base to tip; camera frame, metres."""
    betas: Float32[np.ndarray, "10"]
    """Shape coefficients of the open hand."""
    hand_pose: Float32[np.ndarray, "15 3"]
    """Axis-angle of joints 1..15 of the right hand that was drawn, radians; a left hand in the
    picture is that hand's mirror image."""
    penetration: float
    """How deep the deepest vertex lies inside what the hand touches, metres; 0 if none does."""
    things: tuple[str, ...]
    """What the hand touches or nearly touches: kinds of shapes such as `mug` or `limb`."""
    visible: float
    """Share of the hand's own outline that nothing hides, 0..1."""


def make_truth(
    picture_set: str | PictureSet,
    seed: int,
    index: int,
    *,
    size: int = 256,
    supersample: int | None = None,
) -> tuple[Sample, Truth]:
    """Make one sample, the very one of `make_sample`, and all that is known of it.

    Args:
        picture_set: A name in `PICTURE_SETS`, or a set.
        seed: Names a series of samples.
        index: Which sample of the series.
        size: Pixels along each side.
        supersample: Rays along each side of a pixel; the set's own number if not given.
    """
    drawn = draw_all(picture_set, seed, index)
    rays = find_picture_set(picture_set).supersample if supersample is None else supersample
    return photograph(drawn, size, rays), truth_of(drawn, size)


def truth_of(drawn: Drawn, size: int) -> Truth:
    """Measure what is known of a drawn sample, at so many pixels along each side."""
    scene, interaction = drawn.scene, drawn.interaction
    segments, depth = _seen(scene.parts, scene.view.intrinsics(size), size)
    alone, _ = _seen(scene.parts[:1], scene.view.intrinsics(size), size)
    hand = SEGMENTS.index("hand")
    joints = transform_points(interaction.joints.astype(np.float64), scene.view.T_camera_hand)
    if drawn.is_left:
        segments, depth = segments[:, ::-1].copy(), depth[:, ::-1].copy()
        joints = joints * np.array([-1.0, 1.0, 1.0])
    things = [placed.shape.kind for placed in interaction.objects]
    things += ["other hand"] if interaction.other_hand is not None else []
    return Truth(
        depth=depth.astype(np.float32),
        segments=segments,
        keypoints_3d=joints.astype(np.float32),
        betas=interaction.betas.astype(np.float32),
        hand_pose=interaction.hand_pose.astype(np.float32),
        penetration=max(0.0, -float(interaction.distance.min())),
        things=tuple(things),
        visible=float((segments == hand).sum() / max(1, (alone == hand).sum())),
    )


def _seen(parts: tuple[Part, ...], K: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces = join_meshes(parts)
    fragments = rasterize(to_pixels(vertices, K), faces, size, size)
    owners = np.concatenate([_face_segments(part, first=i == 0) for i, part in enumerate(parts)])
    segments = owners[fragments.face_index]
    segments[fragments.face_index < 0] = SEGMENTS.index("background")
    return segments, fragments.depth


def _face_segments(part: Part, *, first: bool) -> UInt8[np.ndarray, " faces"]:
    """Say of each face what it is; the labelled hand is parted from its forearm at the wrist."""
    segments = np.full(len(part.faces), SEGMENTS.index(part.role), np.uint8)
    if first:
        proper = (part.rest[part.faces, 0] < HAND_END).all(axis=1)
        segments[~proper] = SEGMENTS.index("forearm")
    return segments
