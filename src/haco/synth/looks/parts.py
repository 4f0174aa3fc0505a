"""Painted meshes that a scene is made of: hands with whole forearms, sleeves, watches, things."""

import dataclasses

import numpy as np
from jaxtyping import Float, Float64, Int

from haco.geometry.mesh import vertex_normals
from haco.hands.open_hand import open_hand_arrays
from haco.synth.looks.kernels import corner_normals
from haco.synth.looks.materials import Skin, joint_coordinate, make_material, paint_skin
from haco.synth.looks.noise import noise_at
from haco.synth.objects.meshes import MeshShape
from haco.synth.objects.shapes import Shape
from haco.synth.poses.arms import arm

SMOOTH_COSINE = float(np.cos(np.radians(50)))
"""Faces of things that meet at a sharper angle than this show an edge."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One mesh of one material, painted at its vertices."""

    vertices: Float64[np.ndarray, "vertices 3"]
    """In the hand's frame (or, once the scene is placed, the camera's), metres."""
    faces: Int[np.ndarray, "faces 3"]
    normals: Float64[np.ndarray, "faces 3 3"]
    """Of each corner of each face."""
    rest: Float64[np.ndarray, "vertices 3"]
    """Where the material's pattern is read, metres: moves with the thing, so that paint sticks."""
    paint: Float64[np.ndarray, "vertices 6"]
    """Linear red, green, blue; nail; place along the finger in bones; palm side."""
    material: np.ndarray
    """One `MATERIAL` record."""
    casts_shadow: bool = True
    """A plane need not: it has nothing behind it."""
    role: str = "clutter"
    """What it is in the scene: a name in `haco.synth.truth.SEGMENTS`."""

    def placed(self, T: Float[np.ndarray, "4 4"]) -> "Part":
        """Carry the mesh into another frame by a rigid 4x4 matrix; the paint stays on it."""
        return dataclasses.replace(
            self,
            vertices=self.vertices @ T[:3, :3].T + T[:3, 3],
            normals=self.normals @ T[:3, :3].T,
        )


def hand_part(
    vertices: Float[np.ndarray, "render_vertices 3"], skin: Skin, *, mirrored: bool = False
) -> Part:
    """Make a hand with its forearm, painted as skin.

    Args:
        vertices: Posed render mesh, metres.
        skin: Whose.
        mirrored: True for a left hand, whose faces turn the other way.
    """
    hand, whole = open_hand_arrays(), arm()
    paint = np.concatenate(
        [
            paint_skin(skin, hand),
            hand.render_nail[:, None].astype(np.float64),
            joint_coordinate(hand)[:, None],
            hand.render_palmar[:, None].astype(np.float64),
        ],
        axis=1,
    )
    placed = whole.prolong(vertices.astype(np.float64))
    faces = whole.faces[:, ::-1] if mirrored else whole.faces
    part = make_part(
        placed, faces, whole.extend(paint), skin.material, rest=whole.rest, smooth=True
    )
    return dataclasses.replace(part, role="hand")


def band_part(
    vertices: Float[np.ndarray, "render_vertices 3"],
    colour: Float64[np.ndarray, "3"],
    material: np.ndarray,
    *,
    start: float,
    stop: float,
    thickness: float,
    folds: float,
    mirrored: bool = False,
) -> Part:
    """Make what lies round the forearm: a sleeve, a watch strap or a bracelet.

    Args:
        vertices: Posed render mesh, metres.
        colour: Linear.
        material: A `MATERIAL` record.
        start: Where it begins, metres from the wrist towards the elbow.
        stop: Where it ends, likewise.
        thickness: How far off the skin it lies, metres.
        folds: How much folds change that, as a share of it.
        mirrored: True on a left hand.
    """
    whole = arm()
    placed, along = whole.prolong(vertices.astype(np.float64)), whole.direction(vertices)
    reach = whole.rest[whole.faces, 0]
    faces = whole.faces[(reach.max(axis=1) > start) & (reach.min(axis=1) < stop)]
    used, faces = np.unique(faces, return_inverse=True)
    normals = vertex_normals(placed, whole.faces)[used]
    rest, placed = whole.rest[used], placed[used]
    # Vertices just outside the band slide along the arm to its edge, so that the edge is clean.
    slide = np.clip(rest[:, 0], start, stop) - rest[:, 0]
    wave = 1 + folds * noise_at(rest / np.array([0.03, 0.02, 0.02]) + material["offset"])
    placed = placed + slide[:, None] * along + (thickness * wave)[:, None] * normals
    faces = faces.reshape(-1, 3).astype(np.int32)
    faces = faces[:, ::-1] if mirrored else faces
    return make_part(
        placed, faces, plain_paint(colour, len(rest)), material, rest=rest, smooth=True
    )


def watch_face(
    vertices: Float[np.ndarray, "render_vertices 3"],
    colour: Float64[np.ndarray, "3"],
    *,
    start: float,
    radius: float,
) -> Part:
    """Make the round case of a watch on the back of the wrist; arguments as for `band_part`."""
    whole = arm()
    template, along = whole.rest[: whole.num_hand], whole.direction(vertices)
    near = np.abs(template[:, 0] - start) < 0.02
    centre = vertices[near].mean(axis=0)
    rise = template[near, 1] - template[near, 1].mean()
    up = rise @ (vertices[near] - centre)
    up -= (up @ along) * along
    up /= np.linalg.norm(up)
    height = float(((vertices[near] - centre) @ up).max())
    angles = np.arange(24) * (2 * np.pi / 24)
    ring = radius * (
        np.cos(angles)[:, None] * along + np.sin(angles)[:, None] * np.cross(up, along)
    )
    low, high = centre + (height - 0.004) * up, centre + (height + 0.009) * up
    placed = np.concatenate([low + ring, high + ring, high[None]])
    here, beside = np.arange(24), np.roll(np.arange(24), -1)
    faces = np.concatenate(
        [
            np.stack([here, beside, here + 24], axis=1),
            np.stack([beside, beside + 24, here + 24], axis=1),
            np.stack([here + 24, beside + 24, np.full(24, 48)], axis=1),
        ]
    )
    paint = plain_paint(colour, 49)
    material = make_material(gloss=0.6, shininess=80.0)
    return make_part(placed, faces.astype(np.int32), paint, material, rest=placed - centre)


def shape_parts(
    shape: Shape,
    T_hand_object: Float[np.ndarray, "4 4"],
    materials: list[tuple[Float64[np.ndarray, "3"], np.ndarray]],
) -> list[Part]:
    """Make one part of each primitive of a shape, the materials taken in turn."""
    vertices, faces = shape.mesh()
    placed = vertices @ T_hand_object[:3, :3].T + T_hand_object[:3, 3]
    owners = shape.face_parts()
    parts = []
    for owner in range(owners.max() + 1):
        colour, material = materials[owner % len(materials)]
        used, own = np.unique(faces[owners == owner], return_inverse=True)
        own = own.reshape(-1, 3).astype(np.int32)
        paint = plain_paint(colour, len(used))
        part = make_part(placed[used], own, paint, material, rest=vertices[used])
        parts.append(dataclasses.replace(part, casts_shadow=shape.kind != "plane"))
    return parts


def mesh_part(
    shape: MeshShape,
    T_hand_object: Float[np.ndarray, "4 4"],
    look: tuple[Float64[np.ndarray, "3"], np.ndarray],
) -> Part:
    """Make a part of a mesh: in its own colours where it has any, else of the material given."""
    colour, material = look
    paint = plain_paint(colour, len(shape.vertices))
    if shape.colours is not None:
        paint[:, :3] = shape.colours
        material = make_material(gloss=material["gloss"], shininess=material["shininess"])
    placed = shape.vertices @ T_hand_object[:3, :3].T + T_hand_object[:3, 3]
    return make_part(placed, shape.faces, paint, material, rest=shape.vertices)


def having_role(role: str, parts: list[Part]) -> list[Part]:
    """Say of parts what they are in the scene."""
    return [dataclasses.replace(part, role=role) for part in parts]


def make_part(
    vertices: Float64[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    paint: Float64[np.ndarray, "vertices 6"],
    material: np.ndarray,
    *,
    rest: Float64[np.ndarray, "vertices 3"],
    smooth: bool = False,
) -> Part:
    """Make a part and its normals; edges stay sharp unless it is `smooth` all over."""
    vertices, faces = np.ascontiguousarray(vertices), np.ascontiguousarray(faces, np.int32)
    if smooth:
        normals = vertex_normals(vertices, faces)[faces]
    else:
        normals = corner_normals(vertices, faces, SMOOTH_COSINE)
    return Part(
        vertices=vertices,
        faces=faces,
        normals=normals,
        rest=np.ascontiguousarray(rest),
        paint=np.ascontiguousarray(paint),
        material=material,
    )


def plain_paint(colour: Float64[np.ndarray, "3"], count: int) -> Float64[np.ndarray, "count 6"]:
    """Paint that many vertices in one linear colour, with no nails and no joints."""
    return np.tile(np.concatenate([colour, np.zeros(3)]), (count, 1))
